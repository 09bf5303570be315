"""A worker's share of the write budget, spent evenly.

All of a job's transactions share one partition key, in the table and in its index: about 1,000
write units a second, whatever the billing mode, until DynamoDB splits them
(https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/burst-adaptive-capacity.html).
Writing faster only buys throttles.
"""

import threading
from collections import deque
from collections.abc import Callable
from typing import Final

from functions.aws.runtime.deadline import Clock, Deadline

TOLERANCE: Final = 0.04
"""Of the rate, what one second may exceed it by: whole batches seldom fill a second exactly."""
_WINDOW_SECONDS: Final = 1.0
_SHORTEST_WAIT_SECONDS: Final = 1e-4
"""Shorter ones could be lost in the clock's last digits, and be waited for again for ever."""
_CATCH_UP_SECONDS: Final = 0.05
"""How much of a late awakening is made good, so that sleeping inexactly costs no throughput."""
_CLIMB_A_SECOND: Final = 0.05
"""Of the share, added back for each second without a throttle."""
_FLOOR: Final = 0.02
"""Of the share: what is always tried, or a throttled worker could never learn that it is over."""
_COOLDOWN_SECONDS: Final = 1.0
"""Throttles within this time are one: they were all sent at the same old rate."""


class WriteBudget:
    """Hands out moments for writing, so that no second sees more units than the rate in force.

    The rate halves on a throttle and climbs back to the share. Threads may share one.

    A single write that is larger than the rate has to be let through all the same; it has a
    second for itself, and what follows waits until the average is right again.
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
        self._turn = threading.Lock()
        self._lock = threading.Lock()
        self._spent: deque[tuple[float, float]] = deque()
        self._spent_in_window = 0.0
        self._free_at = self._raised_at = clock()
        self._lowered_at = float("-inf")

    @property
    def rate(self) -> float:
        """Write units a second in force."""
        with self._lock:
            return self._climb(self._clock())

    def spend(self, units: float, deadline: Deadline) -> bool:
        """Wait until these units may be written now, one caller after the other.

        Returns:
            False, with nothing spent, where the deadline would come first.
        """
        with self._turn:
            while wait := self._try(units):
                if wait >= deadline.remaining:
                    return False
                self._sleep(wait)
        return True

    def throttled(self) -> None:
        """DynamoDB refused something: halve the rate."""
        with self._lock:
            now = self._clock()
            if now - self._lowered_at >= _COOLDOWN_SECONDS:
                self._rate = max(self._climb(now) / 2, self._share * _FLOOR)
                self._lowered_at = self._raised_at = now

    def _try(self, units: float) -> float:
        """Spend at once, or say how many seconds to wait before the next try."""
        with self._lock:
            now = self._clock()
            rate = self._climb(now)
            wait = max(self._free_at - now, self._until_room(units, now, rate))
            if wait > 0:
                return max(wait, _SHORTEST_WAIT_SECONDS)
            self._free_at = max(self._free_at, now - _CATCH_UP_SECONDS) + units / rate
            self._spent.append((now, units))
            self._spent_in_window += units
            return 0.0

    def _until_room(self, units: float, now: float, rate: float) -> float:
        """Seconds until the last second's units leave room for these; 0 if they do now."""
        while self._spent and self._spent[0][0] <= now - _WINDOW_SECONDS:
            self._spent_in_window -= self._spent.popleft()[1]
        excess = self._spent_in_window + units - rate * (1 + TOLERANCE)
        wait = 0.0
        for at, spent in self._spent:
            if excess <= 0:
                break
            excess -= spent
            wait = at + _WINDOW_SECONDS - now
        return wait

    def _climb(self, now: float) -> float:
        gained = (now - self._raised_at) * self._share * _CLIMB_A_SECOND
        self._rate = min(self._share, self._rate + gained)
        self._raised_at = now
        return self._rate
