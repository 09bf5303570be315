"""How work is planned, paced and tried again: as the product does it, and as it did before."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from bench.simulation import retriers
from bench.simulation.leases import LeaseTable
from bench.simulation.retriers import Retrier
from functions.aws.writing.budget_lease import BudgetLease
from functions.domain.load_plan import (
    LoadPlan,
    plan_load,
    worker_bytes_per_second,
)
from functions.domain.ranges import Range, plan
from ops.model.estimating.ingest_requests import IngestLimits
from ops.model.estimating.workload import Workload

BEFORE_RANGE_BYTES: Final = 16 * 1024 * 1024
BEFORE_WORKERS: Final = 4


class Share(Protocol):
    """What one worker may write."""

    @property
    def units_per_second(self) -> float:
        """Now."""

    @property
    def seconds(self) -> float:
        """So long."""


@dataclass(frozen=True)
class Fixed:
    """A share for good."""

    units_per_second: float
    seconds: float = math.inf


class Policy(Protocol):
    """What the product decides."""

    @property
    def retriers(self) -> Mapping[str, Sequence[Retrier]]:
        """By the state's name."""

    def plan(self, workload: Workload, limits: IngestLimits) -> LoadPlan:
        """Ranges and workers."""


@dataclass(frozen=True)
class Present:
    """The code and the definition of this checkout."""

    retriers: Mapping[str, Sequence[Retrier]]

    @classmethod
    def read(cls) -> "Present":
        """From the definition."""
        return cls(retriers.read())

    def plan(self, workload: Workload, limits: IngestLimits) -> LoadPlan:
        """As PlanRanges plans."""
        return plan_load(
            [Range(0, workload.size)],
            line_bytes=workload.line_bytes,
            conditional=False,
            limits=limits.load,
        )


@dataclass(frozen=True)
class Before:
    """The first version: a fixed size of ranges, fixed shares, five attempts for a place."""

    retriers: Mapping[str, Sequence[Retrier]]

    @classmethod
    def read(cls) -> "Before":
        """The present states with the retrier that they had."""
        once = Retrier(
            frozenset({"Lambda.TooManyRequestsException", "ImagesThrottled"}), 2, 5, 2.0, 60
        )
        return cls({name: (once,) for name in retriers.read()})

    def plan(self, workload: Workload, limits: IngestLimits) -> LoadPlan:
        """Ranges of one size; each worker has a fourth of the budget, for good."""
        found = plan(
            Range(0, workload.size),
            range_bytes=BEFORE_RANGE_BYTES,
            max_ranges=limits.load.max_ranges,
        )
        workers = min(len(found), BEFORE_WORKERS)
        share = limits.load.write_units_per_second / workers
        return LoadPlan(workers, BEFORE_RANGE_BYTES, tuple(found), share, 0.0)


__all__ = ["Before", "BudgetLease", "Fixed", "LeaseTable", "Policy", "Present", "Share",
           "worker_bytes_per_second"]  # fmt: skip
