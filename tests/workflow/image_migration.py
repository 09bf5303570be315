"""A bucket, tables and a chunk of images, and a worker that may be stopped anywhere."""

import itertools
import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from functions.aws.image_deletion import ImageDeletion
from functions.aws.image_records import ImageRecords
from functions.aws.image_store import ImageStore
from functions.aws.image_tables import ImageTables
from functions.aws.image_updates import ImageUpdates
from functions.aws.ledger import Ledger
from functions.aws.objects import WorkFiles
from functions.aws.progress_reports import EVERY_SECONDS, ProgressReports
from functions.aws.runtime.deadline import Deadline
from functions.aws.writing.budget_lease import BudgetLease
from functions.aws.writing.write_budget import FixedShare, Share, WriteBudget
from functions.domain.attribute_values import from_item, to_item
from functions.domain.images import PROCESSED
from functions.domain.ledger_rows import LEASE_PREFIX, chunk_progress_sk, object_partition
from functions.domain.payloads.chunk_work import ChunkItem, ChunkWork, Slice
from functions.domain.payloads.payload import ClaimRef, JobRef, ObjectRef
from functions.domain.timestamps import jst_date
from functions.domain.transactions import transaction_id
from functions.migrate_images.batch_mover import BatchMover
from functions.migrate_images.copier import ImageCopier
from functions.migrate_images.migrator import ChunkMigrator
from functions.migrate_images.pace import Pace
from tests.unit.load.fake_time import FakeTime
from tests.workflow.fake_telemetry import FakeTelemetry
from tests.workflow.memory.dynamodb import MemoryDynamoDB
from tests.workflow.memory.interruptions import Interrupted, Interruptions
from tests.workflow.memory.s3 import MemoryS3
from tests.workflow.rows import put_claim

BUCKET = "images"
USER = "user-1"
JOB = "job-1"
EVENT_TIME = datetime(2026, 11, 23, 16, 30, tzinfo=UTC)
DATE = jst_date(EVENT_TIME)
EXECUTION = "arn:aws:states:us-east-1:000000000000:execution:ingest:first"
LIST = "work/images.jsonl"
_UNLIMITED = 1e9


def results_key(job: str) -> str:
    return f"batch-output/{job}/input.jsonl.out"


def chunk_work(ids: Sequence[str], *, job: str = JOB, execution: str = EXECUTION) -> ChunkWork:
    """What the map hands to a worker."""
    key = results_key(job)
    return ChunkWork(
        execution=execution,
        job=JobRef(job_id=job, intent_id=f"intent-{job}", submit_time="2026-11-23T00:00:00Z"),
        object=ObjectRef(bucket=BUCKET, key=key, name="input.jsonl.out", etag="e", size=1),
        claim=ClaimRef(generation=1, event_time=EVENT_TIME),
        chunk=ChunkItem(number=0, slices=[Slice(images=LIST, first=0, count=len(ids))]),
    )


