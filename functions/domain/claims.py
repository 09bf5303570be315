"""The claim: an execution's right to a results object.

The state machine takes it with one conditional write (state `ClaimObject`); everything that
writes later checks that it still has it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final, Self

from functions.domain.timestamps import parse_timestamp

REDRIVE_PERIOD: Final = timedelta(days=14)
"""Step Functions redrives an execution within 14 days of its end.

https://docs.aws.amazon.com/step-functions/latest/dg/redrive-executions.html
"""


class ClaimState(StrEnum):
    """Where the work on a results object stands."""

    CLAIMED = "claimed"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True)
class Claim:
    """A claim row of the ledger.

    Attributes:
        key: The results object.
        etag: Of the content that is claimed.
        owner: The execution's ARN.
        generation: 1 for the first claim of a key; a replay, a takeover and a new ETag raise
            it, a redrive keeps it.
        event_time: When the key was first claimed (UTC); kept by all that follow.
        ranges: Planned ranges, None before they are planned.
        stats: Counts of the contract, when done.
        done_at: When it was settled.
        claimed_at: When this generation was claimed.
    """

    key: str
    etag: str
    owner: str
    generation: int
    state: ClaimState
    event_time: datetime
    ranges: int | None = None
    stats: dict[str, Any] | None = None
    done_at: datetime | None = None
    claimed_at: datetime | None = None

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Self:
        """Read a row (plain values) of the ledger."""
        done_at, claimed_at = row.get("doneAt"), row.get("claimedAt")
        return cls(
            key=row["sk"].removeprefix("claim#"),
            etag=row["etag"],
            owner=row["owner"],
            generation=row["generation"],
            state=ClaimState(row["state"]),
            event_time=parse_timestamp(row["eventTime"]),
            ranges=row.get("ranges"),
            stats=row.get("stats"),
            done_at=parse_timestamp(done_at) if done_at else None,
            claimed_at=parse_timestamp(claimed_at) if claimed_at else None,
        )
