"""What a line becomes: the seam between loading an object and reading its records."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

from functions.domain.lines import Line
from functions.domain.transactions import Transaction


@dataclass(frozen=True, slots=True)
class Reject:
    """A record that cannot become a transaction.

    Attributes:
        reason: The first that applies.
        record_id: The image id, wherever the line gives one away.
        details: Short strings that tell the cause without the line.
        excerpt: At most 1 KiB of what was read; never of `modelInput`.
    """

    reason: StrEnum
    record_id: str | None = None
    details: list[str] = field(default_factory=list)
    excerpt: str = ""


@dataclass(frozen=True, slots=True)
class Padding:
    """A record submitted only to reach Bedrock's least number of records."""

    record_id: str


Outcome = Transaction | Reject | Padding
Interpret = Callable[[Line], Outcome]
"""Reads one line: all that the loader knows about the meaning of records."""
