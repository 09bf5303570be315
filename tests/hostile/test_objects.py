"""Whole results objects made to exhaust the workers that load them."""

import json
import time

import pytest

from functions.domain.counts import LoadCounts, sum_loads
from functions.domain.ranges import Range, plan
from functions.domain.segments import Segment, cover
from tests.hostile import exhausting_objects
from tests.hostile.costs import cost_of
from tests.unit.load.segment_loading import SegmentLoading, good

BOUNDS: dict[str, tuple[int, dict[str, int]]] = {
    "100,000 lines of one digit": (64, {"InvalidJson": 100_000}),
    "a million lines of one digit": (64, {"InvalidJson": 1_000_000}),
    "a million line ends": (32, {}),
    "a million blank lines with returns": (32, {}),
    "16 MiB of returns": (64, {}),
    "5,000 rejects with long excerpts": (128, {"NoJsonInText": 5_000}),
    "50,000 answers for one image": (64, {"success": 1, "duplicate": 49_999}),
    "10,000 image ids of 2,048 bytes": (320, {"success": 10_000}),
    "20 items of 390 KiB": (128, {"success": 20}),
    "100 dates of 1 MiB": (64, {"InvalidReceipt": 100}),
    "one line of 100 MiB": (64, {"LineTooLong": 1}),
}
"""Peak in MiB, and what must be counted. The dates were once kept, one by one: 106 MiB."""
SECONDS = 60.0


_LONG = "a million lines of one digit"


@pytest.mark.parametrize(
    "case",
    [pytest.param(each, marks=[pytest.mark.slow] if each == _LONG else []) for each in BOUNDS],
)
def test_an_object_costs_a_worker_little_and_every_line_is_counted(case: str) -> None:
    mib, counted = BOUNDS[case]
    cost = cost_of(exhausting_objects.__name__, case)
    found = json.loads(cost.verdict)
    del found["segments"]
    assert found == counted
    assert cost.mib < mib
    assert cost.seconds < SECONDS


def test_every_exhausting_object_has_its_bound() -> None:
    assert set(BOUNDS) == set(exhausting_objects.CASES)


def test_a_range_inside_one_enormous_line_reads_no_further_than_its_own_end() -> None:
    """Each range of such an object used to read on to the object's end, looking for a line."""
    mib = 1024 * 1024
    loading = SegmentLoading(b"x" * 8 * mib + b"\n" + good("image") + b"\n", block=65_536)
    for start in range(mib, 7 * mib, mib):
        loading.s3.ranges.clear()
        loaded = loading.load(Range(start, start + mib))
        assert loaded.segment.counts.total == 0
        assert _bytes_asked(loading) <= 1.6 * mib
    last = loading.load(Range(7 * mib, len(loading.s3.data)))
    assert last.segment.counts.success == 1


def test_the_line_after_it_is_found_wherever_a_range_begins() -> None:
    body = b"x" * 50 + b"\n" + good("image") + b"\n" + b"y" * 50
    loading = SegmentLoading(body, block=3)
    for size in range(1, 70):
        total = sum(
            (loading.load(span).segment.counts.total for span in _ranges(len(body), size)),
        )
        assert total == 3, size


def _ranges(length: int, size: int) -> list[Range]:
    return plan(Range(0, length), range_bytes=size, max_ranges=10_000)


def _bytes_asked(loading: SegmentLoading) -> int:
    asked = 0
    for each in loading.s3.ranges:
        start, end = each.removeprefix("bytes=").split("-")
        asked += int(end) - int(start) + 1
    return asked


def test_the_proof_of_a_hundred_thousand_segments_takes_little_time() -> None:
    """So many are made of 5 GB of one-digit lines; half as many again were tried twice."""
    spans = [Range(at, at + 4096) for at in range(0, 100_000 * 4096, 4096)]
    again = [Range(at, at + 8192) for at in range(2048, 50_000 * 8192, 8192)]
    segments = [Segment(span=span, counts=LoadCounts(rejects={"x": 1})) for span in spans + again]
    began = time.process_time()
    coverage = cover(segments, 100_000 * 4096)
    assert coverage.missing == ()
    assert sum_loads(each.counts for each in coverage.chain).failure == 100_000
    assert time.process_time() - began < 60


@pytest.mark.parametrize(
    ("size", "most"), [(1, 1), (10**9, 60), (5 * 1024**4, 2000), (10**18, 2000)]
)
def test_a_plan_never_has_more_ranges_than_one_worker_can_look_through(
    size: int, most: int
) -> None:
    ranges = plan(Range(0, size), range_bytes=16 * 1024**2, max_ranges=2000)
    assert 1 <= len(ranges) <= most
    assert (ranges[0].start, ranges[-1].end) == (0, size)
