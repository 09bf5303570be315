"""The job: what its record says, and the status that its claims imply."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Self

from functions.domain.claims import Claim, ClaimState
from functions.domain.counts import ImageCounts, LoadCounts, is_count, sum_images, sum_loads
from functions.domain.errors import JobInvalid

JOB_ID_INDEX = "jobIdIndex"
"""Global index of the batch-jobs table: a job's record by the id that Bedrock gave it."""
MAX_USER_ID_BYTES = 2048
"""DynamoDB's limit of a partition key; `userId` is one."""
MAX_TRACE_MARK = 256
"""Letters; an id of AWS X-Ray has 35."""
MAX_EXECUTIONS = 100
"""Named in `ingestState`, the newest first: thousands would not fit into an item."""


class JobStatus(StrEnum):
    """`status` of a batch-jobs record as this system writes it."""

    INGESTING = "INGESTING"
    COMPLETED = "COMPLETED"
    PARTIALLY_COMPLETED = "PARTIALLY_COMPLETED"
    FAILED = "FAILED"

    @property
    def is_settled(self) -> bool:
        """Whether `completedAt` is set with it."""
        return self in (JobStatus.COMPLETED, JobStatus.PARTIALLY_COMPLETED)


@dataclass(frozen=True)
class JobKey:
    """The key of a batch-jobs record."""

    intent_id: str
    submit_time: str


@dataclass(frozen=True)
class Job:
    """What this system reads of a batch-jobs record.

    Attributes:
        pending_image_count: Records submitted, None where the application does not say.
        status: As it was read, whoever wrote it.
        revision: How often this system has written `ingestState`; guards the next write.
    """

    job_id: str
    key: JobKey
    user_id: str
    model_id: str | None
    trace_id: str | None
    pending_image_count: int | None
    status: str | None
    revision: int

    @property
    def intent_id(self) -> str:
        """The record's partition key."""
        return self.key.intent_id

    @property
    def trace_mark(self) -> str | None:
        """The trace id as payloads and log lines carry it: they stay small whatever it is."""
        return self.trace_id and self.trace_id[:MAX_TRACE_MARK]

    @classmethod
    def from_record(cls, job_id: str, record: Mapping[str, Any]) -> Self:
        """Read a record of the batch-jobs table.

        Raises:
            JobInvalid: without a `userId` that can be a key.
        """
        key = JobKey(str(record["intentId"]), str(record["submitTime"]))
        revision = _revision(record.get("ingestState"))
        user_id = record.get("userId")
        if not isinstance(user_id, str) or not 1 <= len(user_id.encode()) <= MAX_USER_ID_BYTES:
            raise JobInvalid(
                job_id,
                "no userId, or not a string of 1 to 2048 bytes",
                record_key=(key.intent_id, key.submit_time),
                revision=revision,
            )
        return cls(
            job_id=job_id,
            key=key,
            user_id=user_id,
            model_id=_text(record.get("modelId")),
            trace_id=_text(record.get("traceId")),
            pending_image_count=_count(record.get("pendingImageCount")),
            status=_text(record.get("status")),
            revision=revision,
        )


def _revision(state: object) -> int:
    """What somebody else wrote there counts as never written, and is replaced."""
    revision = state.get("revision") if isinstance(state, Mapping) else None
    return revision if isinstance(revision, int) and not isinstance(revision, bool) else 0


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _count(value: object) -> int | None:
    return value if is_count(value) else None


def status_of(
    claims: Sequence[Claim], *, total: int, expected: int | None, may_wait: bool
) -> JobStatus:
    """The status rule of the contract: the first that applies.

    Args:
        claims: The newest claim of each results object of the job.
        total: Records of all its done claims.
        expected: Records there should be, None where nobody says.
        may_wait: No manifest has come, and the grace period has not passed.
    """
    if any(claim.state is ClaimState.FAILED for claim in claims):
        return JobStatus.FAILED
    if any(claim.state is not ClaimState.DONE for claim in claims):
        return JobStatus.INGESTING
    if expected is None or total >= expected:
        return JobStatus.COMPLETED
    return JobStatus.INGESTING if may_wait else JobStatus.PARTIALLY_COMPLETED


@dataclass(frozen=True)
class Settlement:
    """What a job's record is to say.

    Attributes:
        status: By the status rule.
        stats: `resultStats`.
        state: `ingestState`, without revision and time.
        missing: Records expected and not there.
        unexpected: Records there and not expected.
    """

    status: JobStatus
    stats: dict[str, object]
    state: dict[str, object]
    missing: int
    unexpected: int


def settle(
    job: Job,
    claims: Sequence[Claim],
    *,
    manifest_total: int | None,
    now: datetime,
    grace: timedelta,
) -> Settlement:
    """Recompute a job from its claims: the same answer in whatever order they were settled.

    Args:
        job: Its record.
        claims: The newest claim of each of its results objects.
        manifest_total: `totalRecordCount`, None without a readable manifest.
        now: The present (UTC).
        grace: How long after the last claim was settled a manifest is waited for.
    """
    done = [claim for claim in claims if claim.state is ClaimState.DONE]
    loads = sum_loads(LoadCounts.from_dict(claim.stats or {}) for claim in done)
    images = sum_images(ImageCounts.from_dict(claim.stats or {}) for claim in done)
    expected = job.pending_image_count if manifest_total is None else manifest_total
    last_settled = max((claim.done_at for claim in done if claim.done_at), default=now)
    status = status_of(
        claims,
        total=loads.total,
        expected=expected,
        may_wait=manifest_total is None and now < last_settled + grace,
    )
    missing = max(0, expected - loads.total) if expected is not None else 0
    unexpected = max(0, loads.total - expected) if expected is not None else 0
    stats = {**loads.as_dict(), **images.as_dict()}
    if expected is not None:
        stats |= {"missingCount": missing, "unexpectedCount": unexpected}
    newest = sorted(claims, key=lambda claim: claim.working_since, reverse=True)
    state: dict[str, object] = {
        "objects": len(claims),
        "objectsDone": len(done),
        "objectsFailed": sum(claim.state is ClaimState.FAILED for claim in claims),
        "ranges": sum(claim.ranges or 0 for claim in claims),
        "rangesDone": sum(claim.ranges or 0 for claim in done),
        "executions": [claim.owner for claim in newest[:MAX_EXECUTIONS]],
    }
    return Settlement(status, stats, state, missing, unexpected)
