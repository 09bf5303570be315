"""Workers that share a budget by leases: whatever begins, ends or dies, no second sees too much."""

import heapq
import itertools
import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from functions.aws.runtime.deadline import Deadline
from functions.aws.writing.budget_lease import BudgetLease
from functions.aws.writing.write_budget import WriteBudget
from functions.domain.budget_leases import CLOCK_SKEW_SECONDS, Sharing
from tests.workflow.interleaving import Interleaving, in_runs
from tests.workflow.memory.dynamodb import MemoryDynamoDB
from tests.workflow.memory.errors import refusal

BUDGET = 1000.0
LEDGER = "ledger"


@dataclass
class Ticking:
    """Steps of several workers on one clock: each runs until it has to wait.

    A worker is a generator that yields how long it waits.
    """

    now: float = 1_000.0
    _queue: list[tuple[float, int, Iterator[float]]] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def add(self, at: float, worker: Iterator[float]) -> None:
        heapq.heappush(self._queue, (self.now + at, next(self._numbers), worker))

    def run(self, until: float) -> None:
        end = self.now + until
        while self._queue and self._queue[0][0] <= end:
            self.now, _, worker = heapq.heappop(self._queue)
            pause = next(worker, None)
            if pause is not None:
                self.add(max(pause, 1e-4), worker)
        self.now = end


