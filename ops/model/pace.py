"""The pace at which executions are started or redriven: a rate, and a bound at a time."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LOOK_SECONDS = 1.0
"""Between two looks at what runs: ListExecutions is refilled by 5 calls a second in the smaller
regions (https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html)."""


@dataclass
class Pace:
    """Says how long to wait before the next start.

    Attributes:
        rate: Starts a second.
        at_a_time: How many may run.
        running: How many run now; asked only where no place is known to be free.
        clock: Seconds, monotonic.
    """

    rate: float
    at_a_time: int
    running: Callable[[], int]
    clock: Callable[[], float] = time.monotonic
    _free: int = field(default=0, init=False)
    _next: float = field(default=0.0, init=False)

    def pauses(self) -> Iterator[float]:
        """Yield the seconds to wait, one pause after the other, before the next start."""
        while self._free < 1:
            self._free = self.at_a_time - self.running()
            if self._free < 1:
                yield LOOK_SECONDS
        self._free -= 1
        if (pause := self._next - self.clock()) > 0:
            yield pause
        self._next = max(self._next, self.clock()) + 1 / self.rate
