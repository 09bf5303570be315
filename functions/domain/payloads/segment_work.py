"""Input and output of LoadSegment."""

from dataclasses import field
from typing import Any, Self

from functions.domain.model import named
from functions.domain.payloads.payload import ClaimedWork, Payload
from functions.domain.ranges import Range


class Span(Payload):
    """A range as it travels: bytes `[from, to)`.

    Attributes:
        again: It was planned before, in whole or in part, so some of its records may have been
            written already; absent otherwise.
    """

    start: int = named("from")
    end: int = named("to")
    again: bool | None = None

    @classmethod
    def of(cls, span: Range, *, again: bool = False) -> Self:
        """From a range."""
        return cls(start=span.start, end=span.end, again=again or None)

    def as_range(self) -> Range:
        """To a range."""
        return Range(self.start, self.end)


class SegmentWork(ClaimedWork):
    """Input and output of LoadSegment: what is left of a range.

    Attributes:
        range: From where the next call goes on, to the range's end.
        undisturbed: No call for this range was ever repeated, so it may write without
            conditions.
        counts: What became of the records of the range so far; for people, the ledger decides.
        records_per_second: Of the last call.
        finished: Nothing is left, or another execution has the claim.
    """

    write_units_per_second: float
    range: Span
    undisturbed: bool = True
    counts: dict[str, Any] = field(default_factory=dict)
    records_per_second: float | None = None
    finished: bool = False
