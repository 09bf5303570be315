"""Factories: make a function's parts from its settings (clients, tables, clocks)."""

import time
from datetime import UTC, datetime

from functions.aws.batch_jobs import BatchJobs
from functions.aws.ledger import Ledger
from functions.aws.objects import PinnedObject, WorkFiles
from functions.aws.progress_reports import ProgressReports
from functions.aws.runtime import clients
from functions.aws.runtime.settings import Settings
from functions.domain.payloads.payload import ClaimedWork


def now() -> datetime:
    """The present, in UTC."""
    return datetime.now(UTC)


def batch_jobs(settings: Settings) -> BatchJobs:
    """The application's jobs."""
    return BatchJobs(clients.dynamodb(), settings.batch_jobs_table)


def ledger(settings: Settings) -> Ledger:
    """The ledger."""
    return Ledger(clients.dynamodb(), settings.ledger_table)


def results_object(work: ClaimedWork) -> PinnedObject:
    """The results object, pinned to the content of its event."""
    pinned = work.object
    return PinnedObject(
        clients.s3(), pinned.bucket, pinned.key, pinned.etag, pinned.version_id, pinned.size
    )


def work_files(settings: Settings) -> WorkFiles:
    """This system's own files."""
    return WorkFiles(clients.s3(), settings.bucket_name)


def progress_reports(
    work: ClaimedWork, settings: Settings, sort_key: str, *, expires: int
) -> ProgressReports:
    """How far a worker is, in a row of the object's partition."""
    return ProgressReports(
        clients.transaction_writes,
        settings.ledger_table,
        work.ledger_partition,
        sort_key,
        expires=expires,
        clock=time.monotonic,
        now=time.time,
    )
