"""Progress is said once, followed to the end, and given up in words."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest

from functions.domain.claims import ClaimState
from functions.domain.counts import ImageCounts, LoadCounts
from ops.commands import watch
from ops.errors import StillWaiting
from ops.model.history import History
from ops.model.job_report import JobReport
from ops.view.follower import LINE_SECONDS, MARKING_SECONDS, POLL_SECONDS, Follower, ended
from tests.unit.ops.reports import DONE, FAILED, NOW, RUNNING, report, unclaimed

CLAIMED = ClaimState.CLAIMED


@dataclass
class Clock:
    """Time that passes with sleep alone."""

    at: float = 0.0
    slept: list[float] = field(default_factory=list)

    def __call__(self) -> float:
        return self.at

    def sleep(self, duration: float) -> None:
        self.slept.append(duration)
        self.at += duration


def follower(outcomes: Iterator[Sequence[JobReport]], clock: Clock) -> Follower:
    return Follower(
        read=lambda: next(outcomes),
        is_over=ended,
        now=lambda: NOW,
        look_again="ingest inspect job1 --data here",
        patience=10,
        sleep=clock.sleep,
        clock=clock,
    )


def test_a_job_is_followed_to_its_end_with_a_line_for_each_step(
    capsys: pytest.CaptureFixture[str],
) -> None:
    loading = report(history=RUNNING, state=CLAIMED, status="INGESTING", ranges_done=1)
    steps = [[unclaimed()], [loading], [loading], [report()]]
    clock = Clock()
    assert follower(iter(steps), clock).follow(live=False) == [report()]
    lines = capsys.readouterr().err.splitlines()
    assert lines == [
        "job1: waiting for S3's event",
        (
            "job1: LoadRanges, 25% of 400 bytes in 4 ranges, 100 records (10/s), 8 rejects, "
            "1 left in place, 30 s left"
        ),
        "job1: SUCCEEDED, 100 records, 8 rejects, 89 of 90 images moved, 1 left in place",
    ]
    assert len(clock.slept) == 3


def test_a_failure_is_shown_when_the_job_says_so_too_but_not_waited_for_for_long() -> None:
    failed = report(history=FAILED, state=CLAIMED, status="INGESTING")
    marked = report(history=FAILED, state=ClaimState.FAILED, status="FAILED")
    clock = Clock()
    assert follower(iter([[failed], [failed], [marked]]), clock).follow(live=False) == [marked]
    clock = Clock()
    forever = iter(lambda: [failed], None)
    assert follower(forever, clock).follow(live=False) == [failed]
    assert clock.at == MARKING_SECONDS


def test_what_never_moves_is_given_up_and_says_where_to_look() -> None:
    clock = Clock()
    with pytest.raises(
        StillWaiting, match=r"Nothing has changed for 10 s .*inspect job1 --data here`"
    ):
        follower(iter(lambda: [unclaimed()], None), clock).follow(live=False)
    assert 10 < clock.at < 12


def test_an_interrupted_watch_says_that_the_job_goes_on(capsys: pytest.CaptureFixture[str]) -> None:
    def interrupted() -> Iterator[Sequence[JobReport]]:
        yield [report(history=RUNNING, state=CLAIMED, status="INGESTING")]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        follower(interrupted(), Clock()).follow(live=False)
    last = capsys.readouterr().err.splitlines()[-1]
    assert last == "The ingest goes on. Look again: ingest inspect job1 --data here"


def test_a_job_that_moves_on_in_its_state_has_a_line_now_and_then(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def moving() -> Iterator[Sequence[JobReport]]:
        for step in range(int(3 * LINE_SECONDS / POLL_SECONDS)):
            yield [loading(10 * step)]
        yield [report()]

    follower(moving(), Clock()).follow(live=False)
    lines = capsys.readouterr().err.splitlines()
    assert [each.split(" records")[0].rsplit(" ", 1)[1] for each in lines] == [
        "0", "200", "400", "100"
    ]  # fmt: skip
    assert "(20/s)" in lines[2]  # the present rate


def loading(records: int) -> JobReport:
    each = replace(
        report(ranges_done=1, state=CLAIMED).objects[0],
        loads=LoadCounts(),
        loads_under_way=LoadCounts(success=records),
        images=ImageCounts(),
    )
    return replace(report(history=RUNNING, status="INGESTING"), objects=(each,))


@pytest.mark.parametrize(
    ("value", "has_ended", "settled"),
    [
        (unclaimed(), False, False),
        (replace(unclaimed(), record={"status": "FAILED"}), False, True),  # it ended at Bedrock
        (report(history=RUNNING, state=CLAIMED), False, False),
        (report(history=DONE), True, True),
        (report(history=DONE, state=CLAIMED), False, False),  # a further object is worked on
        (report(history=FAILED, state=CLAIMED), True, True),
    ],
)
def test_when_a_job_is_over(value: JobReport, *, has_ended: bool, settled: bool) -> None:
    assert ended(value) is has_ended
    assert watch.is_settled(value) is settled


@pytest.mark.parametrize("redrives", range(3))
@pytest.mark.parametrize("shown", [RUNNING, FAILED, DONE], ids=["running", "failed", "done"])
def test_an_end_is_believed_only_of_the_redrive_itself(shown: History, redrives: int) -> None:
    """It was redriven once before: this is its second redrive."""
    standstill = (NOW, NOW + timedelta(seconds=1))
    history = replace(shown, standstills=(standstill,) * redrives)
    expected = redrives == 2 and shown is not RUNNING
    assert watch.has_ended(report(history=history), {history.arn: 2}) is expected
