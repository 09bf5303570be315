"""The steps of a long command, each with the time at which it began."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ops.view.terminal import err

if TYPE_CHECKING:
    from collections.abc import Callable


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
