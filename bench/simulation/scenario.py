"""A number of jobs on an account, simulated to their end, and the floors of what they take."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from random import Random
from typing import Final

import simpy

from bench.simulation.account import Account, AccountLimits
from bench.simulation.execution import Execution, Failed, Process
from bench.simulation.policies import Before, Policy, Present
from ops.model.estimating import settings
from ops.model.estimating.ingest_requests import IngestLimits, ingest_of
from ops.model.estimating.prices import LIST_PRICES, Requests
from ops.model.estimating.workload import Workload
from ops.model.pace import Pace

GOOD: Final = 0.96
"""Share of the records that become transactions."""
NETWORK_BYTES: Final = 78e6
"""A second, of a function: 625 Mbit/s
(https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html)."""


@dataclass(frozen=True)
class Scenario:
    """What is simulated.

    Attributes:
        jobs: With one results object each.
        records: Of each job.
        line_bytes: Of a record.
        has_images: Each transaction has an image that is moved.
        is_one_user: All jobs are one user's, who has one write budget.
        arrival_seconds: In which all of them arrive.
        backfill: They are started by `ingest backfill --rate --at-a-time` with these.
        before: As the first version did it.
    """

    jobs: int
    records: int
    line_bytes: int
    has_images: bool = False
    is_one_user: bool = False
    arrival_seconds: float = 60.0
    account: AccountLimits = field(default_factory=AccountLimits)
    limits: IngestLimits = field(default_factory=settings.of_project)
    backfill: tuple[float, int] | None = None
    before: bool = False
    seed: int = 1

    @property
    def workload(self) -> Workload:
        """Of each job."""
        good = self.records * GOOD
        return Workload(
            size=self.records * self.line_bytes,
            line_bytes=self.line_bytes,
            records=self.records,
            transactions=good,
            item_units=1.0,
            images=good if self.has_images else 0.0,
        )


@dataclass(frozen=True)
class Outcome:
    """How it went.

    Attributes:
        wall: Seconds until the last execution ended.
        loading: Seconds in LoadRanges, of the slowest.
        failed: Executions.
        refused: Calls, by the error.
        requests: Of all.
        loading_gigabyte_seconds: Of LoadSegment.
    """

    scenario: Scenario
    wall: float
    loading: float
    failed: int
    refused: Counter[str]
    most_at_once: int
    requests: Requests
    loading_gigabyte_seconds: float

    @property
    def cost(self) -> float:
        """US dollars."""
        return self.requests.cost

    @property
    def loading_floor(self) -> float:
        """Seconds that bytes and writes take at least, of one job alone."""
        work, limits = self.scenario.workload, self.scenario.limits.load
        writes = work.transactions * work.item_units / limits.write_units_per_second
        return max(writes, work.size / (limits.load_concurrency * NETWORK_BYTES))

    @property
    def cost_floor(self) -> float:
        """US dollars of the requests that nothing avoids: all jobs.

        A transaction and its index; of an image `s3Key` and its index, the mark, two reads, COPY
        and S3's two events.
        """
        work = self.scenario.workload
        each = Requests(write_units=2 * work.transactions * work.item_units)
        each += Requests(write_units=3, read_units=1, s3_writes=1, events=2).times(work.images)
        return each.cost * self.scenario.jobs

    @property
    def loading_ratio(self) -> float:
        """Seconds in LoadRanges over their floor."""
        return self.loading / self.loading_floor

    @property
    def cost_ratio(self) -> float:
        """US dollars over their floor."""
        return self.cost / self.cost_floor

    @property
    def succeeded(self) -> int:
        """Executions."""
        return self.scenario.jobs - self.failed

    @property
    def transitions_cost(self) -> float:
        """US dollars of state transitions."""
        return self.requests.transitions * LIST_PRICES.transitions

    def as_json(self) -> dict[str, object]:
        """The output of `--json`."""
        names = ("jobs", "records", "line_bytes", "has_images", "is_one_user", "before")
        return {
            **{name: getattr(self.scenario, name) for name in names},
            "wall": self.wall,
            "loading": self.loading,
            "loadingRatio": self.loading_ratio,
            "cost": self.cost,
            "costRatio": self.cost_ratio,
            "failed": self.failed,
            "refused": dict(self.refused),
            "mostAtOnce": self.most_at_once,
        }


def simulate(scenario: Scenario) -> Outcome:
    """Run all jobs to their end."""
    env, random = simpy.Environment(), Random(scenario.seed)
    account = Account(env, scenario.account)
    policy: Policy = Before.read() if scenario.before else Present(lambda: float(env.now))
    executions = [
        Execution(
            env, account, policy, scenario.limits, scenario.workload,
            name=f"execution-{n}",
            user="user" if scenario.is_one_user else f"user-{n}",
            random=random,
        )
        for n in range(scenario.jobs)
    ]  # fmt: skip
    arrivals = Arrivals(env)
    env.process(arrivals.all(executions, scenario, random))
    env.run()
    return Outcome(
        scenario,
        wall=env.now,
        loading=max(each.loading for each in executions),
        failed=arrivals.failed,
        refused=account.refused,
        most_at_once=account.most_at_once,
        requests=_requests(scenario, account),
        loading_gigabyte_seconds=(
            account.function_seconds["LoadSegment"] * scenario.limits.gigabytes
        ),
    )


@dataclass
class Arrivals:
    """Executions that are started, and how they end."""

    env: simpy.Environment
    running: int = 0
    failed: int = 0

    def all(self, executions: Sequence[Execution], scenario: Scenario, random: Random) -> Process:
        """Start each: when its event comes, or at the pace of a backfill."""
        if scenario.backfill is None:
            within = scenario.arrival_seconds if scenario.jobs > 1 else 0.0
            for each in executions:
                self._start(each, after=random.random() * within)
            return
        rate, at_a_time = scenario.backfill
        pace = Pace(rate, at_a_time, lambda: self.running, clock=lambda: float(self.env.now))
        for each in executions:
            for pause in pace.pauses():
                yield self.env.timeout(pause)
            self._start(each, after=0.0)

    def _start(self, execution: Execution, *, after: float) -> None:
        self.running += 1
        self.env.process(self._run(execution, after))

    def _run(self, execution: Execution, after: float) -> Process:
        yield self.env.timeout(after)
        try:
            yield from execution.run()
        except Failed:
            self.failed += 1
        finally:
            self.running -= 1


def _requests(scenario: Scenario, account: Account) -> Requests:
    """What was simulated, and for the rest what an ingest takes that nothing disturbs."""
    planned = ingest_of(scenario.workload, scenario.limits).requests.times(scenario.jobs)
    return replace(
        planned,
        transitions=account.transitions + scenario.jobs,
        calls=account.calls,
        gigabyte_seconds=sum(account.function_seconds.values()) * scenario.limits.gigabytes,
    )
