"""The claim: an execution's right to a results object.

The state machine takes it with one conditional write (state `ClaimObject`); everything that
writes later checks that it still has it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final, Self

from functions.domain.timestamps import parse_timestamp

REDRIVE_PERIOD: Final = timedelta(days=14)
"""Step Functions redrives an execution within 14 days of its end.

https://docs.aws.amazon.com/step-functions/latest/dg/redrive-executions.html
"""

CONTENT: Final = "content"
"""With a generation's number after it, the attribute of a claim that has its ETag."""
FIRST_GENERATION: Final = 1
"""The first claim of a key; only its workers may replace items."""


class ClaimState(StrEnum):
    """The state of the work on a results object."""

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
            it, a redrive keeps it. 0 for a failure before the claim.
        event_time: When the key was first claimed (UTC); kept by all that follow.
        ranges: Planned ranges, None before they are planned.
        stats: Counts of the contract, once the load was verified.
        done_at: When it was settled.
        claimed_at: When this generation was claimed.
        resumed_at: When it was last redriven.
        redrivable_until: When a failed execution can no longer be redriven.
        sequencer: S3's order of the event whose content is claimed, empty where it had none.
        version: Of the content in a bucket with versions, else empty.
        failure: State and error in which its execution failed, where it has.
        contents: ETag of the content that each generation planned to load.
        written: ETags of all content of the key that is known to have written transactions.
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
    redrivable_until: datetime | None = None
    sequencer: str = ""
    version: str = ""
    failure: Mapping[str, Any] | None = None
    contents: Mapping[int, str] = field(default_factory=dict)
    written: frozenset[str] = frozenset()

    @property
    def replaced(self) -> frozenset[str]:
        """ETags of other content of the key that has written transactions before."""
        return self.written - {self.etag}

    @property
    def lapses_at(self) -> datetime | None:
        """When an event of the same content may take the claim over; None while it may not."""
        return self.redrivable_until if self.state is ClaimState.FAILED else None

    @property
    def working_since(self) -> datetime:
        """When its execution was last started or redriven, as far as the claim says."""
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
            redrivable_until=_time(row.get("redrivableUntil")),
            sequencer=row.get("sequencer", ""),
            version=row.get("version", ""),
            failure=row.get("failure"),
            contents={
                int(name.removeprefix(CONTENT)): etag
                for name, etag in row.items()
                if name.startswith(CONTENT)
            },
            written=frozenset(row.get("written", ())),
        )


@dataclass(frozen=True)
class Content:
    """Content of a results object, as an event or a listing of the bucket describes it.

    Attributes:
        sequencer: S3's order of its event among those of the key, empty where it has none.
        created: When it was created (UTC). None for content that was just seen to be
            present, so that no claim can be newer.
        on_purpose: A person asked for it (a replay).
    """

    etag: str
    sequencer: str = ""
    created: datetime | None = None
    on_purpose: bool = False


class Precedence(StrEnum):
    """Which of a claim and other content has the right to a results object."""

    CLAIM = "claim"
    CONTENT = "content"


def precedence(claim: Claim | None, content: Content, *, now: datetime | None = None) -> Precedence:
    """Whether content may take a results object over from its claim.

    The condition of the state `ClaimObject` says the same of another execution's claim, with
    content that ResolveJob has just seen.

    Args:
        claim: The newest claim of the key, None without any.
        content: What is, or was, under the key.
        now: The present (UTC). None: no failed claim counts as lapsed yet.
    """
    if claim is None or content.on_purpose:
        return Precedence.CONTENT
    if _came_before(content, claim):
        return Precedence.CLAIM
    if claim.etag != content.etag:
        return Precedence.CONTENT
    lapses = claim.lapses_at
    lapsed = now is not None and lapses is not None and lapses < now
    return Precedence.CONTENT if lapsed else Precedence.CLAIM


def _came_before(content: Content, claim: Claim) -> bool:
    """By S3's order of the key's events where both have it, by the clock where both have a time."""
    if content.sequencer and claim.sequencer:
        return content.sequencer < claim.sequencer
    return content.created is not None and content.created <= (claim.claimed_at or claim.event_time)


def replaces_failure(failure: Claim, recorded: Claim) -> bool:
    """Whether a failure before the claim is to be recorded in place of an earlier one of its key.

    Only the last failure of the newest content counts.
    """
    if failure.owner == recorded.owner:
        return True
    if failure.sequencer and recorded.sequencer:
        return failure.sequencer >= recorded.sequencer
    return failure.event_time >= recorded.event_time


def counting_claims(claims: Iterable[Claim], failures: Iterable[Claim]) -> list[Claim]:
    """The claims that a job's status is computed from.

    Args:
        claims: The newest claim of each results object.
        failures: The last failure of each object before its claim, as a claim of generation 0. It
            counts as long as no claim takes precedence over the content that it was about.
    """
    by_key = {claim.key: claim for claim in claims}
    return [
        *by_key.values(),
        *(
            failure
            for failure in failures
            if precedence(by_key.get(failure.key), _content_of(failure)) is Precedence.CONTENT
        ),
    ]


def _content_of(failure: Claim) -> Content:
    return Content(failure.etag, failure.sequencer, failure.event_time)


def _time(text: str | None) -> datetime | None:
    return parse_timestamp(text) if text else None
