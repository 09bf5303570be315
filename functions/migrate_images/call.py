"""One call of the worker: whose claim, whose images, what is left."""

import random
import time
from typing import Any

from functions.aws import wiring
from functions.aws.image_deletion import ImageDeletion
from functions.aws.image_records import ImageRecords
from functions.aws.image_store import ImageStore
from functions.aws.image_tables import ImageTables
from functions.aws.image_updates import ImageUpdates
from functions.aws.runtime import clients
from functions.aws.runtime.deadline import Deadline, LambdaContext
from functions.aws.runtime.telemetry import Telemetry
from functions.aws.writing.leased_budget import leased_budget
from functions.domain.events import Event
from functions.domain.ledger_rows import chunk_progress_sk
from functions.domain.payloads.chunk_work import ChunkWork
from functions.domain.timestamps import jst_date
from functions.migrate_images.batch_mover import BatchMover
from functions.migrate_images.copier import ImageCopier
from functions.migrate_images.migrator import ChunkMigrator
from functions.migrate_images.pace import Pace
from functions.migrate_images.settings import MigrateSettings

MARGIN_SECONDS = 30.0
"""Kept for the batch under way and the chunk's row."""
POINTING_MARGIN_SECONDS = 15.0
"""Of that, kept for what follows the updates of transactions."""


def migrate_images(
    work: ChunkWork, *, context: LambdaContext, settings: MigrateSettings, log: Telemetry
) -> ChunkWork:
    """Migrate the next images of a chunk, if the execution has its claim still."""
    ledger = wiring.ledger(settings)
    if ledger.owns(work.execution, work.job.job_id, work.object.key) is None:
        log.warn(Event.CLAIM_LOST)
        return work.but(finished=True)
    deadline = Deadline.of(context, margin=MARGIN_SECONDS, clock=time.monotonic)
    pace = Pace(sleep=time.sleep, jitter=random.random)
    log.info(Event.CHUNK_STARTED, position=work.position)
    user_id = wiring.batch_jobs(settings).read(work.job.job_id, work.job.key).user_id
    with leased_budget(
        settings.ledger_table,
        user_id=user_id,
        execution=work.execution,
        caller=context.aws_request_id,
        units_per_second=settings.write_units_per_second,
        clock=time.monotonic,
        now=time.time,
        sleep=time.sleep,
    ) as budget:
        tables = _tables(work, settings, user_id)
        pointing = Deadline.of(context, margin=POINTING_MARGIN_SECONDS, clock=time.monotonic)
        done = ChunkMigrator(
            files=wiring.work_files(settings),
            ledger=ledger,
            mover=BatchMover(
                copier=_copier(work, settings, tables),
                records=ImageRecords(tables),
                updates=ImageUpdates(tables, budget, pointing),
                deletion=ImageDeletion(clients.s3(), settings.bucket_name),
                deadline=deadline,
                pace=pace,
                now=wiring.now,
            ),
            deadline=deadline,
            pace=pace,
            reports=wiring.progress_reports(
                work,
                settings,
                chunk_progress_sk(work.chunk.number),
                expires=settings.expires(time.time()),
            ),
            expires=settings.expires(time.time()),
            log=log,
        ).migrate(work)
    log.info(Event.CHUNK_MIGRATED, position=done.position, counts=done.counts)
    return done


def _tables(work: ChunkWork, settings: MigrateSettings, user_id: str) -> ImageTables:
    return ImageTables(
        client=clients.dynamodb(),
        pending_images=settings.pending_images_table,
        transactions=settings.transactions_table,
        job_id=work.job.root_id,
        user_id=user_id,
        sleep=time.sleep,
        jitter=random.random,
    )


def _copier(work: ChunkWork, settings: MigrateSettings, tables: ImageTables) -> ImageCopier:
    return ImageCopier(
        store=ImageStore(
            clients.s3(),
            settings.bucket_name,
            _copy_options(settings),
            bucket_keys=[each for each in settings.bucket_key_arns.split(",") if each],
        ),
        records=ImageRecords(tables),
        user_id=tables.user_id,
        date=jst_date(work.claim.event_time),
    )


def _copy_options(settings: MigrateSettings) -> dict[str, Any]:
    options: dict[str, Any] = {}
    if settings.image_storage_class:
        options["StorageClass"] = settings.image_storage_class
    if settings.image_kms_key_arn:
        options |= {
            "ServerSideEncryption": "aws:kms",
            "SSEKMSKeyId": settings.image_kms_key_arn,
        }
    return options
