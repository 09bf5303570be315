"""A worker's share of the write budget, spent evenly.

All of a job's transactions share one partition key, in the table and in its index: about 1,000
write units a second, whatever the billing mode, until DynamoDB splits them
(https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/burst-adaptive-capacity.html).
Writing faster only buys throttles.
"""

import threading
from collections.abc import Callable
from typing import Final

from functions.aws.deadline import Clock

_CLIMB_A_SECOND: Final = 0.05
"""Of the share, added back for each second without a throttle."""
_FLOOR: Final = 0.02
"""Of the share: what is always tried, or a throttled worker could never learn that it is over."""
_COOLDOWN_SECONDS: Final = 1.0
"""Throttles within this time are one: they were all sent at the same old rate."""


class WriteBudget:
    """Hands out moments for writing, so that no second sees more units than the rate in force.

    The rate halves on a throttle and climbs back to the share. Threads may share one.
    """

    def __init__(
        self, units_per_second: float, *, clock: Clock, sleep: Callable[[float], None]
    ) -> None:
        """Start at the full share.

        Args:
            units_per_second: The share, in write units (1 KiB of an item).
            clock: Monotonic seconds.
            sleep: Waits for some seconds.
        """
        self._share = units_per_second
        self._rate = units_per_second
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.Lock()
        self._free_at = clock()
        self._raised_at = self._free_at
        self._lowered_at = float("-inf")

    @property
    def rate(self) -> float:
        """Write units a second in force."""
        with self._lock:
            return self._climb(self._clock())

    def spend(self, units: float) -> None:
        """Wait until these units may be written."""
        with self._lock:
            now = self._clock()
            at = max(now, self._free_at)
            self._free_at = at + units / self._climb(now)
        if at > now:
            self._sleep(at - now)

    def throttled(self) -> None:
        """DynamoDB refused something: halve the rate."""
        with self._lock:
            now = self._clock()
            if now - self._lowered_at >= _COOLDOWN_SECONDS:
                self._rate = max(self._climb(now) / 2, self._share * _FLOOR)
                self._lowered_at = self._raised_at = now

    def _climb(self, now: float) -> float:
        gained = (now - self._raised_at) * self._share * _CLIMB_A_SECOND
        self._rate = min(self._share, self._rate + gained)
        self._raised_at = now
        return self._rate
