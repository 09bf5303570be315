"""The axis of a timeline: work to scale, standstills folded."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from ops.console.time_axis import Fold, TimeAxis

START = datetime(2026, 11, 28, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def axis(end: float, *folds: tuple[float, float]) -> TimeAxis:
    made = [Fold(at(since), at(until), ends_by_redrive=True) for since, until in folds]
    return TimeAxis(START, at(end), made)


def test_without_standstills_it_is_linear() -> None:
    assert [axis(10).x(at(n)) for n in (0, 5, 10)] == [0, 50, 100]


def test_a_standstill_is_as_wide_however_long_it_was() -> None:
    short, long = axis(30, (10, 20)), axis(100_020, (10, 100_010))
    assert short.x(at(10)) == long.x(at(10)) == 46
    assert short.x(at(20)) == long.x(at(100_010)) == 54


def test_a_time_at_work_is_cut_at_standstills() -> None:
    pieces = list(axis(40, (10, 20), (25, 30)).pieces(at(5), at(35)))
    assert pieces == [(at(5), at(10)), (at(20), at(25)), (at(30), at(35))]


def test_a_moment_has_a_piece() -> None:
    assert list(axis(20, (10, 20)).pieces(at(10), at(10))) == [(at(10), at(10))]


def test_an_execution_that_took_no_time_can_be_drawn() -> None:
    assert axis(0).x(START) == 0


@given(st.lists(st.floats(0, 1e6), min_size=2, max_size=12, unique=True), st.data())
def test_what_is_later_lies_further_right(moments: list[float], data: st.DataObject) -> None:
    moments.sort()
    pairs = list(zip(moments[::2], moments[1::2], strict=False))
    drawn = axis(moments[-1] + 1, *pairs)
    first = data.draw(st.floats(0, moments[-1] + 1))
    second = data.draw(st.floats(first, moments[-1] + 1))
    assert 0 <= drawn.x(at(first)) <= drawn.x(at(second)) + 1e-9
    assert drawn.x(at(second)) <= 100 + 1e-9
