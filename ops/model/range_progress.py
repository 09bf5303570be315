"""How far the planned ranges of a results object are: what is proven, and what workers report."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from functions.aws.objects import WorkFiles
from functions.aws.runtime.service_errors import NOT_FOUND, is_any
from functions.domain.counts import LoadCounts
from functions.domain.errors import WorkFileDamaged
from functions.domain.object_keys import results_of, work_prefix
from functions.domain.payloads.segment_work import Span
from functions.domain.ranges import Range
from functions.domain.segments import cover

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from functions.domain.claims import Claim
    from functions.domain.progress import LoadProgress
    from functions.domain.segments import Segment
    from ops.model.deployment import Deployment


@dataclass(frozen=True)
class RangeProgress:
    """A planned range.

    Attributes:
        done: Bytes that segments of the ledger cover.
        under_way: Further bytes that a worker reports to have confirmed. A hint: it is not
            proven, and is done again if the worker fails.
        counts: Of the records in these bytes.
    """

    span: Range
    done: int = 0
    under_way: int = 0
    counts: LoadCounts = field(default_factory=LoadCounts)

    @property
    def is_done(self) -> bool:
        """Whether segments cover it whole."""
        return self.done == len(self.span)


@dataclass(frozen=True)
class LoadState:
    """How far the load of an object is.

    Attributes:
        ranges: As planned first; none where that is not known.
        proven: Counts of the segments of the chain.
        under_way: Counts that workers report beyond them.
    """

    ranges: tuple[RangeProgress, ...]
    proven: LoadCounts
    under_way: LoadCounts


@dataclass(frozen=True)
class _Piece:
    span: Range
    counts: LoadCounts
    is_proven: bool


def load_state(
    planned: Sequence[Range], segments: Sequence[Segment], reported: Sequence[LoadProgress]
) -> LoadState:
    """Put together how far a load is.

    Args:
        planned: The ranges, in order; empty where the plan is not known.
        segments: Of the ledger.
        reported: What workers say. What segments cover by now no longer counts.
    """
    if not planned:
        counts = sum((each.counts for each in segments), start=LoadCounts())
        return LoadState((), counts, LoadCounts())
    coverage = cover(segments, planned[-1].end)
    proven = [_Piece(each.span, each.counts, is_proven=True) for each in coverage.chain]
    under_way = list(_beyond(coverage.missing, reported))
    pieces = sorted([*proven, *under_way], key=lambda piece: piece.span.start)
    return LoadState(
        tuple(_ranges(planned, pieces)),
        sum((each.counts for each in proven), start=LoadCounts()),
        sum((each.counts for each in under_way), start=LoadCounts()),
    )


def _beyond(missing: Sequence[Range], reported: Sequence[LoadProgress]) -> Iterator[_Piece]:
    """What workers report of the gaps; of two that overlap the first byte's counts."""
    waiting = sorted(reported, key=lambda each: each.span.start)
    for gap in missing:
        position = gap.start
        for each in waiting:
            if position <= each.span.start < gap.end:
                position = min(each.span.end, gap.end)
                yield _Piece(Range(each.span.start, position), each.counts, is_proven=False)


def _ranges(planned: Sequence[Range], pieces: Sequence[_Piece]) -> Iterator[RangeProgress]:
    """Share the pieces out; the counts of one go to the range that it begins in."""
    first = 0
    for span in planned:
        done = under_way = 0
        counts = LoadCounts()
        while first < len(pieces) and pieces[first].span.end <= span.start:
            first += 1
        for piece in pieces[first:]:
            if piece.span.start >= span.end:
                break
            size = min(piece.span.end, span.end) - max(piece.span.start, span.start)
            done += size * piece.is_proven
            under_way += size * (not piece.is_proven)
            if piece.span.start >= span.start:
                counts += piece.counts
        yield RangeProgress(span, done, under_way, counts)


def planned_ranges(deployed: Deployment, job_id: str, claim: Claim) -> list[Range]:
    """The ranges of a claim as they were planned first; none where that is not known any more."""
    if claim.ranges is None:
        return []
    if (results := results_of(claim.key, job_id)) is None:
        return []
    prefix = work_prefix(results, generation=claim.generation)
    try:
        spans = WorkFiles(deployed.s3, deployed.bucket).read_rows(f"{prefix}/ranges-0.json", Span)
        return [span.as_range() for span in spans]
    except ClientError as error:
        if is_any(error, NOT_FOUND):
            return []  # it has expired, as all files of work/ do
        raise
    except WorkFileDamaged:
        return []
