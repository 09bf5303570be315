"""Leases of a user's write budget: who writes for the user now, and how fast each may.

A worker records the rate that it allows itself, and until when. It follows two rules:

- It lowers its rate first and records that afterwards. It records a higher rate first, then reads
  all leases, and takes of it what the recorded rates of the others leave.
- It writes nothing once its lease has run out, until it has renewed it by these rules.

So no more than the budget is in use at any moment, whatever begins, ends or dies in whatever order:
of two workers that record a higher rate, the one that reads later sees both.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

CLOCK_SKEW_SECONDS: Final = 1.0
"""How far the clocks of two workers may differ: a lease counts for this long after its end."""
_RENEWAL_SECONDS: Final = 2.0
_MOST_RENEWAL_SECONDS: Final = 60.0
_RENEWALS_PER_SECOND: Final = 10.0
"""Of all workers together: with many, each renews less often. One percent of the 1,000 write units
that DynamoDB gives a partition."""
_WAITING_SECONDS: Final = 0.5


@dataclass(frozen=True)
class Lease:
    """A worker's part of the budget.

    Attributes:
        execution: That the worker belongs to.
        caller: The worker's request id.
        rate: Write units a second that it may use at most.
        budget: Of the user, as far as the worker knows.
        until: When the lease runs out unless it is renewed, epoch seconds.
    """

    execution: str
    caller: str
    rate: float
    budget: float
    until: float

    def is_live(self, now: float) -> bool:
        """Whether its worker may be writing (epoch seconds, by another clock)."""
        return now < self.until + CLOCK_SKEW_SECONDS

    def as_row(self) -> dict[str, object]:
        """Attributes of its row, without the key."""
        return {
            "execution": self.execution,
            "caller": self.caller,
            "rate": Decimal(str(self.rate)),
            "budget": Decimal(str(self.budget)),
            "until": Decimal(str(self.until)),
        }

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> "Lease":
        """From its row (plain values)."""
        return cls(
            execution=row["execution"],
            caller=row["caller"],
            rate=float(row["rate"]),
            budget=float(row["budget"]),
            until=float(row["until"]),
        )


@dataclass(frozen=True)
class Sharing:
    """What a worker finds when it reads the leases.

    Attributes:
        fair: Its fair share, in write units a second: every execution has the same part of the
            budget, and every worker of an execution the same part of that.
        free: What the recorded rates of the others leave; negative while they hold too much.
        workers: How many there are, itself among them.
    """

    fair: float
    free: float
    workers: int

    def is_enough(self, rate: float) -> bool:
        """Whether a rate is the fair share, but for rounding."""
        return rate >= self.fair * (1 - 1e-6)

    @property
    def renewal_seconds(self) -> float:
        """How often each worker renews its lease."""
        many = self.workers / _RENEWALS_PER_SECOND
        return min(max(_RENEWAL_SECONDS, many), _MOST_RENEWAL_SECONDS)

    @property
    def waiting_seconds(self) -> float:
        """How often one looks that still waits for others to lower their rates."""
        return max(_WAITING_SECONDS, self.renewal_seconds / 4)

    @property
    def lease_seconds(self) -> float:
        """How long a lease lasts: one renewal may come to nothing."""
        return 2 * self.renewal_seconds + 1


def sharing(
    leases: Sequence[Lease], *, execution: str, caller: str, budget: float, now: float
) -> Sharing:
    """Divide a budget.

    Args:
        leases: All that are on record.
        execution: Of the worker that asks.
        caller: Its request id.
        budget: As it knows it. Another worker may have been started with another setting; the
            largest holds, so that none waits in vain for what the others do not give up.
        now: Epoch seconds.
    """
    others = [each for each in leases if each.caller != caller and each.is_live(now)]
    most = max([budget, *(each.budget for each in others)])
    executions = {execution, *(each.execution for each in others)}
    workers = 1 + sum(each.execution == execution for each in others)
    return Sharing(
        fair=most / len(executions) / workers,
        free=most - sum(each.rate for each in others),
        workers=1 + len(others),
    )
