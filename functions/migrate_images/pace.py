"""How many images move at once: fewer while a service asks to slow down.

S3 takes about 3,500 writes a second under a prefix and scales a new one up gradually, and
`processed/{date}/` is new every day. All executions share that rate and none knows of the
others, so each worker halves its own on a throttle and climbs back slowly.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/optimizing-performance.html
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from functions.aws.runtime.deadline import Deadline

THREADS: Final = 16
"""Images under way at once: nearly all of an image's time is waiting for S3 and DynamoDB."""
MAX_PAUSES: Final = 2
"""In a row in one call, 1.5 s on average. Longer waits are left to Step Functions, where they are
free."""
_FIRST_PAUSE_SECONDS: Final = 1.0


@dataclass
class Pace:
    """The pace of one worker call.

    Attributes:
        sleep: Waits for some seconds.
        jitter: A random number of [0, 1).
        widest: Images that may be under way at once while no service throttles.
    """

    sleep: Callable[[float], None]
    jitter: Callable[[], float]
    widest: int = THREADS
    width: int = field(init=False)
    _pauses: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        """Start at full width."""
        self.width = self.widest

    @property
    def is_slowed(self) -> bool:
        """Whether a service throttled not long ago."""
        return self.width < self.widest

    def slow_down(self, deadline: Deadline) -> bool:
        """Halve the width, and pause with full jitter: up to 1 s at first, then twice as long.

        Returns:
            False once the call has paused often enough, or has no time left.
        """
        self.width = max(1, self.width // 2)
        pause = self.jitter() * _FIRST_PAUSE_SECONDS * 2**self._pauses
        self._pauses += 1
        if self._pauses > MAX_PAUSES or pause >= deadline.remaining:
            return False
        self.sleep(pause)
        return True

    def keep_up(self) -> None:
        """Take note of a batch that went through: one more image at once from now on."""
        self.width = min(self.widest, self.width + 1)
        self._pauses = 0
