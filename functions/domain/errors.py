"""Errors that fail an execution; a redrive continues it at the failed state.

The class name is the error name that Step Functions shows and Retry matches on:

    IngestError
    ├── EventInvalid
    ├── JobNotFound
    ├── JobAmbiguous
    ├── JobInvalid
    ├── ResultsObjectMissing
    ├── ResultsObjectChanged
    ├── WriteThrottled
    ├── SegmentOutOfTime
    └── WorkFileDamaged

Each carries the data that an operator needs, and ends with the cure.
"""

from functions.domain.failures import Failure
from functions.domain.written import Written


class IngestError(Exception):
    """A failure with a name, a subject and a cure."""

    failure: Failure

    def __init__(self, subject: str) -> None:
        """Keep the subject.

        Args:
            subject: The thing that is wrong, named; never a user id or receipt text.
        """
        self.subject = subject
        super().__init__(f"{subject}: {self.failure.explanation.sentence}")


class EventInvalid(IngestError):  # noqa: N818
    """The execution's input is not a usable event."""

    failure = Failure.EVENT_INVALID

    def __init__(self, problem: str) -> None:
        """Keep the problem.

        Args:
            problem: Which member, and why; never its value, which may be anything.
        """
        self.problem = problem
        super().__init__(f"Input ({problem})")


class JobNotFound(IngestError):  # noqa: N818  the name is the contract's
    """No record of the batch-jobs table has this job id."""

    failure = Failure.JOB_NOT_FOUND

    def __init__(self, *job_ids: str) -> None:
        """Name the job that has no record.

        Args:
            job_ids: The job, or all folders of a key that were tried.
        """
        self.job_ids = job_ids
        named = ", ".join(map(repr, job_ids))
        super().__init__(f"Job {named}" if len(job_ids) == 1 else f"Job (folders tried: {named})")


class JobAmbiguous(IngestError):  # noqa: N818
    """Several records of the batch-jobs table have this job id."""

    failure = Failure.JOB_AMBIGUOUS

    def __init__(self, job_id: str, intent_ids: list[str]) -> None:
        """Name the job and the records that claim to be it."""
        self.job_id = job_id
        self.intent_ids = intent_ids
        super().__init__(f"Job {job_id!r} (intents {', '.join(map(repr, intent_ids))})")


class JobInvalid(IngestError):  # noqa: N818
    """The job's record lacks a necessary attribute."""

    failure = Failure.JOB_INVALID

    def __init__(
        self, job_id: str, problem: str, *, record_key: tuple[str, str], written: Written
    ) -> None:
        """Name the job and what is wrong with its record.

        Args:
            job_id: The job.
            problem: What is wrong.
            record_key: `intentId` and `submitTime`: the record exists and can be marked.
            written: What this system has written of it.
        """
        self.job_id = job_id
        self.problem = problem
        self.record_key = record_key
        self.written = written
        super().__init__(f"Job {job_id!r} ({problem})")


class ResultsObjectMissing(IngestError):  # noqa: N818
    """The results object is not in the bucket."""

    failure = Failure.RESULTS_OBJECT_MISSING

    def __init__(self, *, bucket: str, key: str) -> None:
        """Name the object."""
        self.bucket = bucket
        self.key = key
        super().__init__(f"s3://{bucket}/{key}")


class ResultsObjectChanged(IngestError):  # noqa: N818
    """The object under the key is not the one that the event announced."""

    failure = Failure.RESULTS_OBJECT_CHANGED

    def __init__(self, *, bucket: str, key: str, expected_etag: str) -> None:
        """Name the object and the ETag it should have."""
        self.bucket = bucket
        self.key = key
        self.expected_etag = expected_etag
        super().__init__(f"s3://{bucket}/{key} (expected ETag {expected_etag})")


class WriteThrottled(IngestError):  # noqa: N818
    """DynamoDB refused writes until a worker's time ended; none was confirmed."""

    failure = Failure.WRITE_THROTTLED

    def __init__(self, *, table: str, start: int, attempts: int) -> None:
        """Name the table and the segment.

        Args:
            table: The transactions table.
            start: First byte of the segment that confirmed nothing.
            attempts: Requests that were refused, in whole or in part.
        """
        self.table = table
        self.start = start
        self.attempts = attempts
        super().__init__(f"Table {table}, segment from byte {start}, {attempts} attempts")


class SegmentOutOfTime(IngestError):  # noqa: N818
    """A worker's time ended before one write was confirmed, and DynamoDB refused none."""

    failure = Failure.SEGMENT_OUT_OF_TIME

    def __init__(self, *, start: int) -> None:
        """Name the segment.

        Args:
            start: First byte of the segment that confirmed nothing.
        """
        self.start = start
        super().__init__(f"Segment from byte {start}")


class WorkFileDamaged(IngestError):  # noqa: N818
    """A file of this system has content that it did not write."""

    failure = Failure.WORK_FILE_DAMAGED

    def __init__(self, *, bucket: str, key: str) -> None:
        """Name the file."""
        self.bucket = bucket
        self.key = key
        super().__init__(f"s3://{bucket}/{key}")
