"""How a job ended at Bedrock."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, Self

from functions.domain.timestamps import parse_timestamp, timestamp

MAX_MESSAGE: Final = 2000
"""Characters of Bedrock's message that are kept."""


class BedrockStatus(StrEnum):
    """The statuses in which a batch inference job has ended.

    https://docs.aws.amazon.com/bedrock/latest/APIReference/API_GetModelInvocationJob.html
    """

    COMPLETED = "Completed"
    PARTIALLY_COMPLETED = "PartiallyCompleted"
    FAILED = "Failed"
    STOPPED = "Stopped"
    EXPIRED = "Expired"

    @property
    def is_failure(self) -> bool:
        """Whether a job that ended so has failed, unless something of it became a transaction."""
        return self in (BedrockStatus.FAILED, BedrockStatus.STOPPED, BedrockStatus.EXPIRED)

    @property
    def is_unfinished(self) -> bool:
        """Whether Bedrock did not answer all of the job's records."""
        return self.is_failure or self.is_cut_short

    @property
    def is_cut_short(self) -> bool:
        """Whether records may be missing, by Bedrock's status."""
        return self in (
            BedrockStatus.STOPPED,
            BedrockStatus.EXPIRED,
            BedrockStatus.PARTIALLY_COMPLETED,
        )


@dataclass(frozen=True)
class JobEnd:
    """The ledger's row `job#{jobId}` / `bedrock`.

    Attributes:
        at: When it ended, as far as is known (UTC).
        message: Bedrock's message, or empty.
    """

    status: BedrockStatus
    at: datetime
    message: str = ""

    def as_row(self) -> dict[str, object]:
        """Attributes of the row, without its key."""
        return {
            "status": self.status.value,
            "endedAt": timestamp(self.at),
            "message": self.message[:MAX_MESSAGE],
        }

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Self:
        """Read the row (plain values)."""
        return cls(BedrockStatus(row["status"]), parse_timestamp(row["endedAt"]), row["message"])

    def as_state(self) -> dict[str, object]:
        """In `ingestState`."""
        return {"status": self.status.value, **({"message": self.message} if self.message else {})}
