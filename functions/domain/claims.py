"""The claim: an execution's right to a results object.

The state machine takes it with one conditional write (state `ClaimObject`); everything that
writes later checks that it still has it.
"""

from collections.abc import Iterable, Mapping
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
            it, a redrive keeps it. 0 for what failed before it could claim.
        event_time: When the key was first claimed (UTC); kept by all that follow.
        ranges: Planned ranges, None before they are planned.
        stats: Counts of the contract, when done.
        done_at: When it was settled.
        claimed_at: When this generation was claimed.
        resumed_at: When it was last redriven.
        sequencer: S3's order of the event whose content is claimed, empty where it had none.
        version: Of the content in a bucket with versions, else empty.
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
    resumed_at: datetime | None = None
    sequencer: str = ""
    version: str = ""

    @property
    def working_since(self) -> datetime:
        """When its execution was last set to work, as far as anybody wrote it down."""
        return max(filter(None, (self.event_time, self.claimed_at, self.resumed_at)))

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Self:
        """Read a row (plain values) of the ledger."""
        return cls(
            key=row["sk"].removeprefix("claim#"),
            etag=row["etag"],
            owner=row["owner"],
            generation=row["generation"],
            state=ClaimState(row["state"]),
            event_time=parse_timestamp(row["eventTime"]),
            ranges=row.get("ranges"),
            stats=row.get("stats"),
            done_at=_time(row.get("doneAt")),
            claimed_at=_time(row.get("claimedAt")),
            resumed_at=_time(row.get("resumedAt")),
            sequencer=row.get("sequencer", ""),
            version=row.get("version", ""),
        )


def standing(claims: Iterable[Claim], unclaimed: Iterable[Claim]) -> list[Claim]:
    """What a job is computed from: its claims, and what failed before it could claim.

    Args:
        claims: The newest claim of each results object.
        unclaimed: The last failure of each object before its claim. One counts as long as nobody
            has claimed the same content, or content that came later: then that tells.
    """
    by_key = {claim.key: claim for claim in claims}
    return [
        *by_key.values(),
        *(each for each in unclaimed if not _is_told_by(by_key.get(each.key), each)),
    ]


def _is_told_by(claim: Claim | None, unclaimed: Claim) -> bool:
    if claim is None:
        return False
    if claim.etag == unclaimed.etag:
        return True
    if claim.sequencer and unclaimed.sequencer:
        return claim.sequencer >= unclaimed.sequencer
    return claim.working_since >= unclaimed.event_time


def _time(text: str | None) -> datetime | None:
    return parse_timestamp(text) if text else None
