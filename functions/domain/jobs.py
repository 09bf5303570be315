"""The job: what its record says, and the rule of its status."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final, Self

from functions.domain.bedrock_jobs import BedrockStatus
from functions.domain.claims import ClaimState
from functions.domain.counts import LoadCounts, is_count
from functions.domain.errors import JobInvalid
from functions.domain.written import Written, text

JOB_ID_INDEX = "jobIdIndex"
"""Global index of the batch-jobs table: a job's record by the id that Bedrock gave it."""
MAX_USER_ID_BYTES = 2048
"""DynamoDB's limit of a partition key; `userId` is one."""
MAX_TRACE_MARK = 256
"""Letters; an id of AWS X-Ray has 35."""


class JobStatus(StrEnum):
    """`status` of a batch-jobs record as this system writes it."""

    INGESTING = "INGESTING"
    COMPLETED = "COMPLETED"
    PARTIALLY_COMPLETED = "PARTIALLY_COMPLETED"
    FAILED = "FAILED"


SETTLED_JOB_STATUSES: Final = frozenset({JobStatus.COMPLETED, JobStatus.PARTIALLY_COMPLETED})
"""Those with which `completedAt` is set."""
ENDED_JOB_STATUSES: Final = frozenset(JobStatus) - {JobStatus.INGESTING}
"""Those of a job on which no work is to come, unless more results or retries arrive."""


@dataclass(frozen=True)
class JobKey:
    """The key of a batch-jobs record."""

    intent_id: str
    submit_time: str

    def as_dict(self) -> dict[str, str]:
        """Its attributes."""
        return {"intentId": self.intent_id, "submitTime": self.submit_time}


@dataclass(frozen=True)
class Job:
    """What this system reads of a batch-jobs record.

    Attributes:
        pending_image_count: Records submitted, None where the application does not say.
        retry_of: The id of the job whose rejects it answers, None without any.
        written: What this system wrote of it before.
    """

    job_id: str
    key: JobKey
    user_id: str
    model_id: str | None
    trace_id: str | None
    pending_image_count: int | None
    retry_of: str | None = None
    written: Written = field(default_factory=Written)

    @property
    def intent_id(self) -> str:
        """The record's partition key."""
        return self.key.intent_id

    @property
    def trace_mark(self) -> str | None:
        """The trace id, cut to a length that keeps payloads and log lines small."""
        return self.trace_id and self.trace_id[:MAX_TRACE_MARK]

    @property
    def log_ids(self) -> dict[str, str]:
        """The ids that each line of the log about the job carries."""
        ids = {"jobId": self.job_id, "intentId": self.intent_id, "traceId": self.trace_mark}
        return {name: value for name, value in ids.items() if value}

    @classmethod
    def from_record(cls, job_id: str, record: Mapping[str, Any]) -> Self:
        """Read a record of the batch-jobs table.

        Raises:
            JobInvalid: without a `userId` that can be a key.
        """
        key = JobKey(str(record["intentId"]), str(record["submitTime"]))
        written = Written.from_record(record)
        user_id = record.get("userId")
        if not isinstance(user_id, str) or not 1 <= len(user_id.encode()) <= MAX_USER_ID_BYTES:
            raise JobInvalid(
                job_id,
                "userId is not a string of 1 to 2048 bytes, or absent",
                record_key=(key.intent_id, key.submit_time),
                written=written,
            )
        return cls(
            job_id=job_id,
            key=key,
            user_id=user_id,
            model_id=text(record.get("modelId")),
            trace_id=text(record.get("traceId")),
            pending_image_count=_count(record.get("pendingImageCount")),
            retry_of=text(record.get("retryOf")),
            written=written,
        )


def _count(value: object) -> int | None:
    return value if is_count(value) else None


@dataclass(frozen=True)
class JobFacts:
    """All that the status of a job depends on.

    Attributes:
        claims: The states of its claims: of each results object the newest.
        unclaimed: A results object younger than the grace period lies in its folder that has no
            claim.
        loads: Of all its claims whose load was verified.
        expected: Expected number of records, None if not known.
        has_manifest: A readable manifest has come.
        bedrock: How it ended at Bedrock, None where that is not known.
        grace_passed: The grace period has passed.
    """

    claims: Sequence[ClaimState]
    unclaimed: bool
    loads: LoadCounts
    expected: int | None
    has_manifest: bool
    bedrock: BedrockStatus | None
    grace_passed: bool

    @property
    def is_in_vain(self) -> bool:
        """Whether no record can succeed: Bedrock failed, or every record was rejected."""
        ended = self.bedrock is not None and self.bedrock.is_failure and not self.loads.success
        return ended or 0 < self.loads.failure == self.loads.unpadded

    @property
    def has_all(self) -> bool:
        """Whether no record is missing, as far as is known."""
        if self.expected is None:
            return self.bedrock is None or not self.bedrock.is_cut_short
        return self.loads.total >= self.expected

    @property
    def may_grow(self) -> bool:
        """Whether Bedrock may still be writing: no manifest, no end, and the grace period runs."""
        return not self.has_manifest and self.bedrock is None and not self.grace_passed


def status_of(facts: JobFacts) -> JobStatus:
    """The status rule of the contract: the first that applies."""
    if ClaimState.FAILED in facts.claims:
        return JobStatus.FAILED
    if ClaimState.CLAIMED in facts.claims or facts.unclaimed:
        return JobStatus.INGESTING
    if facts.is_in_vain:
        return JobStatus.FAILED
    if facts.has_all:
        return JobStatus.COMPLETED
    return JobStatus.INGESTING if facts.may_grow else JobStatus.PARTIALLY_COMPLETED
