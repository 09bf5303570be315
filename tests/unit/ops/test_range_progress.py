"""Planned ranges: done is what segments cover; what workers report comes on top of it."""

from datetime import UTC, datetime

import pytest

from functions.domain.counts import LoadCounts
from functions.domain.progress import LoadProgress
from functions.domain.ranges import Range
from functions.domain.segments import Segment
from ops.model.range_progress import load_state

PLANNED = [Range(0, 10), Range(10, 20), Range(20, 25)]
NOW = datetime(2026, 7, 1, tzinfo=UTC)


def segment(start: int, end: int) -> Segment:
    return Segment(Range(start, end), LoadCounts(success=1))


def report(start: int, end: int) -> LoadProgress:
    return LoadProgress(Range(start, end), LoadCounts(success=100), NOW)


@pytest.mark.parametrize(
    ("segments", "done"),
    [
        ([], 0),
        ([(0, 10)], 1),
        ([(20, 25)], 1),
        ([(0, 4), (10, 20)], 1),
        ([(0, 4), (4, 10), (10, 20), (20, 25)], 3),
        ([(0, 10), (0, 10)], 1),
        ([(0, 25)], 3),
    ],
)
def test_a_planned_range_is_done_when_every_byte_of_it_is_in_the_chain(
    segments: list[tuple[int, int]], done: int
) -> None:
    state = load_state(PLANNED, [segment(*each) for each in segments], [])
    assert sum(each.is_done for each in state.ranges) == done
    assert state.proven.total == len({*segments})


def test_without_a_plan_all_segments_count() -> None:
    state = load_state([], [segment(0, 10)], [report(10, 12)])
    assert (state.ranges, state.proven.total, state.under_way.total) == ((), 1, 0)


def test_a_worker_moves_its_range_on_before_its_segment_is_stated() -> None:
    state = load_state(PLANNED, [segment(0, 10), segment(10, 14)], [report(0, 6), report(14, 17)])
    assert [(each.done, each.under_way) for each in state.ranges] == [(10, 0), (4, 3), (0, 0)]
    assert state.ranges[1].counts.total == 101
    assert (state.proven.total, state.under_way.total) == (2, 100)


def test_of_reports_that_overlap_none_counts_twice() -> None:
    state = load_state(PLANNED, [], [report(0, 8), report(4, 9), report(8, 12)])
    assert [each.under_way for each in state.ranges] == [10, 2, 0]
    assert state.under_way.total == 200
