"""Resolves an event to its job and its pinned object."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from functions.aws.batch_jobs import BatchJobs
from functions.aws.objects import head_results
from functions.domain.bedrock_event import JobStateChange
from functions.domain.errors import JobNotFound
from functions.domain.jobs import Job
from functions.domain.object_keys import ManifestKey, ResultsKey, parse_key
from functions.domain.payloads.arrived import Arrival, Arrived
from functions.domain.payloads.payload import EndRef, JobRef, ObjectRef
from functions.domain.retries import root_of
from functions.domain.s3_event import OBJECT_CREATED, ObjectCreated

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


@dataclass(frozen=True)
class Resolver:
    """Finds the job of an event, and pins its object."""

    jobs: BatchJobs
    s3: "S3Client"
    bucket: str
    now: Callable[[], datetime]

    def resolve(self, event: ObjectCreated | JobStateChange, *, execution: str) -> Arrived:
        """Decide what an event is.

        Raises:
            JobNotFound, JobAmbiguous, JobInvalid, ResultsObjectMissing, ResultsObjectChanged:
                as their names say; a redrive comes back here.
        """
        if isinstance(event, JobStateChange):
            return self._job_ended(event, execution)
        return self._object_created(event, execution)

    def _object_created(self, event: ObjectCreated, execution: str) -> Arrived:
        """An object that may be a job's results or its manifest."""
        if event.bucket != self.bucket:
            return _ignored(execution, f"not of the image bucket, {self.bucket}")
        if event.detail_type != OBJECT_CREATED:
            return _ignored(execution, f"not an event of the type {OBJECT_CREATED!r}")
        if (parsed := parse_key(event.key)) is None:
            return _ignored(execution, "neither results object nor manifest")
        job = self.jobs.find(*parsed.folders)
        match parsed.of_job(job.job_id):
            case ResultsKey() as results:
                return self._results(event, results, execution, self._ref(job))
            case ManifestKey(key):
                return Arrived(
                    arrival=Arrival.MANIFEST, execution=execution, job=self._ref(job), manifest=key
                )
            case None:
                return _ignored(execution, "neither results object nor manifest of its job")

    def _job_ended(self, event: JobStateChange, execution: str) -> Arrived:
        """A job that Bedrock has ended; the account's other jobs are ignored."""
        if (status := event.status) is None:
            return _ignored(execution, "the job has not ended")
        try:
            job = self.jobs.find(event.job_id)
        except JobNotFound:
            return _ignored(execution, "the job is not on record")
        return Arrived(
            arrival=Arrival.JOB_ENDED,
            execution=execution,
            job=self._ref(job),
            end=EndRef(status=status, at=event.time, message=event.message),
        )

    def _results(
        self, event: ObjectCreated, results: ResultsKey, execution: str, job: JobRef
    ) -> Arrived:
        announced = event.detail.object
        pinned = head_results(
            self.s3,
            bucket=self.bucket,
            key=announced.key,
            etag=announced.etag,
            version_id=announced.version_id,
        )
        return Arrived(
            arrival=Arrival.RESULTS,
            execution=execution,
            job=job,
            object=ObjectRef(
                bucket=self.bucket,
                key=announced.key,
                name=results.name,
                etag=pinned.etag,
                version_id=pinned.version_id,
                size=pinned.size,
            ),
            event_time=event.time,
            now=self.now(),
            blocking_etag=f"none (replay {execution})" if event.replay else pinned.etag,
            sequencer=announced.sequencer,
            displaces_up_to=event.displaces_up_to,
            accept_rejects=event.accepts_rejects or None,
        )

    def _ref(self, job: Job) -> JobRef:
        root = root_of(job, self.jobs.find)
        return JobRef(
            job_id=job.job_id,
            intent_id=job.key.intent_id,
            submit_time=job.key.submit_time,
            trace_id=job.trace_mark,
            root=None if root is job else root.job_id,
        )


def _ignored(execution: str, reason: str) -> Arrived:
    return Arrived(arrival=Arrival.IGNORED, execution=execution, reason=reason)