class HasToWait(Exception):  # noqa: N818 - not an error
    """The worker may not write yet."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds


@dataclass
class Workers:
    """A user's workers."""

    ticking: Ticking = field(default_factory=Ticking)
    dynamodb: MemoryDynamoDB = field(
        default_factory=lambda: MemoryDynamoDB(**{LEDGER: ("pk", "sk")})
    )
    written: list[tuple[float, float, str]] = field(default_factory=list)
    speeds: dict[str, float] = field(default_factory=dict)

    def begin(
        self,
        name: str,
        *,
        execution: str = "one",
        seconds: float,
        dies: bool = False,
        budget: float = BUDGET,
        skew: float = 0.0,
        most: float = math.inf,
        is_throttled: bool = False,
    ) -> None:
        """Have a worker begin now, write as much as it may for some seconds, and end or die.

        It can write no more than `most` units a second; DynamoDB may throttle each of its writes.
        """
        self.speeds[name] = most
        lease = self.lease(name, execution=execution, budget=budget, skew=skew)
        self.ticking.add(
            0, self._write(name, lease, seconds=seconds, dies=dies, throttled=is_throttled)
        )

    def lease(
        self, name: str, *, execution: str = "one", budget: float = BUDGET, skew: float = 0.0
    ) -> BudgetLease:
        return BudgetLease(
            self.dynamodb,  # type: ignore[arg-type]
            LEDGER,
            user_id="user-1",
            execution=execution,
            caller=name,
            budget=budget,
            clock=lambda: self.ticking.now,
            now=lambda: self.ticking.now + skew,
        )

    def _write(
        self, name: str, lease: BudgetLease, *, seconds: float, dies: bool, throttled: bool
    ) -> Iterator[float]:
        def wait(pause: float) -> None:
            raise HasToWait(pause)

        end = self.ticking.now + seconds
        far = Deadline(math.inf, lambda: self.ticking.now)
        budget = WriteBudget(lease, clock=lambda: self.ticking.now, sleep=wait)
        while self.ticking.now < end:
            units = max(1.0, min(25.0, budget.rate // 10))
            try:
                assert budget.spend(units, far)
            except HasToWait as waits:
                yield waits.seconds
            else:
                self.written.append((self.ticking.now, units, name))
                if throttled:
                    budget.throttled()
                yield max(0.001, units / self.speeds[name])
        if not dies:
            lease.__exit__()

    def of(self, name: str, since: float, until: float) -> float:
        """Units a second that a worker wrote in a time (seconds since the beginning)."""
        base = 1_000.0
        found = sum(
            units
            for at, units, who in self.written
            if who.startswith(name) and base + since < at <= base + until
        )
        return found / (until - since)

    def busiest_second(self) -> float:
        """Most units of any second."""
        most, window, total = 0.0, list[tuple[float, float]](), 0.0
        for at, units, _ in self.written:
            window.append((at, units))
            total += units
            while window[0][0] <= at - 1 + 1e-6:
                total -= window.pop(0)[1]
            most = max(most, total)
        return most


@pytest.fixture
def workers() -> Workers:
    return Workers()


def test_one_worker_has_the_whole_budget_at_once(workers: Workers) -> None:
    workers.begin("a", seconds=10)
    workers.ticking.run(12)
    assert workers.of("a", 0, 1) >= 0.85 * BUDGET
    assert workers.of("a", 0, 10) >= 0.95 * BUDGET
    assert workers.dynamodb.tables[LEDGER] == {}


def test_a_user_is_a_hash_in_the_ledger(workers: Workers) -> None:
    workers.begin("a", seconds=10)
    workers.ticking.run(5)
    (row,) = workers.dynamodb.tables[LEDGER].values()
    assert "user-1" not in str(row)
    assert row["pk"]["S"].startswith("budget#")


def test_a_second_execution_has_half_within_seconds_and_gives_it_back(workers: Workers) -> None:
    workers.begin("a", execution="one", seconds=60)
    workers.ticking.run(10)
    workers.begin("b", execution="two", seconds=20)
    workers.ticking.run(60)
    assert workers.of("b", 10, 13) > 0
    assert workers.of("a", 13, 30) == pytest.approx(BUDGET / 2, rel=0.05)
    assert workers.of("b", 13, 30) == pytest.approx(BUDGET / 2, rel=0.05)
    assert workers.of("a", 33, 60) == pytest.approx(BUDGET, rel=0.05)
    assert workers.busiest_second() <= 1.05 * BUDGET


def test_a_small_job_is_not_starved_by_a_large_one(workers: Workers) -> None:
    for number in range(8):
        workers.begin(f"large-{number}", execution="large", seconds=60)
    workers.ticking.run(20)
    workers.begin("small", execution="small", seconds=20)
    workers.ticking.run(25)
    assert workers.of("small", 23, 40) == pytest.approx(BUDGET / 2, rel=0.05)
    assert workers.of("large", 23, 40) == pytest.approx(BUDGET / 2, rel=0.08)
    assert workers.busiest_second() <= 1.05 * BUDGET


def test_what_a_dead_worker_had_comes_back_within_seconds(workers: Workers) -> None:
    workers.begin("a", execution="one", seconds=60)
    workers.begin("b", execution="two", seconds=20, dies=True)
    workers.ticking.run(60)
    assert workers.of("a", 10, 20) == pytest.approx(BUDGET / 2, rel=0.05)
    assert workers.of("a", 30, 60) == pytest.approx(BUDGET, rel=0.05)
    (dead,) = workers.dynamodb.tables[LEDGER].values()
    assert int(dead["ttl"]["N"]) > float(dead["until"]["N"])


def test_a_worker_of_an_older_budget_does_not_starve(workers: Workers) -> None:
    """An execution that was planned with a share of it is redriven."""
    workers.begin("new", execution="one", seconds=30)
    workers.ticking.run(5)
    workers.begin("old", execution="two", seconds=20, budget=250)
    workers.ticking.run(30)
    assert workers.of("old", 10, 25) >= 100
    assert workers.busiest_second() <= 1.05 * BUDGET


def test_what_a_slow_worker_cannot_use_goes_to_others(workers: Workers) -> None:
    workers.begin("slow", execution="one", seconds=60, most=100)
    workers.ticking.run(10)
    workers.begin("fast", execution="two", seconds=40)
    workers.ticking.run(50)
    assert workers.of("slow", 20, 50) == pytest.approx(100, rel=0.05)
    assert workers.of("fast", 20, 50) >= 0.85 * BUDGET
    assert workers.busiest_second() <= 1.05 * BUDGET


def test_so_does_what_a_slow_worker_of_the_same_execution_cannot_use(workers: Workers) -> None:
    workers.begin("slow", seconds=60, most=100)
    workers.begin("fast", seconds=40)
    workers.ticking.run(60)
    assert workers.of("slow", 10, 40) == pytest.approx(100, rel=0.05)
    assert workers.of("fast", 10, 40) >= 0.85 * BUDGET


def test_workers_that_are_all_slow_keep_what_they_can_use(workers: Workers) -> None:
    for number in range(3):
        workers.begin(f"slow-{number}", execution=str(number), seconds=40, most=200)
    workers.ticking.run(40)
    assert workers.of("slow", 10, 40) == pytest.approx(600, rel=0.05)


def test_a_worker_that_becomes_faster_has_its_part_within_seconds(workers: Workers) -> None:
    workers.begin("a", execution="one", seconds=60, most=50)
    workers.begin("b", execution="two", seconds=60)
    workers.ticking.run(20)
    workers.speeds["a"] = math.inf
    workers.ticking.run(40)
    assert workers.of("b", 10, 20) >= 0.85 * BUDGET
    assert workers.of("a", 28, 50) == pytest.approx(BUDGET / 2, rel=0.05)
    assert workers.busiest_second() <= 1.05 * BUDGET


def test_a_throttled_worker_passes_nothing_on(workers: Workers) -> None:
    """Others would only be throttled, too."""
    workers.begin("a", execution="one", seconds=30, is_throttled=True)
    workers.begin("b", execution="two", seconds=30)
    workers.ticking.run(30)
    assert workers.of("a", 10, 30) < 0.1 * BUDGET
    assert workers.of("b", 10, 30) == pytest.approx(BUDGET / 2, rel=0.05)


class _Refusing:
    """A client of DynamoDB whose every call is refused."""

    def __init__(self, code: str) -> None:
        self._code = code

    def __getattr__(self, operation: str) -> Any:
        raise refusal(self._code, operation)


def test_a_ledger_that_is_throttled_stops_a_worker_only_when_its_lease_has_run_out(
    workers: Workers,
) -> None:
    lease = workers.lease("a")
    assert lease.units_per_second == BUDGET

    lease.client = _Refusing("ProvisionedThroughputExceededException")  # type: ignore[assignment]
    workers.ticking.now += 3
    assert lease.units_per_second == BUDGET
    workers.ticking.now += 2.1
    with pytest.raises(ClientError, match="ProvisionedThroughput"):
        _ = lease.units_per_second
    lease.__exit__()  # its row expires


def test_a_denied_ledger_fails_the_worker() -> None:
    lease = Workers().lease("a")
    lease.client = _Refusing("AccessDeniedException")  # type: ignore[assignment]
    with pytest.raises(ClientError, match="AccessDenied"):
        _ = lease.units_per_second
    with pytest.raises(ClientError, match="AccessDenied"):
        lease.__exit__()


def test_a_thousand_workers_renew_seldom() -> None:
    for workers in (1, 8, 20, 100, 1000):
        found = Sharing(fair=1, free=0, workers=workers)
        assert workers / found.renewal_seconds <= max(10, workers / 60)
    assert Sharing(fair=1, free=0, workers=8).renewal_seconds == 2


_lives = st.tuples(
    st.floats(0, 30),  # begins
    st.floats(0.1, 20),  # writes for
    st.booleans(),  # dies
    st.integers(0, 2),  # execution
    st.floats(-CLOCK_SKEW_SECONDS / 2, CLOCK_SKEW_SECONDS / 2),
    st.one_of(st.just(math.inf), st.floats(10, 1.2 * BUDGET)),  # can write a second
)
Life = tuple[float, float, bool, int, float, float]


@settings(max_examples=60, deadline=None)
@given(st.lists(_lives, min_size=1, max_size=10))
def test_no_second_sees_more_than_the_budget_over_all_workers(
    lives: Sequence[Life],
) -> None:
    workers = Workers()

    def begin(number: int, life: Life) -> Iterator[float]:
        _, seconds, dies, execution, skew, most = life
        workers.begin(
            f"w{number}",
            execution=f"e{execution}",
            seconds=seconds,
            dies=dies,
            skew=skew,
            most=most,
        )
        yield from ()

    for number, life in enumerate(lives):
        workers.ticking.add(life[0], begin(number, life))
    workers.ticking.run(60)
    assert workers.busiest_second() <= 1.05 * BUDGET


@settings(
    max_examples=80,
    deadline=None,
    # Threads do not repeat themselves to the letter, so shrinking would not end.
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)
@given(
    st.lists(
        st.tuples(st.integers(1, 6), st.integers(0, 1), st.booleans(), st.floats(0, 1)),
        min_size=2,
        max_size=4,
    ),
    st.integers(0, 2**32),
)
def test_rates_in_force_never_exceed_the_budget_whatever_the_order_of_requests(
    workers: Sequence[tuple[int, int, bool, float]], seed: int
) -> None:
    """Each takes new leases of its own, one after the other, and gives them back or not.

    Each uses a part of what it may, so that what it wants changes.
    """
    interleaving = Interleaving(in_runs(random.Random(seed)))
    dynamodb = MemoryDynamoDB(**{LEDGER: ("pk", "sk")})
    in_force: dict[str, tuple[float, float]] = {}

    def work(name: str, looks: int, execution: int, dies: bool, used: float) -> None:
        for call in range(2):
            lease = BudgetLease(
                interleaving.client(dynamodb),
                LEDGER,
                user_id="user-1",
                execution=f"execution-{execution}",
                caller=f"{name}-{call}",
                budget=BUDGET,
                clock=interleaving.clock,
                now=interleaving.clock,
            )
            for _ in range(looks):
                in_force.pop(name, None)  # while it looks, nothing is written
                rate = lease.units_per_second
                in_force[name] = (rate, interleaving.now + lease.seconds)
                rates = [rate for rate, end in in_force.values() if interleaving.now < end]
                assert sum(rates) <= BUDGET * (1 + 1e-9)
                lease.note(used * rate * lease.seconds, rate * lease.seconds)
                interleaving.sleep(lease.seconds)
            in_force.pop(name)
            if not dies:
                lease.__exit__()

    for number, life in enumerate(workers):
        interleaving.add(f"w{number}", partial(work, f"w{number}", *life))
    interleaving.run()
