"""The write budget on a clock that only sleeping moves."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from functions.aws.runtime.deadline import Deadline
from functions.aws.writing.write_budget import FixedShare, WriteBudget
from tests.unit.load.fake_time import FakeTime

FAR = 1e9


def _budget(share: float) -> tuple[WriteBudget, FakeTime, Deadline]:
    time = FakeTime()
    deadline = Deadline(time.now + FAR, time.clock)
    budget = WriteBudget(FixedShare(share), clock=time.clock, sleep=time.sleep)
    return budget, time, deadline


def _busiest_second(spent: list[tuple[float, float]]) -> float:
    return max(sum(units for at, units in spent if end - 1 < at <= end) for end, _ in spent)


_TO_THE_LAST_BIT = [
    *((1.0, 0.0, True), (1.0, 0.0, True), (0.5, 0.0, False), (1.0, 0.0, False)),
    *((1.0, 0.0, False), (1.0, 0.25, True), (0.5, 0.0, True), (0.5, 0.0, True)),
    *((1.0, 0.25, True), (0.25, 0.0, False), (1.0, 0.0, False)),
]
"""The last write but one leaves the window a bit of a float later than it seems to."""


@example(share=1.0, writes=_TO_THE_LAST_BIT)
@given(
    share=st.floats(1, 2000),
    writes=st.lists(
        st.tuples(
            st.floats(0.01, 1),  # units, as a share of the share or of a batch
            st.floats(0, 0.4),  # seconds that the caller lets pass
            st.booleans(),  # DynamoDB refuses it
        ),
        min_size=1,
        max_size=60,
    ),
)
def test_no_second_exceeds_the_share_by_more_than_five_percent(
    share: float, writes: list[tuple[float, float, bool]]
) -> None:
    budget, time, deadline = _budget(share)
    spent = []
    for part, idle, refused in writes:
        units = min(25.0, share) * part
        assert budget.spend(units, deadline)
        spent.append((time.now, units))
        if refused:
            budget.throttled()
        time.now += idle
    assert _busiest_second(spent) <= share * 1.05


@pytest.mark.parametrize(("share", "batch"), [(250, 25), (240, 24), (1000, 25), (37, 3), (7, 1)])
def test_a_steady_writer_gets_nearly_all_of_its_share(share: float, batch: float) -> None:
    budget, time, deadline = _budget(share)
    began = time.now
    for _ in range(400):
        assert budget.spend(batch, deadline)
    assert 400 * batch / (time.now - began) == pytest.approx(share, rel=0.07)


def test_it_halves_on_a_throttle_once_a_second_and_climbs_back() -> None:
    budget, time, _ = _budget(1000)
    budget.throttled()
    budget.throttled()
    assert budget.rate == 500
    time.now += 1
    budget.throttled()
    assert budget.rate == pytest.approx(275)
    time.now += 5
    assert budget.rate == pytest.approx(525)
    time.now += 60
    assert budget.rate == 1000


def test_it_never_falls_so_low_that_nothing_is_tried() -> None:
    budget, time, _ = _budget(1000)
    for _ in range(50):
        budget.throttled()
        time.now += 1
    assert budget.rate >= 20


def test_a_write_larger_than_a_second_goes_through_and_is_paid_for_afterwards() -> None:
    budget, time, deadline = _budget(100)
    assert budget.spend(400, deadline)
    began = time.now
    assert budget.spend(1, deadline)
    assert time.now - began >= 3.9


def test_it_does_not_wait_beyond_the_deadline() -> None:
    budget, time, _ = _budget(10)
    deadline = Deadline(time.now + 1, time.clock)
    assert budget.spend(10, deadline)
    assert not budget.spend(10, deadline)
    assert time.slept == []
