"""A results object as a strip of bytes: a tile a range, and a lens on one of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ops.console.templating import clock, size
from ops.console.timeline import span_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ops.model.job_report import ObjectReport
    from ops.model.map_children import Child
    from ops.model.range_progress import RangeProgress

MOST_TILES: Final = 200
"""Beyond it, neighbours that look alike share a tile."""
_WITH_SHAPES: Final = 40
_LABEL_PERCENT: Final = 7.0
_GAP_PERCENT: Final = 0.25
_TICKS: Final = 1000
_WORDS: Final = {
    "done": "done",
    "running": "loading",
    "failed": "failed",
    "stopped": "stopped with the run",
    "pending": "not begun",
}


@dataclass(frozen=True)
class Tile:
    """A range, or neighbours that share a tile.

    Attributes:
        first, last: Numbers of the ranges, from 1.
        x, width, fill: Percent; `fill` is the part of the width that is done.
        label: The first byte, where there is room for it.
    """

    look: str
    first: int
    last: int
    x: float
    width: float
    fill: float
    name: str
    label: str
    records: int

    @property
    def word(self) -> str:
        """The meaning of its look, in words."""
        return _WORDS[self.look]


@dataclass(frozen=True)
class Piece:
    """Bytes of the range under the lens."""

    look: str
    x: float
    width: float
    text: str
    title: str


@dataclass(frozen=True)
class Lens:
    """One range, enlarged.

    Attributes:
        ticks: Where records were rejected, as the path of an SVG of 1,000 units.
        tries: Calls of its function, those that failed included; None where that is not known.
    """

    number: int
    look: str
    word: str
    progress: RangeProgress
    pieces: tuple[Piece, ...]
    ticks: str
    rejects_shown: int
    child: Child | None
    tries: int | None
    points: str


@dataclass(frozen=True)
class Strip:
    """A results object."""

    report: ObjectReport
    name: str
    size: int
    tiles: tuple[Tile, ...]
    lens: Lens
    done: int
    with_shapes: bool

    @property
    def looks(self) -> tuple[str, ...]:
        """Looks that occur, for the legend."""
        return tuple(look for look in _WORDS if any(tile.look == look for tile in self.tiles))

    @property
    def words(self) -> dict[str, str]:
        """The meaning of each look, in words."""
        return _WORDS


def strip(
    report: ObjectReport,
    children: Sequence[Child],
    *,
    chosen: int | None,
    has_ended: bool,
    rejects: Sequence[int],
) -> Strip | None:
    """Draw it; None where the plan is not known.

    Args:
        report: The object.
        children: Of the Map Runs of its execution.
        chosen: The range under the lens; by default the first that asks for it.
        has_ended: Nothing is at work: what is not done has stopped.
        rejects: Offsets of rejected records.
    """
    if not report.ranges:
        return None
    total = report.ranges[-1].span.end
    by_start = {child.work.span.start: child for child in children if child.work.span is not None}
    looks = [_look(each, by_start.get(each.span.start), has_ended) for each in report.ranges]
    tiles = tuple(_tiles(report.ranges, looks, total))
    number = chosen if chosen and chosen <= len(looks) else _first_of_interest(looks)
    under = next(tile for tile in tiles if tile.first <= number <= tile.last)
    return Strip(
        report=report,
        name=report.claim.key.rpartition("/")[2],
        size=total,
        tiles=tiles,
        lens=_lens(report.ranges, looks, number, under, by_start, rejects),
        done=report.bytes[0],
        with_shapes=len(tiles) <= _WITH_SHAPES,
    )


def _look(each: RangeProgress, child: Child | None, has_ended: bool) -> str:
    if each.is_done:
        return "done"
    if child is not None and child.has_failed and child.error:
        return "failed"
    if child is None and not each.done:
        return "pending"
    return "stopped" if has_ended else "running"


def _first_of_interest(looks: Sequence[str]) -> int:
    for look in ("failed", "running", "stopped"):
        if look in looks:
            return looks.index(look) + 1
    return 1


def _tiles(ranges: Sequence[RangeProgress], looks: Sequence[str], total: int) -> Iterator[Tile]:
    shared: list[tuple[int, int]] = [(number, number) for number in range(len(ranges))]
    if len(ranges) > MOST_TILES:
        shared = list(_shared(looks))
    labelled_to = 0.0
    for first, last in shared:
        start, end = ranges[first].span.start, ranges[last].span.end
        x, width = 100 * start / total, 100 * (end - start) / total
        done = sum(each.done + each.under_way for each in ranges[first : last + 1])
        label = ""
        if x >= labelled_to and x + _LABEL_PERCENT <= 101:
            label, labelled_to = size(start) if start else "0", x + _LABEL_PERCENT
        yield Tile(
            look=looks[first],
            first=first + 1,
            last=last + 1,
            x=x,
            width=max(width - _GAP_PERCENT, width / 2),
            fill=done / (end - start),
            name=span_name(start, end),
            label=label,
            records=sum(each.counts.total for each in ranges[first : last + 1]),
        )


def _shared(looks: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Neighbours that look alike, at most so many that all tiles are about as wide."""
    most, first = -(-len(looks) // MOST_TILES), 0
    for number in range(1, len(looks) + 1):
        if number == len(looks) or looks[number] != looks[first] or number - first == most:
            yield first, number - 1
            first = number


def _lens(
    ranges: Sequence[RangeProgress],
    looks: Sequence[str],
    number: int,
    under: Tile,
    by_start: dict[int, Child],
    rejects: Sequence[int],
) -> Lens:
    each, look = ranges[number - 1], looks[number - 1]
    child = by_start.get(each.span.start)
    inside = [offset for offset in rejects if each.span.start <= offset < each.span.end]
    spread = [int(1000 * (at - each.span.start) / len(each.span)) for at in inside]
    marks = sorted(set(spread))[:_TICKS]
    attempts = child.attempts if child else ()
    return Lens(
        number=number,
        look=look,
        word=_WORDS[look],
        progress=each,
        pieces=tuple(_pieces(each, look, child)),
        ticks="".join(f"M{mark} 0v7" for mark in marks),
        rejects_shown=len(inside),
        child=child,
        tries=len(attempts) or None,
        points=f"{under.x:.2f},1 {under.x + under.width:.2f},1 100,20 0,20",
    )


def _pieces(each: RangeProgress, look: str, child: Child | None) -> Iterator[Piece]:
    whole, at = len(each.span), 0
    refused = sum(bool(attempt.error) for attempt in child.attempts) if child else 0
    is_refused = look == "failed" and refused > 1
    rest = f"refused, {refused} attempts" if is_refused else _WORDS[look]
    for bytes_, kind, text in (
        (each.done, "done", _done(child) if look == "done" else "done"),
        (each.under_way, "running", "confirmed by a worker at work"),
        (whole - each.done - each.under_way, "rest" if look == "running" else look, rest),
    ):
        if bytes_ > 0:
            start = each.span.start + at
            title = f"bytes {start:,} to {start + bytes_:,}: {text}"
            yield Piece(kind, 100 * at / whole, 100 * bytes_ / whole, text, title)
            at += bytes_


def _done(child: Child | None) -> str:
    if child is None or child.ended is None:
        return "done"
    again = " by a redrive" if child.redrives else ""
    return f"done{again}, {clock(child.ended)}"
