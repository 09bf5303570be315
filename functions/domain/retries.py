"""Retries: jobs that answer the rejects of another job, their root."""

from collections.abc import Callable
from typing import Final

from functions.domain.errors import JobInvalid, JobNotFound
from functions.domain.jobs import Job

MAX_STEPS: Final = 10
"""From a retry of a retry to the root."""


def root_of(job: Job, find: Callable[[str], Job]) -> Job:
    """The job whose images a job answers: itself, unless it is a retry.

    Args:
        job: Any job with a record.
        find: Reads a job by its id; raises JobNotFound if it has no record.

    Raises:
        JobInvalid: if the root has no record, is another user's, or cannot be reached.
    """
    seen = [job.job_id]
    current = job
    while current.retry_of is not None:
        if current.retry_of in seen:
            raise _invalid(job, f"retryOf leads in a circle: {' -> '.join(seen)}")
        if len(seen) > MAX_STEPS:
            raise _invalid(job, f"retryOf leads to no root within {MAX_STEPS} steps")
        try:
            current = find(current.retry_of)
        except JobNotFound:
            raise _invalid(job, f"retryOf names {current.retry_of!r}, not on record") from None
        seen.append(current.job_id)
    if current.user_id != job.user_id:
        raise _invalid(job, f"retryOf leads to {current.job_id!r}, the job of another user")
    return current


def _invalid(job: Job, problem: str) -> JobInvalid:
    return JobInvalid(
        job.job_id,
        problem,
        record_key=(job.key.intent_id, job.key.submit_time),
        written=job.written,
    )
