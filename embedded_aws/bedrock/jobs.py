"""The records of the jobs, and their statuses.

A record is what GetModelInvocationJob answers, as JSON. MiniStack keeps it with Bedrock's state, so
it is saved and reset with that.
https://docs.aws.amazon.com/bedrock/latest/APIReference/API_GetModelInvocationJob.html
"""

from __future__ import annotations

import secrets
import string
import threading
from datetime import UTC, datetime, timedelta
from typing import Any

from ministack.core.responses import get_account_id, get_region
from ministack.services import bedrock

from embedded_aws.bedrock import models, state_events
from embedded_aws.core import clock
from embedded_aws.core.api import ApiError

SUBMITTED = "Submitted"
VALIDATING = "Validating"
SCHEDULED = "Scheduled"
IN_PROGRESS = "InProgress"
STOPPING = "Stopping"
STOPPED = "Stopped"
COMPLETED = "Completed"
PARTIALLY_COMPLETED = "PartiallyCompleted"
FAILED = "Failed"
EXPIRED = "Expired"
ENDED = frozenset({STOPPED, COMPLETED, PARTIALLY_COMPLETED, FAILED, EXPIRED})

# "Batch inference jobs in progress and submitted, per base model"
# https://docs.aws.amazon.com/general/latest/gr/bedrock.html#limits_bedrock
_OPEN_JOBS_OF_A_MODEL = 100
_ENDED_JOBS_KEPT = 1_000
_DEFAULT_TIMEOUT_HOURS = 24
_ID_LETTERS = string.ascii_lowercase + string.digits

Job = dict[str, Any]


class JobFailed(Exception):  # noqa: N818 - it names a status
    """The job ends as Failed; the message becomes the job's."""


class StopRequested(Exception):  # noqa: N818 - not an error
    """StopModelInvocationJob was called while the job was running."""


changed = threading.Condition()
"""Notified when the status of a job changes, or a rule; held while either is read or written."""

_restore = bedrock._restore_state


def install() -> None:
    """Fail the jobs that were under way when the saved state was written."""
    bedrock._restore_state = _restore_and_fail


def arn_of(job_id: str) -> str:
    """The ARN of a job of the caller's account and Region."""
    return f"arn:aws:bedrock:{get_region()}:{get_account_id()}:model-invocation-job/{job_id}"


def new_arn() -> str:
    """The ARN of a job that does not exist yet."""
    return arn_of("".join(secrets.choice(_ID_LETTERS) for _ in range(12)))


def create(arn: str, request: dict[str, Any]) -> Job:
    """Record a job as Submitted.

    Raises:
        ApiError: 100 jobs of the model are open.
    """
    job = _record(arn, request)
    with changed:
        records = list(bedrock._model_invocation_jobs.values())
        open_jobs = [each for each in records if each["status"] not in ENDED]
        if sum(each["modelId"] == job["modelId"] for each in open_jobs) >= _OPEN_JOBS_OF_A_MODEL:
            message = f"{_OPEN_JOBS_OF_A_MODEL} batch inference jobs of {job['modelId']} are open."
            raise ApiError("ServiceQuotaExceededException", message)
        ended = sorted((each["submitTime"], each["jobArn"]) for each in records
                       if each["status"] in ENDED)  # fmt: skip
        for _, old in ended[: max(0, len(ended) - _ENDED_JOBS_KEPT)]:
            bedrock._model_invocation_jobs.pop(old, None)
            bedrock._tags.pop(old, None)
        bedrock._model_invocation_jobs[arn] = job
        if request.get("tags"):
            bedrock._tags[arn] = {tag["key"]: tag["value"] for tag in request["tags"]}
    state_events.send(job)
    return job


def find(identifier: str) -> Job:
    """The record of a job, by its id or ARN.

    Raises:
        ApiError: There is none in the caller's account and Region.
    """
    arn = identifier if identifier.startswith("arn:") else arn_of(identifier)
    job: Job | None = bedrock._model_invocation_jobs.get(arn)
    if job is None:
        message = f"Could not find the batch inference job {identifier}."
        raise ApiError("ResourceNotFoundException", message, status=404)
    return job


def by_token(token: str) -> Job | None:
    """The job that a client request token has created."""
    return next((job for job in every() if job.get("clientRequestToken") == token), None)


def every() -> list[Job]:
    """The records of the caller's account and Region."""
    return list(bedrock._model_invocation_jobs.values())


def enter(job: Job, status: str, message: str = "") -> None:
    """Move a running job to its next status.

    Raises:
        StopRequested: It is being stopped, and must end as Stopped.
    """
    with changed:
        if job["status"] == STOPPING and status != STOPPED:
            raise StopRequested
        _set(job, status, message)
    state_events.send(job)


def wait_while(job: Job, status: str, *, timeout: float) -> None:
    """Wait while a job has a status, at most this many seconds."""
    with changed:
        changed.wait_for(lambda: job["status"] != status, timeout)


def request_stop(job: Job) -> None:
    """Have a job end as Stopped.

    Raises:
        ApiError: It has ended.
    """
    with changed:
        if job["status"] in ENDED:
            message = f"The job {job['jobArn']} is in the {job['status']} status: it cannot stop."
            raise ApiError("ConflictException", message)
        if job["status"] == STOPPING:
            return
        _set(job, STOPPING)
    state_events.send(job)


def _set(job: Job, status: str, message: str = "") -> None:
    job["status"] = status
    job["lastModifiedTime"] = clock.now()
    if message:
        job["message"] = message
    if status in ENDED:
        job["endTime"] = job["lastModifiedTime"]
    changed.notify_all()


def _record(arn: str, request: dict[str, Any]) -> Job:
    submitted = datetime.now(UTC)
    hours = request.get("timeoutDurationInHours", _DEFAULT_TIMEOUT_HOURS)
    copied = ("jobName", "clientRequestToken", "roleArn", "inputDataConfig", "outputDataConfig",
              "vpcConfig")  # fmt: skip
    return {
        **{name: request[name] for name in copied if name in request},
        "jobArn": arn,
        "modelId": models.arn_of(request["modelId"]),
        "modelInvocationType": request.get("modelInvocationType", "InvokeModel"),
        "status": SUBMITTED,
        "submitTime": clock.text(submitted),
        "lastModifiedTime": clock.text(submitted),
        "timeoutDurationInHours": hours,
        "jobExpirationTime": clock.text(submitted + timedelta(hours=hours)),
    }


def _restore_and_fail(data: Any) -> None:
    """Restore the saved state; a job that had not ended has lost its thread."""
    _restore(data)
    with changed:
        for job in bedrock._model_invocation_jobs._data.values():
            if job["status"] not in ENDED:
                _set(job, FAILED, "The embedded AWS was stopped while the job was running.")
