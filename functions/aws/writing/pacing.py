"""When a writer may send its next request."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from functions.aws.runtime.deadline import Deadline
from functions.aws.writing.write_budget import WriteBudget

_BACKOFF_SECONDS: Final = 0.1
_MAX_BACKOFF_SECONDS: Final = 5.0


@dataclass(frozen=True)
class Pacing:
    """What a writer's speed depends on.

    Attributes:
        budget: Share of the write budget.
        deadline: When to give up what is not confirmed.
        sleep: Waits for some seconds.
        jitter: A random number of [0, 1).
    """

    budget: WriteBudget
    deadline: Deadline
    sleep: Callable[[float], None]
    jitter: Callable[[], float]

    def admit(self, units: float, *, refusals: int) -> bool:
        """Wait until a request may be sent.

        Args:
            units: Write units it costs.
            refusals: How often in a row its predecessors failed: from 0.1 s on, doubling up to
                5 s, with full jitter.

        Returns:
            False if there is no time left.
        """
        if refusals:
            longest = min(_MAX_BACKOFF_SECONDS, _BACKOFF_SECONDS * 2.0 ** min(refusals - 1, 10))
            pause = self.jitter() * longest
            if pause >= self.deadline.remaining:
                return False
            self.sleep(pause)
        return not self.deadline.has_passed and self.budget.spend(units, self.deadline)
