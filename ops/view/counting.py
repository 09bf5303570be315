"""Progress through a number of things: a line every few seconds."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ops.view.terminal import err

if TYPE_CHECKING:
    from collections.abc import Callable

SAY_SECONDS = 5.0


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
            self._say(f"about {_duration(seconds)} left.")

    def wait(self) -> None:
        """Note that the next one has to wait; shows progress."""
        self._say("waiting until fewer executions run.")

    def _say(self, more: str) -> None:
        now = self.clock()
        if now - self._said >= SAY_SECONDS:
            self._said = now
            err.print(f"{self.verb} {self.done} of {self.total}; {more}", style="dim")


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 90 * 60 else f"{seconds / 3600:.1f} h"
