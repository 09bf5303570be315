"""The proof that nothing was lost: segments that tile the object.

Every segment of the ledger is true of the records whose first byte lies in it. A chain of segments
from byte 0 to the object's size therefore covers every record exactly once, also where workers
wrote other segments that overlap it.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from functions.domain.counts import LoadCounts
from functions.domain.ranges import Range


@dataclass(frozen=True)
class Segment:
    """The part of a range that one worker call has done.

    Attributes:
        span: The bytes whose records it processed.
        counts: What became of these records.
        dead_letters: Key of its rejects, None without any.
        images: Key of the image ids of its transactions, None without any.
    """

    span: Range
    counts: LoadCounts
    dead_letters: str | None = None
    images: str | None = None


@dataclass(frozen=True)
class Coverage:
    """The best chain there is.

    Attributes:
        chain: Disjoint segments in order; with no gap in `missing` they tile the object.
        missing: The spans that no segment of the chain covers.
    """

    chain: tuple[Segment, ...]
    missing: tuple[Range, ...]


def cover(segments: Iterable[Segment], size: int) -> Coverage:
    """Find the chain from byte 0 to `size` that leaves the fewest bytes uncovered.

    A shortest path through the segments' ends, where a segment costs nothing and a byte that
    has to be loaded again costs one. All steps lead forward, so one pass in order is enough.
    """
    by_start: dict[int, list[Segment]] = {}
    marks = {0, size}
    for segment in segments:
        if segment.span.end <= size:
            by_start.setdefault(segment.span.start, []).append(segment)
            marks |= {segment.span.start, segment.span.end}
    positions = sorted(marks)
    cost: dict[int, int] = dict.fromkeys(positions, size + 1)
    came_by: dict[int, Segment | Range] = {}
    cost[0] = 0
    for index, position in enumerate(positions):
        if index:
            gap = Range(positions[index - 1], position)
            if (through_gap := cost[gap.start] + len(gap)) < cost[position]:
                cost[position], came_by[position] = through_gap, gap
        for segment in by_start.get(position, ()):
            if cost[position] < cost[segment.span.end]:
                cost[segment.span.end], came_by[segment.span.end] = cost[position], segment
    return _walk_back(came_by, size)


def _walk_back(came_by: dict[int, Segment | Range], size: int) -> Coverage:
    chain: list[Segment] = []
    missing: list[Range] = []
    position = size
    while position > 0:
        step = came_by[position]
        if isinstance(step, Segment):
            chain.append(step)
            position = step.span.start
        else:
            last = missing[-1] if missing else None
            if last is not None and last.start == step.end:
                missing[-1] = Range(step.start, last.end)
            else:
                missing.append(step)
            position = step.start
    return Coverage(tuple(reversed(chain)), tuple(reversed(missing)))
