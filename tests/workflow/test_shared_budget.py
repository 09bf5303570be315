"""Calls of workers for one user at the same time: no second sees more than the budget."""

import contextlib
import json
import math
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import pytest

from functions.aws.runtime.request_bodies import BODY
from functions.aws.writing import writer
from functions.domain.attribute_values import from_item, to_item
from functions.domain.budget_leases import Lease
from functions.domain.images import PROCESSED
from functions.domain.ledger_rows import lease_key
from functions.domain.payloads.chunk_work import ChunkWork
from functions.domain.payloads.segment_work import SegmentWork
from functions.domain.transactions import transaction_id
from functions.load_segment import call as loading
from functions.load_segment.settings import LoadSettings
from functions.migrate_images import call as moving
from functions.migrate_images.migrator import ImagesThrottled
from functions.migrate_images.settings import MigrateSettings
from tests.unit.load.segment_loading import good
from tests.workflow.aws_tables import BUCKET, ENVIRONMENT, TABLES
from tests.workflow.claimed_object import Context, run_on, segment_work
from tests.workflow.fake_telemetry import FakeTelemetry
from tests.workflow.memory.dynamodb import MemoryDynamoDB
from tests.workflow.memory.interruptions import WorkerDied
from tests.workflow.memory.s3 import MemoryS3
from tests.workflow.rows import put_claim, put_job

BUDGET = 200
RECORDS = 1_000
USER: Final = "user-1"
CALL_SECONDS: Final = 300.0
"""Until Lambda stops a function."""
LOADING: Final = LoadSettings.read(ENVIRONMENT)
MOVING: Final = MigrateSettings.read(ENVIRONMENT | {"WRITE_UNITS_PER_SECOND": str(BUDGET)})
_SHARING_SECONDS: Final = 3.0
"""Until one that began first has given up what is another's."""
_DIES_AFTER: Final = 3.5
_LEASE_SECONDS: Final = 8.0
"""How long a dead worker's part is lost at most: its lease, the clocks' skew, the next look."""
PATIENCE_SECONDS = 300.0
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


