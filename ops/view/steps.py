"""Progress of long commands: their steps, and how many things are done."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ops.view.durations import rough
from ops.view.terminal import err

if TYPE_CHECKING:
    from collections.abc import Callable

SAY_SECONDS = 5.0


@dataclass
class Steps:
    """Prints a line a step.

    Attributes:
        clock: Monotonic seconds; steps count from when this is made.
    """

    clock: Callable[[], float] = time.monotonic
    _began: float = field(init=False)

    def __post_init__(self) -> None:
        self._began = self.clock()

    @property
    def seconds(self) -> float:
        """The time since the first step."""
        return self.clock() - self._began

    def begin(self, what: str) -> None:
        """Say what begins now."""
        err.print(f"{self.seconds:6.1f} s  {what}", style="dim")


@dataclass
class Counting:
    """Counts what is done.

    Attributes:
        verb: What is done to each, as `Started`.
        total: How many there are.
        clock: Seconds, monotonic.
    """

    verb: str
    total: int
    clock: Callable[[], float] = time.monotonic
    done: int = field(default=0, init=False)
    _began: float = field(init=False)
    _said: float = field(init=False)

    def __post_init__(self) -> None:
        self._began = self._said = self.clock()

    @property
    def left(self) -> int:
        """How many are still to be done."""
        return self.total - self.done

    def one(self) -> None:
        """Count one; shows progress."""
        self.done += 1
        if self.left:
            seconds = (self.clock() - self._began) / self.done * self.left
            self._say(f"about {rough(seconds)} left.")

    def wait(self) -> None:
        """Note that the next one has to wait; shows progress."""
        self._say("waiting until fewer executions run.")

    def _say(self, more: str) -> None:
        now = self.clock()
        if now - self._said >= SAY_SECONDS:
            self._said = now
            err.print(f"{self.verb} {self.done} of {self.total}; {more}", style="dim")
