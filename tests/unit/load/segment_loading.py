"""A segment's surroundings in memory: an object in S3, a table, a ledger."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError

from functions.aws.ledger import Ledger
from functions.aws.objects import PinnedObject, WorkFiles
from functions.aws.progress_reports import ProgressReports
from functions.aws.runtime.deadline import Deadline
from functions.aws.writing.pacing import Pacing
from functions.aws.writing.write_budget import FixedShare, WriteBudget
from functions.aws.writing.writer import TransactionWriter
from functions.domain.attribute_values import from_item
from functions.domain.jobs import Job, JobKey
from functions.domain.ledger_rows import object_partition
from functions.domain.payloads.segment_work import SegmentWork
from functions.domain.ranges import Range
from functions.domain.receipts.interpreter import Interpreter
from functions.domain.receipts.record import GoodRecord
from functions.domain.receipts.transaction import Retention, TransactionBuilder
from functions.domain.segments import Segment
from functions.domain.transactions import Transaction
from functions.load_segment.groups import RecordSorter
from functions.load_segment.loader import Loaded, SegmentLoader
from tests.lines import PADDING_PREFIX, read
from tests.unit.load.fake_time import FakeTime
from tests.unit.load.fixed_permit import FixedPermit
from tests.workflow.memory.dynamodb import MemoryDynamoDB
from tests.workflow.memory.s3 import MemoryS3

LIMIT = 400
KEY = "batch-output/job-1/a.jsonl"


def good(image: str, **more: object) -> bytes:
    """A record that becomes a transaction."""
    receipt = {"amount": 1, "type": "income", "date": "2026-07-01", "merchant": "m"}
    text = json.dumps({**receipt, "category": "fee", **more})
    return json.dumps({"recordId": image, "output": {"text": text}}).encode()


def failure(code: str, status: int = 400) -> ClientError:
    """An answer of AWS."""
    answer: Any = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(answer, "Operation")


class Body:
    """A response's body; a connection can break in it."""

    def __init__(self, data: bytes, block: int, breaks: Exception | None) -> None:
        self._data, self._block, self._breaks = data, block, breaks
        self.closed = False

    def iter_chunks(self, _: int) -> Iterator[bytes]:
        for at in range(0, len(self._data), self._block):
            yield self._data[at : at + self._block]
            if self._breaks:
                raise self._breaks

    def close(self) -> None:
        self.closed = True


@dataclass
class S3:
    """One object, by ranges and on condition of its ETag."""

    data: bytes
    etag: str = "e"
    block: int = 7
    breaks: list[Exception] = field(default_factory=list)
    ranges: list[str] = field(default_factory=list)
    before: Callable[[], object] = lambda: None

    def get_object(self, *, Range: str, IfMatch: str, **_: Any) -> dict[str, Any]:  # noqa: N803
        self.before()
        if IfMatch != f'"{self.etag}"':
            raise failure("PreconditionFailed", 412)
        start, end = (int(part) for part in Range.removeprefix("bytes=").split("-"))
        self.ranges.append(Range)
        breaks = self.breaks.pop(0) if self.breaks else None
        return {
            "Body": Body(self.data[start : end + 1], self.block, breaks),
            "ContentRange": f"bytes {start}-{end}/{len(self.data)}",
        }


class Table(MemoryDynamoDB):
    """Transactions and the ledger; something happens before each write of transactions."""

    def __init__(self, before: Callable[[], object] = lambda: None) -> None:
        super().__init__(transactions=("userId", "transactionId"), ledger=("pk", "sk"))
        self.before = before

    def batch_write_item(self, **request: Any) -> dict[str, Any]:
        self.before()
        return super().batch_write_item(**request)

    def batch_execute_statement(self, **request: Any) -> dict[str, Any]:
        self.before()
        return super().batch_execute_statement(**request)


@dataclass
class ProgressTable:
    """What a call said of itself, one row after the other."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    error: ClientError | None = None

    def put_item(self, *, TableName: str, Item: Any) -> None:  # noqa: N803
        assert TableName == "ledger"
        self.rows.append(from_item(Item))
        if self.error is not None:
            raise self.error


class SegmentLoading:
    """All of it; loads segments."""

    def __init__(self, data: bytes, *, block: int = 7) -> None:
        self.s3 = S3(data, block=block)
        self.table = Table()
        self.files = MemoryS3()
        self.progress = ProgressTable()
        self.time = FakeTime()

    def load(self, span: Range, *, seconds: float = 1e6, writing: float = 1e6) -> Loaded:
        """One call; reading ends `seconds` from now, writing `writing` seconds from now."""
        s3: Any = self.s3
        table: Any = self.table
        files: Any = self.files
        work = self.work(span)
        deadline = Deadline(self.time.now + seconds, self.time.clock)
        budget = WriteBudget(FixedShare(1e9), clock=self.time.clock, sleep=self.time.sleep)
        until = Deadline(self.time.now + writing, self.time.clock)
        with TransactionWriter(
            table,
            "transactions",
            pacing=Pacing(budget, until, self.time.sleep, lambda: 0.5),
            permit=FixedPermit(),
            expects_items=False,
        ) as writer:
            return SegmentLoader(
                source=PinnedObject(s3, "b", KEY, "e", "", len(s3.data)),
                sorter=RecordSorter(work.object, interpreter()),
                writer=writer,
                files=WorkFiles(files, "b"),
                ledger=Ledger(table, "ledger"),
                reports=self.reports(),
                deadline=deadline,
                line_bytes_limit=LIMIT,
                expires=0,
            ).load(work)

    @property
    def stated(self) -> list[Segment]:
        """The segments on record."""
        table: Any = self.table
        return Ledger(table, "ledger").segments(object_partition("job-1", KEY, 1))

    @property
    def images(self) -> list[str]:
        """Of the transactions."""
        return [item["imageId"]["S"] for item in self.table.tables["transactions"].values()]

    def reports(self) -> ProgressReports:
        """The row that the call rewrites."""
        table: Any = self.progress
        time = self.time.clock
        return ProgressReports(lambda: table, "ledger", "p", "s", expires=9, clock=time, now=time)

    def work(self, span: Range) -> SegmentWork:
        """A worker's input."""
        name = KEY.rpartition("/")[2]
        results = {"bucket": "b", "key": KEY, "name": name, "etag": "e", "size": len(self.s3.data)}
        return SegmentWork.read(
            {
                "execution": "x",
                "job": {"jobId": "job-1", "intentId": "i", "submitTime": "s"},
                "object": results,
                "claim": {"generation": 1, "eventTime": "2026-07-01T00:00:00Z"},
                "writeUnitsPerSecond": 1e9,
                "range": {"from": span.start, "to": span.end},
            }
        )


def builder() -> TransactionBuilder:
    job = Job("job-1", JobKey("i", "s"), "user-1", None, None, None)
    at = datetime(2026, 7, 1, tzinfo=UTC)
    return TransactionBuilder(
        job, root_id=job.job_id, event_time=at, retention=Retention(None, None)
    )


def interpreter(*, line_bytes_limit: int = LIMIT) -> Interpreter:
    return Interpreter(builder(), line_bytes_limit=line_bytes_limit, padding_prefix=PADDING_PREFIX)


def transactions(first: int, count: int) -> list[Transaction]:
    """Some transactions of a write unit each."""
    records = [read(good(f"image-{first + number}")) for number in range(count)]
    made = builder()
    return [made.build(r.image_id, r.receipt) for r in records if isinstance(r, GoodRecord)]
