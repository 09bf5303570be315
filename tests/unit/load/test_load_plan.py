"""How many workers load an object, in ranges of which size."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.domain.load_plan import (
    LEAST_WORKER_SECONDS,
    RANGE_SECONDS,
    READ_BYTES_PER_SECOND,
    LoadLimits,
    LoadPlan,
    mean_line_bytes,
    plan_load,
)
from functions.domain.ranges import Range

MIB = 1024**2
LIMITS = LoadLimits(
    range_bytes=4096 * MIB,
    max_ranges=2000,
    load_concurrency=8,
    write_units_per_second=1000,
    memory_megabytes=1024,
)


def _plan(
    records: int, line_bytes: int, *, conditional: bool = False, limits: LoadLimits = LIMITS
) -> LoadPlan:
    whole = [Range(0, records * line_bytes)]
    return plan_load(whole, line_bytes=line_bytes, conditional=conditional, limits=limits)


def test_a_small_object_is_one_range() -> None:
    for line_bytes in (100, 800, 400_000):
        plan = _plan(20, line_bytes)
        assert (len(plan.ranges), plan.workers, plan.share) == (1, 1, 1000)


@pytest.mark.parametrize("conditional", [False, True])
def test_one_worker_fills_the_budget_with_short_lines(conditional: bool) -> None:
    plan = _plan(100_000, 800, conditional=conditional)
    assert (plan.workers, plan.share) == (1, 1000)
    assert len(plan.ranges) == 2
    assert plan.seconds == pytest.approx(100)


def test_long_lines_take_as_many_workers_as_read_what_the_budget_admits() -> None:
    plan = _plan(100_000, 400_000)
    assert plan.workers == 7  # 1,000 lines of 400 KB a second are 400 MB
    assert plan.seconds == pytest.approx(100, rel=0.01)
    assert len(plan.ranges) == 2 * plan.workers  # of a minute at most


def test_the_longest_lines_take_as_many_workers_as_the_setting_allows() -> None:
    plan = _plan(100_000, 600_000)
    assert plan.workers == 8
    assert plan.seconds == pytest.approx(60e9 / (8 * READ_BYTES_PER_SECOND))
    fewer = _plan(100_000, 600_000, limits=replace(LIMITS, load_concurrency=3))
    assert fewer.workers == 3


def test_a_larger_budget_takes_more_workers() -> None:
    limits = replace(LIMITS, write_units_per_second=10_000)
    assert _plan(1_000_000, 800, limits=limits).workers == 3
    assert _plan(1_000_000, 800, limits=limits, conditional=True).workers == 6
    whole_processor = replace(limits, memory_megabytes=1769)
    assert _plan(1_000_000, 800, limits=whole_processor).workers == 2


def test_no_worker_is_started_for_less_than_it_takes_to_start_one() -> None:
    assert _plan(600, 1_000_000).workers == 4
    assert _plan(100, 1_000_000).workers == 1


@given(
    st.integers(1, 10**14),
    st.floats(1, 16 * MIB),
    st.booleans(),
    st.builds(
        LoadLimits,
        range_bytes=st.integers(64 * 1024, 4096 * MIB),
        max_ranges=st.integers(1, 300),
        load_concurrency=st.integers(1, 1000),
        write_units_per_second=st.integers(1, 40_000),
        memory_megabytes=st.integers(256, 10_240),
    ),
)
def test_ranges_tile_the_object_are_equal_and_fill_whole_rounds_of_the_workers(
    size: int, line_bytes: float, conditional: bool, limits: LoadLimits
) -> None:
    plan = plan_load(
        [Range(0, size)], line_bytes=line_bytes, conditional=conditional, limits=limits
    )
    ends = [0, *(each.end for each in plan.ranges)]
    assert [each.start for each in plan.ranges] == ends[:-1]
    assert ends[-1] == size
    assert 1 <= plan.workers <= min(limits.load_concurrency, len(plan.ranges))
    assert len(plan.ranges) <= limits.max_ranges
    lengths = {len(each) for each in plan.ranges[:-1]}
    assert len(lengths) <= 1
    # The last range lacks a byte for each of the others at most, by rounding.
    if len(plan.ranges) > 1 and size > limits.max_ranges**2:
        assert max(lengths) - len(plan.ranges[-1]) <= len(plan.ranges)
    if len(plan.ranges) < limits.max_ranges - plan.workers:
        assert max(len(each) for each in plan.ranges) <= limits.range_bytes
        assert size > limits.max_ranges**2 or len(plan.ranges) % plan.workers == 0
        seconds = plan.seconds * plan.workers / len(plan.ranges)
        assert seconds <= RANGE_SECONDS
        assert (
            seconds >= LEAST_WORKER_SECONDS / 2
            or plan.workers == 1
            or (size / len(plan.ranges) >= limits.range_bytes / 2)
        )


def test_what_is_missing_is_planned_as_one_load() -> None:
    gaps = [Range(0, 40 * MIB), Range(80 * MIB, 120 * MIB), Range(500 * MIB, 501 * MIB)]
    plan = plan_load(gaps, line_bytes=800, conditional=True, limits=LIMITS)
    covered = sorted((each.start, each.end) for each in plan.ranges)
    assert covered[0][0] == 0
    assert sum(len(each) for each in plan.ranges) == 81 * MIB
    assert plan.workers == 1


def test_nothing_takes_no_range() -> None:
    plan = plan_load([], line_bytes=1, conditional=False, limits=LIMITS)
    assert (plan.ranges, plan.workers, plan.seconds) == ((), 1, 0)


@pytest.mark.parametrize(
    ("sample", "size", "mean"),
    [
        (b"", 0, 1),
        (b"1234\n1234\n", 10, 5),
        (b"1234\n1234", 9, 4.5),
        (b"1234\n12345678", 1000, 5),  # the cut line does not count
        (b"1234\r\n\n \n1234\n", 1000, 7),  # blank lines are no records
        (b"x" * 1000, 10_000, 1000),
        (b"\n\n\n", 3, 3),
    ],
)
def test_the_mean_line_is_learnt_from_the_first_bytes(
    sample: bytes, size: int, mean: float
) -> None:
    assert mean_line_bytes(sample, object_bytes=size) == mean
