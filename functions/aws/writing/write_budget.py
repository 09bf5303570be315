"""A worker's share of the write budget, spent evenly.

All of a job's transactions share one partition key, in the table and in its index: about 1,000
write units a second, whatever the billing mode, until DynamoDB splits them
(https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/burst-adaptive-capacity.html).
Writing faster only buys throttles.
"""

import math
import threading
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import accumulate
from typing import Final, Protocol

from functions.aws.runtime.deadline import Clock, Deadline

TOLERANCE: Final = 0.04
"""Share of the rate by which one second may exceed it: batches seldom fill a second exactly."""
_WINDOW_SECONDS: Final = 1.0
_SHORTEST_WAIT_SECONDS: Final = 1e-4
"""Shorter waits could be lost in the clock's last digits, and be repeated without end."""
_CATCH_UP_SECONDS: Final = 0.05
"""How much of a late wake-up is made good, so that inexact sleeping costs no throughput."""
_CLIMB_A_SECOND: Final = 0.05
"""Part of the share that is added back for each second without a throttle."""
_FLOOR: Final = 0.02
"""Part of the share that is always tried, so that a throttled worker learns when it is over."""
_COOLDOWN_SECONDS: Final = 1.0
"""Throttles within this time count as one: all were sent at the same old rate."""
_HANDOVER_SECONDS: Final = 0.1
"""Seconds that a rise of the share waits for: another worker has just spent as much ahead."""


class Share(Protocol):
    """A worker's part of the write budget, which others may change."""

    @property
    def units_per_second(self) -> float:
        """Write units a second, now; 0 while there is no part for it."""

    @property
    def seconds(self) -> float:
        """How long that holds."""

    def note(self, spent: float, allowed: float) -> None:
        """Take note of the units written, of as many as might have been, since the last note.

        Others could not write either what throttles forbid: it does not count as allowed.
        """


@dataclass(frozen=True)
class FixedShare:
    """A part that nothing changes."""

    units_per_second: float
    seconds: float = math.inf

    def note(self, spent: float, allowed: float) -> None:
        """It stays, whatever is used of it."""


class WriteBudget:
    """Schedules writes, so that no second has more units than the rate in force.

    The rate halves on a throttle and climbs back to the share. Threads may share one.

    A single write that is larger than the rate has to be let through all the same; it has a
    second for itself, and what follows waits until the average is right again.
    """

    def __init__(self, share: Share, *, clock: Clock, sleep: Callable[[float], None]) -> None:
        """Start at the full share.

        Args:
            share: In write units (1 KiB of an item).
            clock: Monotonic seconds.
            sleep: Waits for some seconds.
        """
        self._share = share
        self._units_per_second = share.units_per_second
        self._part = 1.0
        self._clock = clock
        self._sleep = sleep
        self._turn = threading.Lock()
        self._lock = threading.Lock()
        self._spent: deque[tuple[float, float]] = deque()
        self._spent_in_window = 0.0
        self._spent_since_note = self._allowed_since_note = 0.0
        self._owed = (
            0.0 if share.seconds == math.inf else self._units_per_second * _HANDOVER_SECONDS
        )
        self._settled_at = clock()
        self._lowered_at = float("-inf")

    @property
    def rate(self) -> float:
        """Write units a second in force."""
        with self._lock:
            return self._settle(self._clock())

    def affordable(self, units: Iterable[float]) -> int:
        """How many of these writes, in their order, may share a request; at least one.

        They cost what a tenth of a second allows: larger requests would leave the end of each
        second unused.
        """
        allowed = self.rate / 10
        return max(1, sum(total <= allowed for total in accumulate(units)))

    def spend(self, units: float, deadline: Deadline) -> bool:
        """Wait until these units may be written now, one caller after the other.

        Returns:
            False, with nothing spent, where the deadline would come first.
        """
        with self._turn:
            while True:
                self._note_use()
                self._follow(self._share.units_per_second)
                if not (wait := self._try(units)):
                    return True
                pause = max(min(wait, self._share.seconds), _SHORTEST_WAIT_SECONDS)
                if pause >= deadline.remaining:
                    return False
                self._sleep(pause)

    def throttled(self) -> None:
        """Halve the rate after a throttle."""
        with self._lock:
            now = self._clock()
            if now - self._lowered_at >= _COOLDOWN_SECONDS:
                self._settle(now)
                self._part = max(self._part / 2, _FLOOR)
                self._lowered_at = now

    def _note_use(self) -> None:
        """Let the share know what is used of it."""
        with self._lock:
            self._settle(self._clock())
            spent, allowed = self._spent_since_note, self._allowed_since_note
            self._spent_since_note = self._allowed_since_note = 0.0
        self._share.note(spent, allowed)

    def _follow(self, units_per_second: float) -> None:
        """Write at another share from now on; what throttles have halved stays halved."""
        if units_per_second == self._units_per_second:
            return
        with self._lock:
            self._settle(self._clock())
            more = units_per_second - self._units_per_second
            if more > 0:
                self._owed = max(self._owed, 0) + more * _HANDOVER_SECONDS
            self._units_per_second = units_per_second

    def _try(self, units: float) -> float:
        """Spend at once, or say how many seconds to wait before the next try."""
        with self._lock:
            now = self._clock()
            rate = self._settle(now)
            if not rate:
                return math.inf
            wait = max(self._owed / rate, self._until_room(units, now, rate))
            if wait > 0:
                return wait
            self._owed += units
            self._spent.append((now, units))
            self._spent_in_window += units
            self._spent_since_note += units
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
            # Rounding can make it 0 although this write is still in the window.
            wait = max(at + _WINDOW_SECONDS - now, _SHORTEST_WAIT_SECONDS)
        return wait

    def _settle(self, now: float) -> float:
        """Account for the time that has passed; return the rate in force."""
        seconds, self._settled_at = now - self._settled_at, now
        rate = self._units_per_second * self._part
        if self._part == 1.0:
            self._allowed_since_note += seconds * rate
        self._owed = max(self._owed - seconds * rate, -_CATCH_UP_SECONDS * rate)
        self._part = min(1.0, self._part + seconds * _CLIMB_A_SECOND)
        return self._units_per_second * self._part
