"""When a worker has to stop so that all it did is confirmed before its function ends."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

Clock = Callable[[], float]
"""Monotonic seconds."""


class LambdaContext(Protocol):
    """What this system uses of Lambda's context object."""

    aws_request_id: str
    invoked_function_arn: str

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until Lambda stops the function."""


@dataclass(frozen=True)
class Deadline:
    """A moment of a monotonic clock.

    Attributes:
        at: The moment, in the clock's seconds.
    """

    at: float
    clock: Clock

    @classmethod
    def of(cls, context: LambdaContext, *, margin: float, clock: Clock) -> "Deadline":
        """The function's own end, less a margin for what must be written at the end.

        The margin is in seconds, and at most a quarter of the time that is left.
        """
        remaining = context.get_remaining_time_in_millis() / 1000
        return cls(clock() + remaining - min(margin, remaining / 4), clock)

    @property
    def remaining(self) -> float:
        """Seconds left, negative once it has passed."""
        return self.at - self.clock()

    @property
    def has_passed(self) -> bool:
        """Whether it is time to stop."""
        return self.remaining <= 0

    @property
    def half(self) -> "Deadline":
        """The middle of the time that is left."""
        return Deadline(self.at - max(self.remaining, 0) / 2, self.clock)

    def earlier(self, seconds: float) -> "Deadline":
        """A deadline before this one; at most half of the time left is given away."""
        return Deadline(max(self.at - seconds, self.half.at), self.clock)
