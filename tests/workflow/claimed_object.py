"""One results object, its tables in memory, and calls of LoadSegment on a clock of their own."""

import itertools
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from functions.aws.ledger import Ledger
from functions.aws.runtime import clients
from functions.aws.writing import writer
from functions.aws.writing.attempts import SUCCESSION_SECONDS
from functions.domain.attribute_values import from_item, to_item
from functions.domain.ledger_rows import object_partition
from functions.domain.payloads.segment_work import SegmentWork
from functions.domain.segments import Coverage, cover
from functions.domain.transactions import transaction_id
from functions.load_segment import call
from functions.load_segment.settings import LoadSettings
from tests.unit.load.fake_time import FakeTime
from tests.unit.load.segment_loading import good
from tests.workflow.aws_tables import BUCKET, ENVIRONMENT, TABLES
from tests.workflow.fake_telemetry import FakeTelemetry
from tests.workflow.memory.dynamodb import MemoryDynamoDB
from tests.workflow.memory.interruptions import Interrupted, Interruptions
from tests.workflow.memory.s3 import MemoryS3
from tests.workflow.rows import put_claim, put_job

KEY = "batch-output/job-1/a.jsonl"
IMAGES = [f"image-{number}" for number in range(60)]
DATA = b"\n".join([*map(good, IMAGES), b"no json"]) + b"\n"
INGEST = ("schema", "execution", "job", "object", "claim")
"""Of a worker's input, what PlanRanges is given, too."""
_SETTINGS = LoadSettings.read(ENVIRONMENT)


class Clock(FakeTime):
    """The module `time` as the worker uses it."""

    monotonic = time = FakeTime.clock


@dataclass
class Context:
    """Of one invocation."""

    aws_request_id: str
    invoked_function_arn: str = "arn:aws:lambda:us-east-1:1:function:f"

    def get_remaining_time_in_millis(self) -> int:
        return 300_000


def segment_work(etag: str, *, key: str = KEY, size: int = len(DATA)) -> dict[str, Any]:
    """Input of LoadSegment for the whole object."""
    return {
        "schema": 1,
        "execution": "execution-1",
        "job": {"jobId": "job-1", "intentId": "i", "submitTime": "s"},
        "object": {
            "bucket": BUCKET,
            "key": key,
            "name": key.rpartition("/")[2],
            "etag": etag,
            "size": size,
        },
        "claim": {"generation": 1, "eventTime": "2026-07-01T00:00:00Z"},
        "writeUnitsPerSecond": 1e6,
        "range": {"from": 0, "to": size},
    }


def ingest(etag: str, *, generation: int) -> dict[str, Any]:
    """Input of PlanRanges for it."""
    work = segment_work(etag)
    work["claim"]["generation"] = generation
    return {name: work[name] for name in INGEST}


def run_on(
    patch: pytest.MonkeyPatch, *, s3: Callable[[], Any], dynamodb: Callable[[], Any]
) -> None:
    """Have workers use these clients."""
    patch.setattr(clients, "s3", s3)
    patch.setattr(clients, "dynamodb", dynamodb)
    patch.setattr(clients, "transaction_writes", dynamodb)


class ClaimedObject:
    """A claimed object, and what is done with it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.s3 = MemoryS3()
        self.dynamodb = MemoryDynamoDB(**TABLES)
        self._patch = monkeypatch
        self._requests = itertools.count(1)
        self.time = Clock()
        monkeypatch.setattr(call, "time", self.time)
        monkeypatch.setattr(writer, "THREADS", 1)  # so that what is between two calls is a moment
        put_job(self.dynamodb)
        self.s3.put_object(Bucket=BUCKET, Key=KEY, Body=DATA)
        self.etag = self.s3.objects[KEY].etag
        put_claim(self.dynamodb, "job-1", KEY, etag=self.etag)

    def load(self, interruptions: Interruptions | None = None, **changes: Any) -> SegmentWork:
        """A call for the whole object, seen through interruptions."""
        with self.clients(interruptions or Interruptions()):
            return self.load_by_these(**changes)

    def load_by_these(self, **changes: Any) -> SegmentWork:
        """A call with the clients that there are."""
        return call.load_segment(
            SegmentWork.read(segment_work(self.etag) | changes),
            context=Context(f"request-{next(self._requests)}"),
            settings=_SETTINGS,
            log=FakeTelemetry(),
        )

    @contextmanager
    def clients(self, through: Interruptions) -> Iterator[None]:
        """Let the worker see the memory through interruptions, one call at a time."""
        dynamodb, s3 = Interrupted(self.dynamodb, through), Interrupted(self.s3, through)
        with self._patch.context() as patch:
            run_on(patch, s3=lambda: s3, dynamodb=lambda: dynamodb)
            yield

    @property
    def transactions(self) -> dict[str, dict[str, Any]]:
        """By image."""
        items = map(from_item, self.dynamodb.tables["transactions"].values())
        return {item["imageId"]: item for item in items}

    def edit_all(self) -> set[str]:
        """What a person does to every transaction there is; which they were."""
        for item in self.dynamodb.tables["transactions"].values():
            item |= {"version": {"N": "2"}, "merchant": {"S": "a person's"}}
        return set(self.transactions)

    def lose_claim(self) -> None:
        """Another execution claims newer content, and waits as PlanRanges does."""
        put_claim(self.dynamodb, "job-1", KEY, etag="newer", owner="execution-2", generation=2)
        self.time.sleep(SUCCESSION_SECONDS)

    def write_newer(self) -> None:
        """What that execution then writes."""
        for image in IMAGES:
            newer = {
                "userId": "user-1",
                "transactionId": transaction_id("job-1", image),
                "imageId": image,
                "merchant": "newer",
                "version": 1,
                "status": "unconfirmed",
            }
            self.dynamodb.put_item(TableName="transactions", Item=to_item(newer))

    def coverage(self) -> Coverage:
        """What VerifyLoad would find."""
        ledger = Ledger(self.dynamodb, "ledger")  # type: ignore[arg-type]
        return cover(ledger.segments(object_partition("job-1", KEY, 1)), len(DATA))

    def dead_letters(self, key: str) -> list[dict[str, Any]]:
        """Of one segment."""
        return [json.loads(line) for line in self.s3.objects[key].body.splitlines()]