@dataclass
class ImageMigration:
    """All that a worker sees."""

    s3: MemoryS3 = field(default_factory=MemoryS3)
    dynamodb: MemoryDynamoDB = field(
        default_factory=lambda: MemoryDynamoDB(
            pending=("imageId",), transactions=("userId", "transactionId"), ledger=("pk", "sk")
        )
    )
    told: FakeTelemetry = field(default_factory=FakeTelemetry)
    ids: list[str] = field(default_factory=list)
    contents: dict[str, bytes] = field(default_factory=dict)
    """What was uploaded, by image id."""
    bucket_keys: list[str] = field(default_factory=list)
    pauses: list[float] = field(default_factory=list)
    """Seconds that workers waited because a service throttled."""
    time: FakeTime = field(default_factory=FakeTime)
    """Of the write budget and its leases."""
    requests: Iterator[int] = field(default_factory=lambda: iter(range(1, 1_000_000)))
    """Numbers of the calls."""

    def add(
        self,
        image_id: str,
        *,
        content: bytes | None = None,
        key: str | None = None,
        user: str = USER,
        transaction: bool = True,
        uploaded: bool = True,
        recorded: bool = True,
        **put: Any,
    ) -> str:
        """Put in an image as the application would; its key."""
        key = f"uploads/{USER}/{image_id}.jpg" if key is None else key
        content = f"content of {image_id}".encode() if content is None else content
        self.ids.append(image_id)
        if uploaded:
            self.contents[image_id] = content
            self.s3.put_object(Bucket=BUCKET, Key=key, Body=content, **put)
        if recorded:
            record = {"imageId": image_id, "userId": user, "s3Key": key, "status": "pending"}
            self.dynamodb.put_item(TableName="pending", Item=to_item(record))
        if transaction:
            self.add_transaction(image_id)
        return key

    def add_many(self, count: int, **put: Any) -> None:
        """Put in `image-0` and so on."""
        for number in range(count):
            self.add(f"image-{number}", **put)

    def add_transaction(self, image_id: str, *, job: str = JOB) -> None:
        item = {
            "userId": USER,
            "transactionId": transaction_id(job, image_id),
            "imageId": image_id,
            "version": 1,
            "updatedAt": "then",
        }
        self.dynamodb.put_item(TableName="transactions", Item=to_item(item))

    def delete_transaction(self, image_id: str, *, job: str = JOB) -> None:
        key = {"userId": USER, "transactionId": transaction_id(job, image_id)}
        self.dynamodb.delete_item(TableName="transactions", Key=to_item(key))

    def claim(self, *, job: str = JOB, owner: str = EXECUTION) -> None:
        put_claim(self.dynamodb, job, results_key(job), owner=owner)

    def work(self, *, job: str = JOB) -> ChunkWork:
        """A chunk of all images, claimed and listed."""
        self.claim(job=job)
        lines = b"".join(json.dumps(each).encode() + b"\n" for each in self.ids)
        self.s3.put_object(Bucket=BUCKET, Key=LIST, Body=lines)
        return chunk_work(self.ids, job=job)

    def migrator(
        self,
        interruptions: Interruptions | None = None,
        *,
        job: str = JOB,
        threads: int = 1,
        deadline: Deadline | None = None,
        date: str = DATE,
        share: Share | None = None,
        **copy_options: Any,
    ) -> ChunkMigrator:
        """A worker of a job, with as much of the write budget as it can use unless a share says."""
        s3: Any = self.s3
        dynamodb: Any = self.dynamodb
        if interruptions is not None:
            s3, dynamodb = (Interrupted(each, interruptions) for each in (s3, dynamodb))
        tables = ImageTables(
            client=dynamodb,
            pending_images="pending",
            transactions="transactions",
            job_id=job,
            user_id=USER,
            sleep=lambda _: None,
            jitter=lambda: 0.5,
        )
        records = ImageRecords(tables)
        deadline = deadline or Deadline(1_000.0, lambda: 0.0)
        budget = WriteBudget(
            share or FixedShare(_UNLIMITED), clock=self.time.clock, sleep=self.time.sleep
        )
        pace = Pace(sleep=self.pauses.append, jitter=lambda: 0.5, widest=threads)
        return ChunkMigrator(
            files=WorkFiles(s3, BUCKET),
            ledger=Ledger(dynamodb, "ledger"),
            mover=BatchMover(
                copier=ImageCopier(
                    store=ImageStore(s3, BUCKET, copy_options, bucket_keys=self.bucket_keys),
                    records=records,
                    user_id=USER,
                    date=date,
                ),
                records=records,
                updates=ImageUpdates(tables, budget, Deadline(math.inf, self.time.clock)),
                deletion=ImageDeletion(s3, BUCKET),
                deadline=deadline,
                pace=pace,
                now=lambda: datetime(2026, 11, 24, tzinfo=UTC),
            ),
            deadline=deadline,
            pace=pace,
            reports=self.reports(dynamodb),
            expires=1,
            log=self.told,
        )

    def reports(self, dynamodb: Any) -> ProgressReports:
        """The row that a call rewrites: always due."""
        seconds = itertools.count(0.0, EVERY_SECONDS)
        return ProgressReports(
            lambda: dynamodb,
            "ledger",
            "object#job",
            chunk_progress_sk(0),
            expires=1,
            clock=lambda: next(seconds),
            now=lambda: 0.0,
        )

    def migrate(self, interruptions: Interruptions | None = None, **more: Any) -> ChunkWork:
        """The whole chunk, as often as the map would call; each call has a lease of the budget."""
        job = more.get("job", JOB)
        work = self.work(job=job)
        while not work.finished:
            with self.lease(interruptions or Interruptions()) as lease:
                work = self.migrator(interruptions, share=lease, **more).migrate(work)
        return work

    def lease(self, interruptions: Interruptions) -> BudgetLease:
        """Of a call that begins now."""
        dynamodb: Any = Interrupted(self.dynamodb, interruptions)
        return BudgetLease(
            dynamodb,
            "ledger",
            user_id=USER,
            execution=EXECUTION,
            caller=f"request-{next(self.requests)}",
            budget=1_000,
            clock=self.time.clock,
            now=self.time.clock,
        )

    def transactions(self, *, job: str = JOB) -> dict[str, dict[str, Any]]:
        """Plain transactions by image id."""
        items = map(from_item, self.dynamodb.tables["transactions"].values())
        of_job = {transaction_id(job, each) for each in self.ids}
        return {item["imageId"]: item for item in items if item["transactionId"] in of_job}

    def s3_key(self, image_id: str, *, job: str = JOB) -> str | None:
        return self.transactions(job=job)[image_id].get("s3Key")

    def pending(self, image_id: str) -> dict[str, Any]:
        return from_item(self.dynamodb.tables["pending"][image_id,])

    def counts(self, *, job: str = JOB) -> Any:
        """What the chunk's row says."""
        return (
            Ledger(self.dynamodb, "ledger")  # type: ignore[arg-type]
            .chunks(object_partition(job, results_key(job), 1))[0]
            .as_dict()
        )

    def images(self) -> dict[str, bytes]:
        """All images in the bucket by key."""
        return {
            key: stored.body
            for key, stored in self.s3.objects.items()
            if key.startswith(("uploads/", "processed/"))
        }

    def state(self) -> dict[str, Any]:
        """Everything that can be told apart from outside, but for leases, which run out."""
        versionless = {
            key: (o.body, o.etag, o.content_type, o.metadata, o.tags, o.storage_class)
            for key, o in self.s3.objects.items()
        }
        rows = self.dynamodb.tables["ledger"].items()
        ledger = {key: row for key, row in rows if not key[1].startswith(LEASE_PREFIX)}
        return {"objects": versionless, "tables": self.dynamodb.tables | {"ledger": ledger}}

    # What must hold at every moment -------------------------------------------------------

    def check_moment(self) -> None:
        """No transaction points at nothing, and no image that was uploaded is lost."""
        bodies = {stored.body for stored in self.s3.objects.values()}
        for transaction in map(from_item, self.dynamodb.tables["transactions"].values()):
            if (key := transaction.get("s3Key")) is not None:
                assert key in self.s3.objects, f"{transaction['imageId']} points at nothing: {key}"
        for image_id, content in self.contents.items():
            assert content in bodies, f"{image_id} is lost"

    def check_end(self) -> None:
        """No content is in both places, and a moved one is marked as moved."""
        self.check_moment()
        objects = self.images()
        moved = {body for key, body in objects.items() if key.startswith("processed/")}
        waiting = {body for key, body in objects.items() if key.startswith("uploads/")}
        assert not moved & waiting
        for record in map(from_item, self.dynamodb.tables["pending"].values()):
            if record["status"] == PROCESSED:
                assert record["processedKey"] in objects
