"""Leases of a user's write budget: who writes for the user now, and how fast each may.

A worker records the rate that it allows itself, and until when. It follows two rules:

- It lowers its rate first and records that afterwards. It records a higher rate first, then reads
  all leases, and takes of it what the recorded rates of the others leave.
- It writes nothing once its lease has run out, until it has renewed it by these rules.

So no more than the budget is in use at any moment, whatever begins, ends or dies in whatever order:
of two workers that record a higher rate, the one that reads later sees both.

A worker also records how much it can use, measured by what it wrote of what it was allowed. What it
cannot use is divided among the others. The two rules hold whatever that number is.
"""

import math
from collections import defaultdict
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

_FULLY_USED: Final = 0.9
"""Share of what was allowed: a worker that wrote as much is bound by its rate."""
_HARDLY_USED: Final = 0.7
"""A worker that wrote less can pass on the rest. In between, what it wants stays as it was."""
_SPARE: Final = 1.25
"""Wanted over what was written, so that a worker that becomes faster is seen to be."""
_LEAST_WANTED: Final = 0.25
"""Of what was allowed: a short pause does not take all of it."""


@dataclass(frozen=True)
class Lease:
    """A worker's part of the budget.

    Attributes:
        execution: That the worker belongs to.
        caller: The worker's request id.
        rate: Write units a second that it may use at most.
        budget: Of the user, as far as the worker knows.
        until: When the lease runs out unless it is renewed, epoch seconds.
        wanted: Write units a second that the worker can use; infinite for as many as it gets.
    """

    execution: str
    caller: str
    rate: float
    budget: float
    until: float
    wanted: float = math.inf

    def is_live(self, now: float) -> bool:
        """Whether its worker may be writing (epoch seconds, by another clock)."""
        return now < self.until + CLOCK_SKEW_SECONDS

    def as_row(self) -> dict[str, object]:
        """Attributes of its row, without the key."""
        wanted = {} if math.isinf(self.wanted) else {"wanted": Decimal(str(self.wanted))}
        return {
            "execution": self.execution,
            "caller": self.caller,
            "rate": Decimal(str(self.rate)),
            "budget": Decimal(str(self.budget)),
            "until": Decimal(str(self.until)),
            **wanted,
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
            wanted=float(row.get("wanted", math.inf)),
        )


@dataclass(frozen=True)
class Sharing:
    """What a worker finds when it reads the leases.

    Attributes:
        fair: Its fair share, in write units a second: every execution has the same part of the
            budget, and every worker of an execution the same part of that. What an execution or
            a worker cannot use of its part is divided among the others.
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


def wanted_rate(before: float, *, spent: float, allowed: float, seconds: float) -> float:
    """Write units a second that a worker can use, by what it did with its rate.

    Args:
        before: What it wanted until now.
        spent: Units that it has written in these seconds.
        allowed: Units that it might have written while nothing throttled it.
        seconds: How long that was.
    """
    if spent >= _FULLY_USED * allowed:
        return math.inf
    if spent > _HARDLY_USED * allowed:
        return before
    return max(_SPARE * spent, _LEAST_WANTED * allowed) / seconds


def sharing(
    leases: Sequence[Lease],
    *,
    execution: str,
    caller: str,
    budget: float,
    now: float,
    wanted: float = math.inf,
) -> Sharing:
    """Divide a budget.

    Args:
        leases: All that are on record.
        execution: Of the worker that asks.
        caller: Its request id.
        budget: As it knows it. Another worker may have been started with another setting; the
            largest holds, so that none waits in vain for what the others do not give up.
        now: Epoch seconds.
        wanted: Write units a second that it can use.
    """
    others = [each for each in leases if each.caller != caller and each.is_live(now)]
    most = max([budget, *(each.budget for each in others)])
    workers: dict[str, dict[str, float]] = defaultdict(dict, {execution: {caller: wanted}})
    for each in others:
        workers[each.execution][each.caller] = each.wanted
    executions = {name: sum(those.values()) for name, those in workers.items()}
    part = _divide(most, executions)[execution]
    return Sharing(
        fair=_divide(part, workers[execution])[caller],
        free=most - sum(each.rate for each in others),
        workers=1 + len(others),
    )


def _divide(total: float, wanted: Mapping[str, float]) -> dict[str, float]:
    """Give each what it wants, but at most an equal part of what is left; then what none wants."""
    left, parts = total, dict[str, float]()
    for name in sorted(wanted, key=lambda each: wanted[each]):
        parts[name] = min(wanted[name], left / (len(wanted) - len(parts)))
        left -= parts[name]
    return {name: part + left / len(parts) for name, part in parts.items()}
