"""The deployed loader, whole: ranged reads, parsing, writes, files; only the ledger is absent."""

import random
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3

from bench.stubs import ETAG, Stubs
from functions.aws.ledger import Ledger
from functions.aws.objects import PinnedObject, WorkFiles
from functions.aws.progress_reports import ProgressReports
from functions.aws.runtime import clients
from functions.aws.runtime.deadline import Deadline
from functions.aws.runtime.request_bodies import accept_ready_bodies
from functions.aws.writing.pacing import Pacing
from functions.aws.writing.write_budget import FixedShare, WriteBudget
from functions.aws.writing.writer import TransactionWriter
from functions.domain.jobs import Job, JobKey
from functions.domain.payloads.segment_work import SegmentWork
from functions.domain.receipts.interpreter import Interpreter
from functions.domain.receipts.transaction import Retention, TransactionBuilder
from functions.domain.segments import Segment
from functions.load_segment.groups import RecordSorter
from functions.load_segment.loader import SegmentLoader

LINE_BYTES_LIMIT = 16 * 1024 * 1024
_UNLIMITED = 1e12
_KEY = "batch-output/job-1"


@dataclass(frozen=True)
class _Nowhere(WorkFiles):
    """Counts what would be written."""

    def _put(self, key: str, body: bytes, content_type: str) -> None:
        del key, body, content_type


@dataclass(frozen=True)
class _NoLedger(Ledger):
    """States nothing."""

    def put_segment(self, partition: str, segment: Segment, *, expires: int) -> None:
        del partition, segment, expires


class OurLoader:
    """Loads whole objects of the stub, by as many segments as it takes."""

    def __init__(
        self, stubs: Stubs, *, may_replace: bool = True, expects_items: bool = False
    ) -> None:
        """Connect.

        Args:
            stubs: Where to.
            may_replace: A first pass. Otherwise writes are conditional: all transactions are found
                there (a replay, a redrive) or all are absent (a second object of a job).
            expects_items: Which of the two.
        """
        self._may_replace, self._expects_items = may_replace, expects_items
        self._s3 = boto3.client("s3", endpoint_url=stubs.s3)
        self._dynamodb = boto3.client(
            "dynamodb", endpoint_url=stubs.dynamodb, config=clients.WRITES_CONFIG
        )
        for operation in ("BatchWriteItem", "BatchExecuteStatement"):
            accept_ready_bodies(self._dynamodb, operation)
        self.requests = 0
        self._dynamodb.meta.events.register("before-call.dynamodb", self._count)
        self._s3.meta.events.register("before-call.s3", self._count)

    def _count(self, **_: Any) -> None:
        self.requests += 1

    def load(self, path: Path, *, upto: int | None = None) -> int:
        """Load a file, or the lines that begin before a position; returns how many records."""
        return self.load_object(path.name, path.stat().st_size, upto=upto)

    def load_object(self, name: str, size: int, *, upto: int | None = None) -> int:
        """The same for an object that the stub makes."""
        start, end, records = 0, min(upto or size, size), 0
        while start < end:
            segment = self._segment(name, size, start, end)
            start, records = segment.span.end, records + segment.counts.total
        return records

    def may_replace(self) -> bool:
        """Whether this is a first pass."""
        return self._may_replace

    def ensure_claim(self) -> None:
        """No other execution takes the claim."""

    def _segment(self, name: str, size: int, start: int, end: int) -> Segment:
        deadline = Deadline(time.monotonic() + 3600, time.monotonic)
        budget = WriteBudget(FixedShare(_UNLIMITED), clock=time.monotonic, sleep=time.sleep)
        work = _work(name, size, start, end)
        with TransactionWriter(
            self._dynamodb,
            "transactions",
            pacing=Pacing(budget, deadline, time.sleep, random.random),
            permit=self,
            expects_items=self._expects_items,
        ) as writer:
            loader = SegmentLoader(
                source=PinnedObject(self._s3, "b", work.object.key, ETAG, "", size),
                sorter=RecordSorter(work.object, interpreter()),
                writer=writer,
                files=_Nowhere(self._s3, "b"),
                ledger=_NoLedger(self._dynamodb, "ledger"),
                reports=reports(self._dynamodb),
                deadline=deadline,
                line_bytes_limit=LINE_BYTES_LIMIT,
                expires=0,
            )
            return loader.load(work).segment


def reports(dynamodb: Any) -> ProgressReports:
    """A worker's reports, as often as the deployed function writes them."""
    clock, now = time.monotonic, time.time
    return ProgressReports(lambda: dynamodb, "ledger", "p", "s", expires=0, clock=clock, now=now)


def interpreter() -> Interpreter:
    """Reads lines as the deployed function does."""
    job = Job(
        job_id="job-1",
        key=JobKey("intent-1", "2026-01-09T00:00:00Z"),
        user_id="user-0001",
        model_id="anthropic.claude",
        trace_id=None,
        pending_image_count=None,
    )
    retention = Retention(guest=timedelta(days=60), account=timedelta(days=365))
    builder = TransactionBuilder(
        job,
        root_id=job.job_id,
        event_time=datetime(2026, 1, 9, tzinfo=UTC),
        retention=retention,
    )
    return Interpreter(builder, line_bytes_limit=LINE_BYTES_LIMIT, padding_prefix="__pad__")


def _work(name: str, size: int, start: int, end: int) -> SegmentWork:
    results = {"bucket": "b", "key": f"{_KEY}/{name}", "name": name, "etag": ETAG, "size": size}
    return SegmentWork.read(
        {
            "execution": "execution",
            "job": {"jobId": "job-1", "intentId": "intent-1", "submitTime": ""},
            "object": results,
            "claim": {"generation": 1, "eventTime": "2026-01-09T00:00:00Z"},
            "writeUnitsPerSecond": _UNLIMITED,
            "range": {"from": start, "to": end},
        }
    )
