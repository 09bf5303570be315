"""An execution of the state machine, as a process."""

import math
from collections.abc import Callable, Generator
from dataclasses import dataclass
from random import Random
from typing import Any, Final

import simpy

from bench.simulation.account import Account
from bench.simulation.policies import Policy, Worker
from bench.simulation.retriers import Retries
from functions.aws.runtime.deadline import Deadline
from functions.aws.writing.write_budget import Share
from functions.domain.load_plan import LoadPlan, processor_bytes_per_second
from functions.migrate_images.pace import THREADS, Pace
from ops.model.estimating.ingest_requests import (
    CALL_SECONDS,
    CHILD_SECONDS,
    IMAGE_BATCH,
    IMAGES_PER_SECOND,
    LOOKUPS_PER_SECOND,
    MAP_SECONDS,
    SEGMENT_SECONDS,
    START_SECONDS,
    STATE_SECONDS,
    WARM_SECONDS,
    IngestLimits,
    chunks_of,
)
from ops.model.estimating.workload import Workload

Process = Generator[simpy.Event, Any, Any]
_NOTHING_SECONDS: Final = 0.5
"""Until a worker looks again that has no part of the budget."""


class Failed(Exception):  # noqa: N818  as Step Functions says
    """A task's retries are spent."""


@dataclass
class Execution:
    """Of one results object.

    Attributes:
        loading: Seconds in the state LoadRanges, once it is over.
    """

    env: simpy.Environment
    account: Account
    policy: Policy
    limits: IngestLimits
    workload: Workload
    name: str
    user: str
    random: Random
    loading: float = 0.0
    _calls: int = 0

    def run(self) -> Process:
        """From the event to the settled job.

        Raises:
            Failed: it has failed.
        """
        yield from self._call("ResolveJob")
        yield from self._states(2)
        yield from self._call("PlanRanges")
        yield from self._states(1)
        plan = self.policy.plan(self.workload, self.limits.load)
        began = self.env.now
        lengths = [len(each) for each in plan.ranges]
        yield from self._map(plan.workers, lengths, lambda length: self._load(plan, length))
        self.loading = self.env.now - began
        yield from self._call("VerifyLoad")
        yield from self._states(3)
        planned = chunks_of(self.workload, plan, self.limits)
        if chunks := [sum(part.count for part in chunk) for chunk in planned]:
            yield from self._map(self.limits.migrate_concurrency, chunks, self._migrate)
            yield from self._call("VerifyMigration")
            yield from self._states(1)
        yield from self._call("SettleJob")
        yield from self._states(2)

    def _states(self, number: int) -> Process:
        yield from self.account.enter(number)
        yield self.env.timeout(number * STATE_SECONDS)

    def _call(self, state: str) -> Process:
        def body() -> Process:
            yield self.env.timeout(CALL_SECONDS)
            return True

        yield from self._task(state, body)

    def _task(self, state: str, body: Callable[[], Process]) -> Process:
        """A task with its retriers; a body that raises Refused is tried again as well."""
        retries = Retries(self.policy.retriers[state], self.random.random)
        while True:
            yield from self._states(1)
            error = "Lambda.TooManyRequestsException"
            if (is_new := self.account.invoke(state)) is not None:
                began = self.env.now
                try:
                    yield self.env.timeout(START_SECONDS if is_new else WARM_SECONDS)
                    return (yield from body())
                except Refused as refused:
                    error = str(refused)
                finally:
                    self.account.ended(state, self.env.now - began)
            if (delay := retries.delay(error)) is None:
                raise Failed(f"{state}: {error}")
            yield self.env.timeout(delay)

    def _map(self, workers: int, items: list[int], child: Callable[[int], Process]) -> Process:
        """A Distributed Map: this many children at a time; one that fails fails it."""
        yield from self._states(1)
        yield self.env.timeout(MAP_SECONDS)
        waiting, failures = iter(items), list[Failed]()

        def worker() -> Process:
            for item in waiting:
                yield self.env.timeout(CHILD_SECONDS)
                yield from self.account.enter(1)
                try:
                    yield from child(item)
                except Failed as failure:
                    failures.append(failure)
                if failures:
                    return
                yield from self.account.enter(1)

        yield self.env.all_of([self.env.process(worker()) for _ in range(workers)])
        if failures:
            raise failures[0]

    def _load(self, plan: LoadPlan, length: int) -> Process:
        """The calls of LoadSegment on a range of this many bytes."""
        left = float(length)
        while left > 0:
            before = left

            def body(left: float = before) -> Process:
                return (yield from self._segment(plan, left))

            left = yield from self._task("LoadSegment", body)
            yield from self._states(1)

    def _segment(self, plan: LoadPlan, left: float) -> Process:
        """One call; returns the bytes that it leaves."""
        self._calls += 1
        load, work = self.limits.load, self.workload
        processor = processor_bytes_per_second(work.line_bytes, conditional=False, limits=load)
        fastest = min(processor, self.account.limits.function_bytes)
        units = work.transactions * work.item_units / work.size
        deadline = self.env.now + SEGMENT_SECONDS
        worker = Worker(self.user, self.name, f"{self.name}-{self._calls}")
        with self.policy.share(worker, plan, load) as share:
            return (yield from self._paced(left, share, fastest, units=units, until=deadline))

    def _paced(
        self, left: float, share: Share, fastest: float, *, units: float, until: float
    ) -> Process:
        """Work as fast as the budget allows; returns what is left at that time.

        Args:
            left: Of work: bytes, or images.
            share: Of the budget.
            fastest: Work a second that is possible.
            units: Write units of each byte or image.
            until: When to stop.
        """
        while left > 1e-6 and self.env.now < until:
            allowed = share.units_per_second
            rate = min(fastest, allowed / units) if units else fastest
            step = min(share.seconds or _NOTHING_SECONDS, until - self.env.now)
            step = min(step, left / rate) if rate else step
            yield self.env.timeout(step)
            left -= rate * step
            share.note(rate * step * units, allowed * step)
        return 0.0 if left <= 1e-6 else left

    def _migrate(self, recorded: int) -> Process:
        """The calls of MigrateImages on a chunk of this many transactions."""
        left = recorded
        while left:
            before = left

            def body(left: int = before) -> Process:
                return (yield from self._move(left))

            left = yield from self._task("MigrateChunk", body)
            yield from self._states(1)

    def _move(self, recorded: int) -> Process:
        """One call; returns the transactions that it leaves."""
        self._calls += 1
        worker = Worker(self.user, self.name, f"{self.name}-{self._calls}")
        with self.policy.share(worker, None, self.limits.load) as share:
            return (yield from self._move_with(share, recorded))

    def _move_with(self, budget: Share, recorded: int) -> Process:
        pauses: list[float] = []
        pace = Pace(pauses.append, self.random.random)
        deadline = Deadline(self.env.now + SEGMENT_SECONDS, lambda: self.env.now)
        share = self.workload.images / self.workload.transactions
        left = recorded
        while left and not deadline.has_passed:
            batch = min(IMAGE_BATCH, left)
            yield self.env.timeout(batch / LOOKUPS_PER_SECOND)
            waiting = batch * share
            while waiting > 0:
                taken = self.account.s3_writes.take(waiting)
                fastest = IMAGES_PER_SECOND * pace.width / THREADS
                yield from self._paced(taken, budget, fastest, units=1.0, until=math.inf)
                waiting -= taken
                if waiting > 0:
                    self.account.refused["SlowDown"] += math.ceil(waiting)
                    if not pace.slow_down(deadline):
                        if left == recorded:
                            raise Refused("ImagesThrottled")
                        return left
                    yield self.env.timeout(pauses.pop())
            pace.keep_up()
            left -= batch
        return left


class Refused(Exception):  # noqa: N818  a throttle, not a fault
    """A call ended because a service refused its requests."""
