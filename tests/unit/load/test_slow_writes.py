"""However low the rate, what a call has written counts: no more is begun than can be finished."""

import threading

import pytest

from functions.aws.runtime.deadline import Deadline
from functions.aws.writing.pacing import Pacing
from functions.aws.writing.write_budget import FixedShare, WriteBudget
from functions.aws.writing.writer import TransactionWriter
from functions.domain.transactions import Transaction
from tests.unit.load.fake_time import FakeTime
from tests.unit.load.fixed_permit import FixedPermit
from tests.unit.load.segment_loading import Table
from tests.unit.load.segment_loading import transactions as make

BATCH = 25


@pytest.fixture(scope="module")
def batches() -> list[list[Transaction]]:
    made = make(0, 50 * BATCH)
    return [made[at : at + BATCH] for at in range(0, len(made), BATCH)]


@pytest.mark.parametrize("may_replace", [True, False])
@pytest.mark.parametrize(("rate", "confirmed"), [(0.25, 1), (1, 4), (10, 40)])
def test_batches_are_confirmed_one_after_the_other_at_a_low_rate(
    batches: list[list[Transaction]], rate: float, confirmed: int, *, may_replace: bool
) -> None:
    time, seconds = FakeTime(), 110
    # The other threads' turn comes while a request is under way.
    table = Table(before=lambda: threading.Event().wait(0.0005))
    deadline = Deadline(time.now + seconds, time.clock)
    budget = WriteBudget(FixedShare(rate), clock=time.clock, sleep=time.sleep)
    with TransactionWriter(
        table,  # type: ignore[arg-type]
        "transactions",
        pacing=Pacing(budget, deadline, time.sleep, lambda: 0.5),
        permit=FixedPermit(may_replace),
        expects_items=False,
    ) as writer:
        written = [writer.write(batch, replace=True) for batch in batches]
        done = [each.result() for each in written]
    assert done[:confirmed] == [True] * confirmed
    assert sum(done) * BATCH <= rate * seconds + 1
