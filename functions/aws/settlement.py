"""Recompute a job's record from its claims."""

import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from functions.aws.arrived_objects import ArrivedObjects
from functions.aws.batch_jobs import BatchJobs
from functions.aws.image_counts import ImageCounter
from functions.aws.job_notes import JobNotes
from functions.aws.ledger import Ledger
from functions.aws.manifests import read_manifest
from functions.aws.runtime.telemetry import Telemetry
from functions.aws.status_events import StatusEvents
from functions.aws.unclaimed import claims_that_count
from functions.domain.errors import IngestError
from functions.domain.events import Event, Metric
from functions.domain.jobs import SETTLED_JOB_STATUSES, Job, JobKey
from functions.domain.manifests import Manifest, ManifestUnreadable
from functions.domain.object_keys import manifest_key
from functions.domain.settlements import Evidence, Settlement, settle
from functions.domain.status_events import JobStatusChange
from functions.domain.written import Written

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_MAX_ATTEMPTS: Final = 10
_BACKOFF_SECONDS: Final = 0.05


class SettlementContended(Exception):  # noqa: N818  the name is what Step Functions retries on
    """Others kept writing the job's record; try again later."""


@dataclass(frozen=True)
class JobSettler:
    """Recomputes jobs. Doing it twice, or in another order, ends in the same record.

    Attributes:
        events: Where changes of the status are announced. None: they are kept in the record, for
            the next settlement that can.
    """

    jobs: BatchJobs
    ledger: Ledger
    s3: "S3Client"
    bucket: str
    grace: timedelta
    telemetry: Telemetry
    events: StatusEvents | None
    now: Callable[[], datetime]
    sleep: Callable[[float], None]

    def settle(self, job_id: str, key: JobKey) -> Settlement:
        """Recompute and write one job.

        The record's revision is read before the claims, so what is written was true of all
        claims at a moment after anything that an earlier revision can have known.

        Raises:
            JobNotFound, JobInvalid: if the record is not there any more, or cannot be read.
            SettlementContended: if others kept writing it.
        """
        return self._settle(job_id, key)[1]

    def _settle(self, job_id: str, key: JobKey) -> tuple[Job, Settlement]:
        """The job as it was read, and what was written of it."""
        for attempt in range(_MAX_ATTEMPTS):
            job = self.jobs.read(job_id, key)
            now = self.now()
            settlement = settle(job, self._evidence(job, now), now=now, grace=self.grace)
            changes = self.jobs.write(job, settlement, now=now)
            if changes is not None:
                self._report(job, settlement)
                self._announce(job_id, job.key, job.written, changes)
                return job, settlement
            self.sleep(random.random() * _BACKOFF_SECONDS * 2**attempt)  # noqa: S311  jitter
        raise SettlementContended(f"Job {job_id!r}: its record was changed at every attempt")

    def settle_with_related(self, job_id: str, key: JobKey) -> Settlement:
        """Recompute a job, and the jobs whose counts depend on it, in whatever order they came.

        The root counts what its retries answer. A retry counts what its root did not ask for.

        Raises:
            JobNotFound, JobInvalid, SettlementContended: as `settle`.
        """
        job, settlement = self._settle(job_id, key)
        for related in self._related(job, settlement):
            self.settle(related.job_id, related.key)
        return settlement

    def _related(self, job: Job, settlement: Settlement) -> Iterator[Job]:
        """The root of a retry; the retries of a root, where any have answered."""
        if job.retry_of is not None:
            if (root := self.jobs.root(job)) is not None:
                yield root
        elif settlement.has_retries:
            for retry_id in self.ledger.retries(job.job_id):
                with suppress(IngestError):  # its record was removed, or cannot be read
                    yield self.jobs.find(retry_id)

    def mark_failed(self, job_id: str, key: JobKey, written: Written) -> None:
        """Mark a job failed whose failure no claim shows, unless its record changed since."""
        changes = self.jobs.mark_failed(key, written, now=self.now())
        if changes is not None:
            self._announce(job_id, key, written, changes)

    def _announce(
        self, job_id: str, key: JobKey, written: Written, changes: Sequence[JobStatusChange]
    ) -> None:
        """Send the changes that were written, and only then remove them from the record."""
        if changes and self.events is not None:
            self.events.send(job_id, key, changes)
            self.jobs.announced(key, revision=written.revision + 1)

    def _evidence(self, job: Job, now: datetime) -> Evidence:
        job_id, notes = job.job_id, JobNotes(self.ledger)
        claims = claims_that_count(self.ledger, job_id)
        folders = notes.folders(job_id, claims)
        counter = ImageCounter(self.jobs, self.ledger, self.s3, self.bucket)
        return Evidence(
            claims=claims,
            unclaimed=ArrivedObjects(self.s3, self.bucket).unclaimed(
                job_id, folders, claims, since=now - self.grace
            ),
            manifest=self._manifest(job, folders),
            end=notes.end(job_id),
            **counter.count(job, claims),
        )

    def _manifest(self, job: Job, folders: Iterable[str]) -> Manifest | None:
        """The first readable manifest."""
        for folder in folders:
            try:
                found = read_manifest(self.s3, bucket=self.bucket, key=manifest_key(folder))
            except ManifestUnreadable as problem:
                self.telemetry.warn(Event.MANIFEST_UNREADABLE, problem=str(problem), **job.log_ids)
                self.telemetry.count(Metric.MANIFEST_UNREADABLE, 1)
            else:
                if found is not None:
                    return found
        return None

    def _report(self, job: Job, settlement: Settlement) -> None:
        """Log it under the job's own ids: it may be the root of the invocation's job."""
        log, ids = self.telemetry, job.log_ids
        log.info(Event.JOB_SETTLED, status=settlement.status.value, counts=settlement.stats, **ids)
        if settlement.status in SETTLED_JOB_STATUSES:
            log.count(Metric.MODEL_ERRORS_DIFFER, settlement.errors_differ)
            if settlement.errors_differ:
                log.warn(Event.MODEL_ERRORS_DIFFER, records=settlement.errors_differ, **ids)
            log.count(Metric.RECORDS_MISSING, settlement.missing)
            log.count(Metric.RECORDS_UNEXPECTED, settlement.unexpected)
