"""What the event announced, as the rest of the workflow needs it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from pydantic import BaseModel, ConfigDict, Field, field_validator

from functions.aws.objects import head_results
from functions.aws.tables import BatchJobs
from functions.domain.object_keys import ManifestKey, ResultsKey, parse_key
from functions.domain.payloads import Arrival, Arrived, JobRef, ObjectRef
from functions.domain.timestamps import parse_timestamp

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


class _Model(BaseModel):
    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True)


class _Object(_Model):
    key: str = Field(min_length=1)
    etag: str = ""
    version_id: str = Field(default="", alias="version-id")
    sequencer: str = ""

    @field_validator("etag")
    @classmethod
    def _unquoted(cls, value: str) -> str:
        return value.strip('"')


class _Bucket(_Model):
    name: str


class _Detail(_Model):
    bucket: _Bucket
    object: _Object


class _Replay(_Model):
    reason: str = ""


BEYOND_ALL_SEQUENCERS: Final = "~"
"""Greater than any: sequencers are hexadecimal."""


class ObjectCreated(_Model):
    """S3's "Object Created" event, with `replay` if a person wants the work done again."""

    time: datetime
    detail: _Detail
    replay: _Replay | None = None

    @property
    def displaces_up_to(self) -> str:
        """The newest event whose claim this one may displace.

        S3 orders the events of one key by `sequencer`, compared as text. A replay, and an
        event written by hand, is meant for the content that it names whatever came before.
        https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
        """
        if self.replay or not self.detail.object.sequencer:
            return BEYOND_ALL_SEQUENCERS
        return self.detail.object.sequencer

    @field_validator("time", mode="before")
    @classmethod
    def _whole_seconds(cls, value: Any) -> datetime:
        return parse_timestamp(value)


@dataclass(frozen=True)
class Resolver:
    """Finds the job of an event, and pins its object."""

    jobs: BatchJobs
    s3: "S3Client"
    bucket: str
    now: Callable[[], datetime]

    def resolve(self, event: ObjectCreated, *, execution: str) -> Arrived:
        """Decide what an event is.

        Raises:
            JobNotFound, JobAmbiguous, JobInvalid, ResultsObjectMissing, ResultsObjectChanged:
                as their names say; a redrive comes back here.
        """
        bucket, key = event.detail.bucket.name, event.detail.object.key
        if bucket != self.bucket:
            return _ignored(execution, f"not the image bucket: {bucket}")
        match parse_key(key):
            case ResultsKey() as results:
                return self._results(event, results, execution)
            case ManifestKey(job_id):
                ref = self._job(job_id)
                return Arrived(arrival=Arrival.MANIFEST, execution=execution, job=ref)
            case None:
                return _ignored(execution, f"neither results object nor manifest: {key}")

    def _results(self, event: ObjectCreated, results: ResultsKey, execution: str) -> Arrived:
        job = self._job(results.job_id)
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
            shut_out_by=f"none (replay {execution})" if event.replay else pinned.etag,
            sequencer=announced.sequencer,
            displaces_up_to=event.displaces_up_to,
        )

    def _job(self, job_id: str) -> JobRef:
        job = self.jobs.find(job_id)
        return JobRef(
            job_id=job_id,
            intent_id=job.key.intent_id,
            submit_time=job.key.submit_time,
            trace_id=job.trace_id,
        )


def _ignored(execution: str, reason: str) -> Arrived:
    return Arrived(arrival=Arrival.IGNORED, execution=execution, reason=reason)