class Calls:
    """Calls of workers, each of an execution, a job and a results object of its own."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.s3 = MemoryS3()
        self.memory = MemoryDynamoDB(**TABLES)
        self.clock = SharedClock()
        self.written: list[tuple[float, int, str]] = []
        """When how many transactions were written, and in which thread."""
        self.ended: dict[str, float] = {}
        self.results: dict[str, object] = {}
        """Of the calls that returned."""
        self._dies_at: dict[str, float] = {}
        lock = threading.RLock()
        dynamodb = OneAtATime(self.memory, lock, self._note)
        s3 = OneAtATime(self.s3, lock, lambda _: self._die())
        run_on(patch, s3=lambda: s3, dynamodb=lambda: dynamodb)
        patch.setattr(loading, "time", self.clock)
        patch.setattr(moving, "time", self.clock)
        patch.setattr(writer, "THREADS", 1)  # a second one could still write when time passes

    def run(self, **calls: Callable[[], object]) -> None:
        """Make these calls at the same time, in threads of these names."""
        self.clock.running = len(calls)
        threads = [
            threading.Thread(target=self._call, args=each, name=each[0]) for each in calls.items()
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(2 * PATIENCE_SECONDS)
        assert self.ended.keys() >= calls.keys()

    def load(
        self, job: str, *, begin_after: float = 0.0, records: int = RECORDS
    ) -> Callable[[], object]:
        """A call of LoadSegment for an object of its own, which begins after so many seconds."""
        key = f"batch-output/{job}/a.jsonl"
        body = b"".join(good(f"{job}-{number}") + b"\n" for number in range(records))
        etag, owner = self._claimed(job, key, body)
        work = segment_work(etag, key=key, size=len(body))
        work["job"] |= {"jobId": job, "intentId": job}
        segment = SegmentWork.read({**work, "execution": owner, "writeUnitsPerSecond": BUDGET})

        def call() -> object:
            if begin_after:
                self.clock.sleep(begin_after)
            return loading.load_segment(
                segment, context=Context(owner), settings=LOADING, log=FakeTelemetry()
            )

        return call

    def images(self, job: str) -> ChunkWork:
        """A chunk of images that are uploaded, with their transactions."""
        ids = [f"{job}-{number}" for number in range(RECORDS)]
        key, images = f"batch-output/{job}/a.jsonl", f"work/{job}/images.jsonl"
        etag, owner = self._claimed(job, key, b"{}")
        lines = b"".join(json.dumps(each).encode() + b"\n" for each in ids)
        self.s3.put_object(Bucket=BUCKET, Key=images, Body=lines)
        for each in ids:
            upload = f"uploads/{each}.jpg"
            self.s3.put_object(Bucket=BUCKET, Key=upload, Body=each.encode())
            pending = {"imageId": each, "userId": USER, "s3Key": upload, "status": "pending"}
            self.memory.put_item(TableName="pending-images", Item=to_item(pending))
            item = {"userId": USER, "transactionId": transaction_id(job, each), "imageId": each}
            self.memory.put_item(TableName="transactions", Item=to_item(item))
        work = segment_work(etag, key=key, size=2)
        work["job"] |= {"jobId": job, "intentId": job}
        chunk = {"number": 0, "slices": [{"images": images, "first": 0, "count": RECORDS}]}
        return ChunkWork.read({**work, "execution": owner, "chunk": chunk})

    def move(
        self, work: ChunkWork, *, dies_after: float | None = None, request: str = "first"
    ) -> Callable[[], ChunkWork]:
        """A call of MigrateImages, whose process may die after so many seconds."""

        def call() -> ChunkWork:
            if dies_after is not None:
                name = threading.current_thread().name
                self._dies_at[name] = self.clock.now + dies_after
            return moving.migrate_images(
                work,
                context=Context(f"{work.execution}-{request}"),
                settings=MOVING,
                log=FakeTelemetry(),
            )

        return call

    def between(self, since: float, until: float, *, who: str = "") -> int:
        """Units written after a moment, up to another, by all or by one call."""
        return sum(units for at, units, by in self.written if since < at <= until and who in by)

    def busiest_second(self) -> int:
        """The most units of any second."""
        return max(self.between(at - 1, at) for at, *_ in self.written)

    def check_moved(self, job: str) -> None:
        """Each image is in its new place alone, and its transaction and record name that."""
        ids = {f"{job}-{number}" for number in range(RECORDS)}
        objects = {key for key in self.s3.objects if key.startswith(("uploads/", "processed/"))}
        tables = {
            table: {each["imageId"]: each for each in map(from_item, rows.values())}
            for table, rows in self.memory.tables.items()
            if table in ("transactions", "pending-images")
        }
        for image in ids:
            key = tables["transactions"][image]["s3Key"]
            record = tables["pending-images"][image]
            assert (record["status"], record["processedKey"]) == (PROCESSED, key)
            assert self.s3.objects[key].body == image.encode()
        assert len(objects) == RECORDS

    @property
    def leases(self) -> list[str]:
        """Sort keys of the leases that are on record."""
        return [sk for _, sk in self.memory.tables["ledger"] if sk.startswith("lease#")]

    def _claimed(self, job: str, key: str, body: bytes) -> tuple[str, str]:
        """Put an object and its claim; its ETag and the claim's owner."""
        self.s3.put_object(Bucket=BUCKET, Key=key, Body=body)
        etag, owner = self.s3.objects[key].etag, f"execution-of-{job}"
        put_job(self.memory, job, intentId=job)
        put_claim(self.memory, job, key, etag=etag, owner=owner)
        return etag, owner

    def _call(self, name: str, call: Callable[[], object]) -> None:
        with contextlib.suppress(WorkerDied, ImagesThrottled):
            self.results[name] = call()
        self.ended[name] = self.clock.now
        self.clock.end()

    def _note(self, request: dict[str, Any]) -> None:
        """Keep when and how many transactions are written; each is one unit."""
        self._die()
        if BODY not in request:
            return
        body = json.loads(request[BODY])
        if "RequestItems" in body:
            units = sum(map(len, body["RequestItems"].values()))
        else:
            written = [each["Statement"] for each in body["Statements"]]
            units = sum('"transactions"' in each for each in written)
        if units:
            self.written.append((self.clock.now, units, threading.current_thread().name))

    def _die(self) -> None:
        """Make no more requests of a process that is dead by now."""
        name = threading.current_thread().name
        if self.clock.now >= self._dies_at.get(name, math.inf):
            raise WorkerDied


