"""The jobs that are open, and those that open while they are followed."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from ops.model.job_heads import read_heads

if TYPE_CHECKING:
    from collections.abc import Callable

    from ops.model.deployment import Deployment
    from ops.model.job_report import JobReport

LOOK_SECONDS: Final = 10.0
"""Between two looks at the table of jobs."""


@dataclass
class OpenJobs:
    """Follows those that are open, and adds others as they open, or open again.

    Attributes:
        is_over: Whether a job has ended; it is not read again.
        at_once: Jobs that are read at the same time.
        is_cut: More were open at the last look.
    """

    deployed: Deployment
    read: Callable[[Deployment, str], JobReport]
    is_over: Callable[[JobReport], bool]
    at_once: int
    clock: Callable[[], float] = time.monotonic
    is_cut: bool = False
    _reports: dict[str, JobReport] = field(default_factory=dict)
    _followed: list[str] = field(default_factory=list)
    _look_at: float = 0.0

    def look(self) -> list[str]:
        """Add those that have opened; the ids of all that are followed."""
        self._look_at = self.clock() + LOOK_SECONDS
        heads, _ = read_heads(self.deployed)
        found = [head.job_id for head in heads if head.is_open]
        for again in filter(self._has_ended, found):
            del self._reports[again]
        new = [each for each in found if each not in self._followed]
        free = max(0, self.at_once - len(self._at_work()))
        self.is_cut = len(new) > free
        self._followed += new[:free]
        return list(self._followed)

    def reports(self) -> list[JobReport]:
        """Where all are that were ever followed, in the order in which they were added."""
        if self.clock() >= self._look_at or not self._at_work():
            self.look()
        for job_id in self._at_work():
            self._reports[job_id] = self.read(self.deployed, job_id)
        return [self._reports[each] for each in self._followed]

    def _at_work(self) -> list[str]:
        return [each for each in self._followed if not self._has_ended(each)]

    def _has_ended(self, job_id: str) -> bool:
        known = self._reports.get(job_id)
        return known is not None and self.is_over(known)
