"""Starts come at a rate, and no more run at a time than may."""

import pytest

from ops.commands.working_through import work_through
from ops.model.pace import LOOK_SECONDS, Pace, Running
from tests.workflow.aws_tables import deployment_on
from tests.workflow.memory.executions import MACHINE, MemoryExecutions


class _Work:
    """Executions that each take some seconds, on a clock that only pauses move."""

    def __init__(self, *, lasts: float) -> None:
        self.lasts, self.now, self.ends, self.looks = lasts, 100.0, list[float](), 0

    def running(self) -> int:
        self.looks += 1
        return sum(end > self.now for end in self.ends)

    def start_all(self, number: int, pace: Pace) -> list[float]:
        starts = []
        for _ in range(number):
            for pause in pace.pauses():
                assert pause > 0
                self.now += pause
            starts.append(self.now)
            self.ends.append(self.now + self.lasts)
            assert sum(end > self.now for end in self.ends) <= pace.at_a_time
        return starts


def _pace(work: _Work, *, rate: float, at_a_time: int) -> Pace:
    return Pace(rate, at_a_time, work.running, clock=lambda: work.now)


def test_starts_come_at_the_rate() -> None:
    work = _Work(lasts=0.1)
    starts = work.start_all(6, _pace(work, rate=4, at_a_time=100))
    assert starts == pytest.approx([100 + n / 4 for n in range(6)])
    assert work.looks == 1, "it looks again only where no place is known to be free"


def test_no_more_run_at_a_time_than_may() -> None:
    work = _Work(lasts=10)
    starts = work.start_all(9, _pace(work, rate=1000, at_a_time=3))
    assert [int((start - 100) // 10) for start in starts] == [0, 0, 0, 1, 1, 1, 2, 2, 2]


def test_what_others_have_started_takes_places() -> None:
    work = _Work(lasts=10)
    work.ends = [150.0, 150.0]
    starts = work.start_all(2, _pace(work, rate=1000, at_a_time=3))
    assert starts[1] - starts[0] >= work.lasts


def test_a_wait_looks_no_more_often_than_the_service_likes() -> None:
    work = _Work(lasts=10)
    pace = _pace(work, rate=1000, at_a_time=1)
    work.start_all(1, pace)
    pauses = pace.pauses()
    assert next(pauses) == LOOK_SECONDS


def test_what_was_started_or_redriven_counts_until_its_own_end_is_described() -> None:
    machine = MemoryExecutions(lag=1)
    running = Running(deployment_on(stepfunctions=machine))
    arn = machine.start_execution(stateMachineArn=MACHINE, name="a", input="{}")["executionArn"]
    running.note(arn)
    assert machine.listed() == []
    assert running.count() == 1, "neither listed nor described"
    machine.settle()
    assert running.count() == 1
    machine.end(arn, "FAILED")
    machine.settle()
    assert running.count() == 0

    machine.redrive_execution(executionArn=arn, clientToken="t")
    running.note(arn, redrives=1)
    assert running.count() == 1, "its first end is still described"
    machine.settle()
    machine.end(arn)
    machine.settle()
    assert running.count() == 0


def test_an_interruption_says_how_to_go_on(capsys: pytest.CaptureFixture[str]) -> None:
    done: list[int] = []

    def act(each: int) -> int:
        if each == 2:
            raise KeyboardInterrupt
        done.append(each)
        return each

    pace = Pace(1000, 10, running=lambda: 0)
    with pytest.raises(KeyboardInterrupt):
        work_through([0, 1, 2, 3], act, pace=pace, verb="Started", again="ingest backfill")
    assert done == [0, 1]
    assert "2 executions left" in capsys.readouterr().err
