"""Why the rejects of a job cannot be submitted now.

CannotSubmit
├── NothingClaimed      the job has no results yet
├── NotIngested         what a results object answers is not known yet
├── RetryUnderWay       a retry has not ended, and may cure what is open
├── SubmittedMeanwhile  another run has submitted the same retry
├── NotSpecified        the model or the role of the new job is not known
└── NothingToSubmit     no reject is open that may be submitted
"""

# ruff: noqa: N818 - each is named for what is the case


class CannotSubmit(Exception):
    """This run created no batch job; a later one may."""


class NothingClaimed(CannotSubmit):
    """No results object of the job was ever claimed."""

    def __init__(self, job_id: str) -> None:
        self.job_id = job_id
        super().__init__(f"nothing of job {job_id!r} was ever claimed")


class NotIngested(CannotSubmit):
    """A results object of the job, or of a retry, is not ingested to its end."""

    def __init__(self, job_id: str, key: str) -> None:
        self.job_id, self.key = job_id, key
        super().__init__(f"{key!r} of job {job_id!r} is not ingested to its end")


class RetryUnderWay(CannotSubmit):
    """A retry of the job has not ended."""

    def __init__(self, retry_id: str) -> None:
        self.retry_id = retry_id
        super().__init__(f"retry {retry_id!r} has not ended")


class SubmittedMeanwhile(CannotSubmit):
    """Another run has submitted the same retry, with other records or another model."""

    def __init__(self, retry_id: str) -> None:
        self.retry_id = retry_id
        super().__init__(f"retry {retry_id!r} was submitted meanwhile")


class NotSpecified(CannotSubmit):
    """Neither the request, the job's record nor Bedrock says which model or role to use.

    Attributes:
        what: `model` or `role`.
    """

    def __init__(self, job_id: str, what: str) -> None:
        self.job_id, self.what = job_id, what
        super().__init__(f"nothing says the {what} of job {job_id!r}")


class NothingToSubmit(CannotSubmit):
    """No reject is open that may be submitted."""
