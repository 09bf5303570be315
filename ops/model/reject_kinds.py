"""Kinds of rejects: the same reason and the same details, apart from places."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Generic, NamedTuple, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from functions.aws.resubmission.rejects import Reject

MAX_KINDS: Final = 100
"""Of one reason. A model may say something else in each of a million records."""
OTHER_DETAILS: Final = "other details"
_PLACES: Final = (
    (re.compile(r"\b(?:byte|character) \d+ of (?:the line|the text): "), ""),
    (re.compile(r"\bbyte \d+ of (?=the tool call's)"), ""),
    (re.compile(r"\bat character \d+ of the text"), "in the text"),
    (re.compile(r" \([^()]*\bbyte \d+ of this [^()]*\)"), ""),
)
_SIZE = re.compile(r"\d+ bytes")
_STOP_REASON = "stop reason: "
_SAYING_NOTHING = frozenset(
    f"{_STOP_REASON}{reason}"
    for reason in ("end_turn", "stop", "stop_sequence", "tool_use", "tool_calls", "COMPLETE")
)

Each = TypeVar("Each")


class Kind(NamedTuple):
    """A reason, and what its details say."""

    reason: str
    detail: str


def kind_of(reason: str, details: Sequence[str]) -> Kind:
    """The kind of a reject."""
    telling = [each for each in details if each not in _SAYING_NOTHING]
    said = "; ".join(telling or details)
    for place, instead in _PLACES:
        said = place.sub(instead, said)
    return Kind(reason, _SIZE.sub("N bytes", said))


def own_details(details: Sequence[str]) -> str:
    """The details of one reject that its kind leaves open: those with places."""
    return "; ".join(each for each in details if kind_of("", [each]).detail != each)


@dataclass(frozen=True)
class OfKind(Generic[Each]):
    """Rejects of one kind.

    Attributes:
        count: All of them.
        kept: The first, in the order in which they came.
    """

    count: int
    kept: Sequence[Each]


class KindSorter(Generic[Each]):
    """Counts rejects by kind, and keeps some of each."""

    def __init__(self, *, most: int | None) -> None:
        """Keep this many of each kind; None for all."""
        self._most = most
        self._counts: Counter[Kind] = Counter()
        self._kept: defaultdict[Kind, list[Each]] = defaultdict(list)
        self._kinds: Counter[str] = Counter()

    def add(self, kind: Kind, each: Each) -> None:
        """Take the next one."""
        if kind not in self._counts:
            if self._kinds[kind.reason] >= MAX_KINDS:
                kind = Kind(kind.reason, OTHER_DETAILS)
            else:
                self._kinds[kind.reason] += 1
        self._counts[kind] += 1
        if self._most is None or len(self._kept[kind]) < self._most:
            self._kept[kind].append(each)

    @property
    def found(self) -> dict[Kind, OfKind[Each]]:
        """All of them, the most frequent kind first."""
        return {kind: OfKind(n, self._kept[kind]) for kind, n in self._counts.most_common()}


def sort_out(letters: Iterable[Reject], *, most: int | None) -> dict[Kind, OfKind[Reject]]:
    """Count rejects by kind, the most frequent first, and keep this many of each, or all."""
    sorter: KindSorter[Reject] = KindSorter(most=most)
    for each in letters:
        sorter.add(kind_of(each.reason, each.details), each)
    return sorter.found
