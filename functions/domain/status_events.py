"""The event that reports a job's status to the account: a public interface (docs/events.md)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

from functions.domain.jobs import JobStatus
from functions.domain.written import Written

SOURCE: Final = "batch-ingest"
DETAIL_TYPE: Final = "Batch Ingest Job Status Change"
SCHEMA: Final = 1
ANNOUNCED: Final = frozenset({JobStatus.COMPLETED, JobStatus.PARTIALLY_COMPLETED, JobStatus.FAILED})
"""Statuses that are announced."""
MAX_UNANNOUNCED: Final = 20
"""Kept in a job's record: each settlement announces what is left there, so that more are only
there while EventBridge takes no events."""


@dataclass(frozen=True)
class JobStatusChange:
    """A change that is to be announced, as it is kept in `ingestState.unannounced` until then.

    Attributes:
        previous: The status before it, None where the record had none.
        revision: Of the record when it changed; rises with every change.
        stats: `resultStats` then; empty where nothing could be counted.
        completed_at: `completedAt` then, None before the first completion.
    """

    status: str
    previous: str | None
    revision: int
    stats: Mapping[str, Any]
    completed_at: str | None

    def as_row(self) -> dict[str, object]:
        """The form in which it is kept."""
        return {
            "status": self.status,
            "previousStatus": self.previous,
            "revision": self.revision,
            "resultStats": dict(self.stats),
            "completedAt": self.completed_at,
        }

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Self:
        """Read what was kept."""
        return cls(
            status=row["status"],
            previous=row["previousStatus"],
            revision=row["revision"],
            stats=row["resultStats"],
            completed_at=row["completedAt"],
        )

    def detail(self, *, job_id: str, intent_id: str) -> dict[str, object]:
        """`detail` of the event."""
        completed = {} if self.completed_at is None else {"completedAt": self.completed_at}
        return {
            "schema": SCHEMA,
            "jobId": job_id,
            "intentId": intent_id,
            "status": self.status,
            "previousStatus": self.previous,
            "revision": self.revision,
            "resultStats": dict(self.stats),
            **completed,
        }


def changes_after(
    written: Written, status: JobStatus, *, stats: Mapping[str, Any], completed_at: str | None
) -> list[JobStatusChange]:
    """The changes to announce once a status is written, the oldest first."""
    left = [JobStatusChange.from_row(row) for row in written.unannounced if _is_row(row)]
    if status in ANNOUNCED and status != written.status:
        left.append(
            JobStatusChange(status, written.status, written.revision + 1, stats, completed_at)
        )
    return left[-MAX_UNANNOUNCED:]


def _is_row(row: object) -> bool:
    """Whether this system wrote a row; anything else is ignored."""
    kept = {"status", "previousStatus", "revision", "resultStats", "completedAt"}
    return isinstance(row, Mapping) and row.keys() >= kept
