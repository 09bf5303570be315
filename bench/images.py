"""`python -m bench.images`: what moving an image costs, against one by one: calls and time."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import boto3
from botocore.config import Config

from bench import image_stub
from bench.image_stub import USER
from bench.ours import reports
from bench.report import Figure, table
from bench.rounds import measure
from functions.aws.image_deletion import ImageDeletion
from functions.aws.image_records import ImageRecords
from functions.aws.image_store import ImageStore
from functions.aws.image_tables import ImageTables
from functions.aws.image_updates import ImageUpdates
from functions.aws.ledger import Ledger
from functions.aws.objects import WorkFiles
from functions.aws.runtime.clients import MAX_CONNECTIONS
from functions.aws.runtime.deadline import Deadline
from functions.aws.runtime.request_bodies import accept_ready_bodies
from functions.aws.runtime.telemetry import Telemetry
from functions.aws.writing.write_budget import FixedShare, WriteBudget
from functions.domain.payloads.chunk_work import ChunkItem, ChunkWork, Slice
from functions.domain.payloads.payload import ClaimRef, JobRef, ObjectRef
from functions.migrate_images.batch_mover import BatchMover
from functions.migrate_images.copier import ImageCopier
from functions.migrate_images.migrator import ChunkMigrator
from functions.migrate_images.pace import Pace

DELAY_MS: Final = 20.0
_UNLIMITED: Final = 1e9
"""Write units a second: the speed of a worker is measured, and not the budget."""
DATE: Final = "2026-01-09"
BUCKET: Final = "images"
_KEYS: Final = {"aws_access_key_id": "bench", "aws_secret_access_key": "bench"}


class _Silent(Telemetry):
    def __init__(self) -> None:
        """Say nothing."""

    def info(self, *_: Any, **__: Any) -> None:
        """Say nothing."""

    def warn(self, *_: Any, **__: Any) -> None:
        """Say nothing."""


def figures() -> list[Figure]:
    """Measure all; takes some seconds."""
    ours, naive = _speed(1_000, _move), _speed(40, _move_one_by_one)
    images, calls, processor = (
        (each, {"one by one": other}) for each, other in zip(ours, naive, strict=True)
    )
    return [
        Figure(
            "images a second of one worker at 20 ms a call", "1/s", *images, more_is_better=True
        ),
        Figure("calls an image", "", *calls),
        Figure("processor time an image", "ms", *processor),
    ]


def _speed(
    images: int, move: Callable[[Any, Any, int], int]
) -> tuple[list[float], list[float], list[float]]:
    """Images a second, calls an image, and processor time an image in ms."""
    with image_stub.running(delay_ms=DELAY_MS) as endpoint:
        s3, dynamodb, calls = _clients(endpoint)
        taken = measure(lambda: move(s3, dynamodb, images))
    assert taken.records == images
    return [images / taken.wall], [len(calls) / images], [taken.cpu * 1_000 / images]


def _move(s3: Any, dynamodb: Any, images: int) -> int:
    return int(_migrator(s3, dynamodb).migrate(_work(images)).counts["imagesMigrated"])


def _move_one_by_one(s3: Any, dynamodb: Any, images: int) -> int:
    """The same steps for one image after the other, as a script would take them."""
    for number in range(images):
        _move_naively(s3, dynamodb, f"image-{number}")
    return images


def _move_naively(s3: Any, dynamodb: Any, image_id: str) -> None:
    key, target = f"uploads/{USER}/{image_id}.jpg", f"processed/{DATE}/{USER}/{image_id}.jpg"
    pending = {"imageId": {"S": image_id}}
    transaction = {"userId": {"S": USER}, "transactionId": {"S": image_id}}
    moved = {":key": {"S": target}}
    dynamodb.get_item(TableName="pending", Key=pending)
    s3.head_object(Bucket=BUCKET, Key=key)
    s3.copy_object(Bucket=BUCKET, Key=target, CopySource={"Bucket": BUCKET, "Key": key})
    for name, item in (("transactions", transaction), ("pending", pending)):
        dynamodb.update_item(
            TableName=name,
            Key=item,
            UpdateExpression="SET s3Key = :key",
            ExpressionAttributeValues=moved,
        )
    s3.delete_object(Bucket=BUCKET, Key=key)


def _clients(endpoint: str) -> tuple[Any, Any, list[str]]:
    """Clients of the stub, and the calls that they make."""
    config = Config(
        max_pool_connections=MAX_CONNECTIONS,
        parameter_validation=False,
        s3={"addressing_style": "path"},
    )
    calls: list[str] = []
    made = []
    for service in ("s3", "dynamodb"):
        client = boto3.client(
            service,  # type: ignore[call-overload]
            endpoint_url=endpoint,
            config=config,
            region_name="us-east-1",
            **_KEYS,
        )
        client.meta.events.register("before-call", lambda model, **_: calls.append(model.name))
        made.append(client)
    accept_ready_bodies(made[1], "BatchExecuteStatement")
    return made[0], made[1], calls


@dataclass(frozen=True)
class _Lists(WorkFiles):
    """The list of images without a network: it is read once, and no part of an image's cost."""

    def read_strings(self, key: str, *, first: int, count: int) -> list[str]:
        del key
        return [f"image-{number}" for number in range(first, first + count)]


def _migrator(s3: Any, dynamodb: Any) -> ChunkMigrator:
    tables = ImageTables(
        client=dynamodb,
        pending_images="pending",
        transactions="transactions",
        job_id="job-1",
        user_id=USER,
        sleep=time.sleep,
        jitter=lambda: 0.5,
    )
    records = ImageRecords(tables)
    deadline = Deadline(time.monotonic() + 3_600, time.monotonic)
    pace = Pace(sleep=time.sleep, jitter=random.random)
    return ChunkMigrator(
        files=_Lists(s3, BUCKET),
        ledger=Ledger(dynamodb, "ledger"),
        mover=BatchMover(
            copier=ImageCopier(
                store=ImageStore(s3, BUCKET, {}), records=records, user_id=USER, date=DATE
            ),
            records=records,
            updates=ImageUpdates(
                tables,
                WriteBudget(FixedShare(_UNLIMITED), clock=time.monotonic, sleep=time.sleep),
                deadline,
            ),
            deletion=ImageDeletion(s3, BUCKET),
            deadline=deadline,
            pace=pace,
            now=lambda: datetime.now(UTC),
        ),
        deadline=deadline,
        pace=pace,
        expires=1,
        log=_Silent(),
        reports=reports(dynamodb),
    )


def _work(count: int) -> ChunkWork:
    key = "batch-output/job-1/input.jsonl.out"
    return ChunkWork(
        execution="bench",
        job=JobRef(job_id="job-1", intent_id="i", submit_time="s"),
        object=ObjectRef(bucket=BUCKET, key=key, name="input.jsonl.out", etag="e", size=1),
        claim=ClaimRef(generation=1, event_time=datetime(2026, 1, 9, tzinfo=UTC)),
        chunk=ChunkItem(number=0, slices=[Slice(images="work/l", first=0, count=count)]),
    )


if __name__ == "__main__":
    print(table(figures()))
