"""The work of earlier generations of a claim, by their attempts' rows."""

from dataclasses import dataclass

from functions.aws.ledger import Ledger
from functions.domain.claims import Claim
from functions.domain.ledger_rows import object_partition


@dataclass(frozen=True)
class EarlierWork:
    """The work of all generations before a claim.

    Attributes:
        written: ETags of the content of which workers may have written transactions.
        ends_by: When the last of these workers will have ended, epoch seconds; 0 without any.
    """

    written: frozenset[str]
    ends_by: int


def earlier_work(ledger: Ledger, job_id: str, claim: Claim) -> EarlierWork:
    """Read the attempts of the generations before a claim."""
    written, ends_by = set(), 0
    for generation in range(1, claim.generation):
        end = ledger.attempts_end_by(object_partition(job_id, claim.key, generation))
        if end is not None:
            ends_by = max(ends_by, end)
            written.add(claim.contents.get(generation, ""))
    return EarlierWork(frozenset(written) - {""}, ends_by)