@pytest.fixture
def calls() -> Iterator[Calls]:
    with pytest.MonkeyPatch.context() as patch:
        yield Calls(patch)


@pytest.mark.parametrize("later", [0, 2.5], ids=["at once", "one after the other"])
def test_no_second_sees_more_than_the_budget_and_nearly_all_of_it_is_used(
    calls: Calls, later: float
) -> None:
    began = calls.clock.now
    calls.run(one=calls.load("job-0"), other=calls.load("job-1", begin_after=later))
    assert len(calls.memory.tables["transactions"]) == 2 * RECORDS
    assert calls.busiest_second() <= 1.05 * BUDGET
    first = min(calls.ended.values())
    assert calls.between(began, first) >= 0.9 * BUDGET * (first - began)
    assert first - began > 1.2 * RECORDS / BUDGET, "they shared it"


def test_images_that_move_share_the_budget_with_records_that_are_loaded(calls: Calls) -> None:
    began = calls.clock.now
    work = calls.images("images")
    calls.run(loader=calls.load("records"), mover=calls.move(work))
    assert calls.busiest_second() <= 1.05 * BUDGET
    first = min(calls.ended.values())
    assert calls.between(began, first) >= 0.9 * BUDGET * (first - began)
    settled = began + _SHARING_SECONDS
    for who in ("mover", "writer"):
        part = calls.between(settled, first, who=who)
        assert part >= 0.4 * BUDGET * (first - settled), who
    assert len(calls.memory.tables["transactions"]) == 2 * RECORDS
    calls.check_moved("images")
    assert calls.leases == []


def test_a_mover_that_dies_leaves_its_part_to_others_and_its_images_to_the_next_call(
    calls: Calls,
) -> None:
    work = calls.images("images")
    began = calls.clock.now
    loader = calls.load("records", records=2 * RECORDS)
    calls.run(loader=loader, mover=calls.move(work, dies_after=_DIES_AFTER))
    assert 0 < calls.between(began, calls.clock.now, who="mover") < RECORDS
    assert len(calls.leases) == 1, "it was not given back"
    over = began + _DIES_AFTER + _LEASE_SECONDS
    rest = calls.ended["loader"] - over
    assert rest > 1, "some time is left to see what the loader has"
    assert calls.between(over, over + rest) >= 0.9 * BUDGET * rest
    calls.run(second=calls.move(work, request="second"), loader=calls.load("more records"))
    assert calls.busiest_second() <= 1.05 * BUDGET
    calls.check_moved("images")


def test_a_mover_without_a_part_ends_in_time_and_the_next_call_goes_on(calls: Calls) -> None:
    """Another worker holds all of the budget, longer than the call may last."""
    work = calls.images("images")
    key = lease_key(USER, "another", "request").as_dict()
    until = calls.clock.now + 10 * CALL_SECONDS
    other = Lease("another", "request", rate=BUDGET, budget=BUDGET, until=until)
    calls.memory.put_item(TableName="ledger", Item=to_item({**key, **other.as_row()}))
    began = calls.clock.now
    calls.run(mover=calls.move(work))
    assert calls.results == {}, "it was throttled: the state is tried again later"
    assert calls.ended["mover"] - began < CALL_SECONDS
    assert calls.written == []
    calls.memory.delete_item(TableName="ledger", Key=to_item(key))
    calls.run(mover=calls.move(work, request="second"))
    calls.check_moved("images")
