"""The state of an execution, from its claim to its proofs."""

from dataclasses import field
from enum import StrEnum
from typing import Any, Final

from functions.domain.payloads.payload import ClaimedWork, Payload

MAX_ROUNDS: Final = 3
"""How often missing work is planned again before the proof fails."""


class Plan(Payload):
    """A list of map items in S3.

    Attributes:
        bucket, key: The list, a JSON array.
        items: How many; with 0 there is no list.
        max_concurrency: Children of the map at once.
        results_prefix: Where the map's results go.
        write_units_per_second: Write budget of the user, which all workers share.
        line_bytes: Mean length of the object's lines.
    """

    bucket: str
    key: str
    items: int
    max_concurrency: int
    results_prefix: str
    write_units_per_second: float | None = None
    line_bytes: float | None = None


class Verdict(StrEnum):
    """What the ledger proves."""

    COMPLETE = "COMPLETE"
    """Proven."""
    MISSING = "MISSING"
    """Something is missing, and planned again."""
    INCOMPLETE = "INCOMPLETE"
    """Something is still missing, and no attempt is left."""
    SUPERSEDED = "SUPERSEDED"
    """The execution no longer owns its claim."""


class Proof(Payload):
    """What was proven of the load or of the migration.

    Attributes:
        round: Attempts made beyond the first.
        counts: Of the chain's segments, or of all chunks, in the words of the contract.
    """

    verdict: Verdict
    round: int = 0
    counts: dict[str, Any] = field(default_factory=dict)
    too_many_rejects: bool | None = None


class Ingest(ClaimedWork):
    """The state of an execution once it has its claim; every function returns it, grown.

    Attributes:
        accept_rejects: A person has accepted any share of rejects for this execution.
    """

    superseded: bool = False
    accept_rejects: bool | None = None
    plan: Plan | None = None
    load: Proof | None = None
    migration_plan: Plan | None = None
    migration: Proof | None = None
