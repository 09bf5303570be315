"""What this system has written into a job's record."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self


@dataclass(frozen=True)
class Written:
    """What this system has written into a job's record, as it was read.

    Attributes:
        status: Also where the application wrote it.
        revision: How often this system has written `ingestState`; guards the next write.
        completed_at: None before the first completion.
        unannounced: Changes of the status that are still to be announced.
    """

    status: str | None = None
    revision: int = 0
    completed_at: str | None = None
    unannounced: tuple[Mapping[str, Any], ...] = ()

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Self:
        """Read a record of the batch-jobs table."""
        state = record.get("ingestState")
        left = state.get("unannounced") if isinstance(state, Mapping) else None
        return cls(
            status=text(record.get("status")),
            revision=_revision(state),
            completed_at=text(record.get("completedAt")),
            unannounced=tuple(left) if isinstance(left, list) else (),
        )


def text(value: object) -> str | None:
    """A text that is not empty; None for anything else."""
    return value if isinstance(value, str) and value else None


def _revision(state: object) -> int:
    """0 where another program wrote there: it counts as never written, and is replaced."""
    revision = state.get("revision") if isinstance(state, Mapping) else None
    return revision if isinstance(revision, int) and not isinstance(revision, bool) else 0
