"""How work is planned, paced and tried again: as the product does it, and as it did before."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final, Self

from bench.simulation import retriers
from bench.simulation.leases import LeaseTable
from bench.simulation.retriers import Retrier
from functions.aws.writing.budget_lease import BudgetLease
from functions.aws.writing.write_budget import FixedShare, Share
from functions.domain.load_plan import LoadLimits, LoadPlan, plan_load
from functions.domain.ranges import Range, plan
from ops.model.estimating.workload import Workload

_BEFORE_RANGE_BYTES: Final = 16 * 1024 * 1024
_BEFORE_WORKERS: Final = 4
_BEFORE: Final = Retrier(
    frozenset({"Lambda.TooManyRequestsException", "ImagesThrottled"}), 2, 5, 2.0, 60
)


@dataclass(frozen=True)
class Worker:
    """A call that writes.

    Attributes:
        caller: Its request id.
    """

    user: str
    execution: str
    caller: str


@dataclass
class Present:
    """The code and the definition of this checkout."""

    clock: Callable[[], float]
    retriers: Mapping[str, Sequence[Retrier]] = field(default_factory=retriers.read)
    leases: LeaseTable = field(default_factory=LeaseTable)

    def plan(self, workload: Workload, limits: LoadLimits) -> LoadPlan:
        """As PlanRanges plans."""
        spans = [Range(0, workload.size)]
        return plan_load(spans, line_bytes=workload.line_bytes, conditional=False, limits=limits)

    @contextmanager
    def share(self, worker: Worker, _plan: LoadPlan | None, limits: LoadLimits) -> Iterator[Share]:
        """A lease, as LoadSegment and MigrateImages have it."""
        client: Any = self.leases
        budget = limits.write_units_per_second
        with BudgetLease(
            client, "ledger", worker.user, worker.execution, worker.caller, budget,
            clock=self.clock, now=self.clock,
        ) as lease:  # fmt: skip
            yield lease


@dataclass(frozen=True)
class Before:
    """The first version: ranges of one size, fixed shares, five attempts to get a place."""

    retriers: Mapping[str, Sequence[Retrier]]

    @classmethod
    def read(cls) -> Self:
        """The present states with the retrier that they had."""
        return cls(dict.fromkeys(retriers.read(), (_BEFORE,)))

    def plan(self, workload: Workload, limits: LoadLimits) -> LoadPlan:
        """Ranges of one size; each worker has its part of the budget for good."""
        found = plan(
            Range(0, workload.size), range_bytes=_BEFORE_RANGE_BYTES, max_ranges=limits.max_ranges
        )
        workers = min(len(found), _BEFORE_WORKERS)
        share = limits.write_units_per_second / workers
        return LoadPlan(workers, _BEFORE_RANGE_BYTES, tuple(found), share, 0.0)

    @contextmanager
    def share(self, _worker: Worker, plan: LoadPlan | None, _limits: LoadLimits) -> Iterator[Share]:
        """A part of the budget; images were moved without one."""
        yield FixedShare(plan.share if plan else math.inf)


Policy = Present | Before
