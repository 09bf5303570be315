"""Two calls of LoadSegment for one user at the same time: no second sees more than the budget."""

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from functions.aws.runtime import clients
from functions.aws.runtime.request_bodies import BODY
from functions.aws.writing import writer
from functions.domain.payloads.segment_work import SegmentWork
from functions.load_segment import call
from functions.load_segment.settings import LoadSettings
from tests.unit.load.segment_loading import good
from tests.workflow.aws_tables import BUCKET, ENVIRONMENT
from tests.workflow.claimed_object import Context, memory_tables, segment_work
from tests.workflow.fake_telemetry import FakeTelemetry
from tests.workflow.memory.s3 import MemoryS3
from tests.workflow.rows import put_claim, put_job

BUDGET = 200
RECORDS = 1_000
PATIENCE_SECONDS = 30.0
"""A real time limit: a clock that hangs is a fault of the harness."""


@dataclass
class SharedClock:
    """The module `time` of several calls: time passes once each of them sleeps or has ended."""

    now: float = 1_000.0
    running: int = 0
    _sleepers: list[float] = field(default_factory=list)
    _changed: threading.Condition = field(default_factory=threading.Condition)

    def monotonic(self) -> float:
        return self.now

    time = monotonic

    def sleep(self, seconds: float) -> None:
        with self._changed:
            wakes_at = self.now + seconds
            self._sleepers.append(wakes_at)
            self._pass()
            woken = self._changed.wait_for(lambda: self.now >= wakes_at, PATIENCE_SECONDS)
            self._sleepers.remove(wakes_at)
            assert woken

    def end(self) -> None:
        """One of the calls is over."""
        with self._changed:
            self.running -= 1
            self._pass()

    def _pass(self) -> None:
        if self._sleepers and len(self._sleepers) == self.running:
            self.now = max(self.now, min(self._sleepers))
            self._changed.notify_all()


@dataclass(frozen=True)
class OneAtATime:
    """A client whose requests happen one at a time; each is shown before it is made."""

    client: Any
    lock: threading.RLock
    show: Callable[[dict[str, Any]], None] = lambda _: None

    def __getattr__(self, name: str) -> Any:
        method = getattr(self.client, name)

        def make(*arguments: Any, **request: Any) -> Any:
            with self.lock:
                self.show(request)
                return method(*arguments, **request)

        return make


class Loads:
    """Calls of LoadSegment, each of an execution, a job and a results object of its own."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.s3 = MemoryS3()
        self.memory = memory_tables()
        self.clock = SharedClock()
        self.written: list[tuple[float, int]] = []
        self.ended: list[float] = []
        lock = threading.RLock()
        dynamodb = OneAtATime(self.memory, lock, self._note)
        patch.setattr(clients, "s3", lambda: OneAtATime(self.s3, lock))
        patch.setattr(clients, "dynamodb", lambda: dynamodb)
        patch.setattr(clients, "transaction_writes", lambda: dynamodb)
        patch.setattr(call, "time", self.clock)
        patch.setattr(writer, "THREADS", 1)  # a second one could still write when time passes

    def run(self, *begin_after: float) -> None:
        """Load an object in each of these calls, which begin after so many seconds."""
        works = [self._claimed(f"job-{number}") for number in range(len(begin_after))]
        self.clock.running = len(works)
        threads = [
            threading.Thread(target=self._load, args=each)
            for each in zip(works, begin_after, strict=True)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(2 * PATIENCE_SECONDS)
        assert len(self.memory.tables["transactions"]) == len(works) * RECORDS

    def between(self, since: float, until: float) -> int:
        """Units written after a moment, up to another."""
        return sum(units for at, units in self.written if since < at <= until)

    def _claimed(self, job: str) -> SegmentWork:
        key = f"batch-output/{job}/a.jsonl"
        body = b"".join(good(f"{job}-{number}") + b"\n" for number in range(RECORDS))
        self.s3.put_object(Bucket=BUCKET, Key=key, Body=body)
        etag, owner = self.s3.objects[key].etag, f"execution-of-{job}"
        put_job(self.memory, job, intentId=job)
        put_claim(self.memory, job, key, etag=etag, owner=owner)
        work = segment_work(etag, key=key, size=len(body))
        work["job"] |= {"jobId": job, "intentId": job}
        return SegmentWork.read({**work, "execution": owner, "writeUnitsPerSecond": BUDGET})

    def _load(self, work: SegmentWork, begin_after: float) -> None:
        try:
            if begin_after:
                self.clock.sleep(begin_after)
            call.load_segment(
                work,
                context=Context(work.execution),
                settings=LoadSettings.read(ENVIRONMENT),
                log=FakeTelemetry(),
            )
        finally:
            self.ended.append(self.clock.now)
            self.clock.end()

    def _note(self, request: dict[str, Any]) -> None:
        """Keep when and how many transactions are written; each is one unit."""
        if BODY in request:
            body = json.loads(request[BODY])
            puts = body.get("RequestItems", {"": body.get("Statements")}).values()
            self.written.append((self.clock.now, sum(map(len, puts))))


@pytest.fixture
def loads() -> Iterator[Loads]:
    with pytest.MonkeyPatch.context() as patch:
        yield Loads(patch)


@pytest.mark.parametrize("later", [0, 2.5], ids=["at once", "one after the other"])
def test_no_second_sees_more_than_the_budget_and_nearly_all_of_it_is_used(
    loads: Loads, later: float
) -> None:
    began = loads.clock.now
    loads.run(0, later)
    for at, _ in loads.written:
        assert loads.between(at - 1, at) <= 1.05 * BUDGET
    first = min(loads.ended)
    assert loads.between(began, first) >= 0.9 * BUDGET * (first - began)
    assert first - began > 1.2 * RECORDS / BUDGET, "they shared it"
