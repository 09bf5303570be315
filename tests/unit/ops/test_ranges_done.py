"""A planned range is done when every byte of it is in a segment of the chain."""

from __future__ import annotations

import pytest

from functions.domain.counts import LoadCounts
from functions.domain.ranges import Range
from functions.domain.segments import Segment
from ops.model.job_report import ranges_done

PLANNED = [(0, 10), (10, 20), (20, 25)]


def segment(start: int, end: int) -> Segment:
    return Segment(Range(start, end), LoadCounts(success=1))


@pytest.mark.parametrize(
    ("segments", "done"),
    [
        ([], 0),
        ([(0, 10)], 1),
        ([(20, 25)], 1),
        ([(0, 4), (10, 20)], 1),
        ([(0, 4), (4, 10), (10, 20), (20, 25)], 3),
        ([(0, 10), (0, 10)], 1),
    ],
)
def test_ranges_done(segments: list[tuple[int, int]], done: int) -> None:
    found, chain = ranges_done([segment(*each) for each in segments], PLANNED)
    assert found == done
    assert len(chain) == len({*segments})


def test_without_a_plan_all_segments_count() -> None:
    assert ranges_done([segment(0, 10)], []) == (0, [segment(0, 10)])
