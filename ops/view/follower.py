"""Jobs followed to their end: live on a terminal, as plain lines elsewhere."""

from __future__ import annotations

import time
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from rich.live import Live

from functions.domain.claims import ClaimState
from ops.errors import StillWaiting
from ops.model.progress import Meter, progress_of
from ops.view.progress import line, table
from ops.view.terminal import err, prose

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ops.model.job_report import JobReport
    from ops.model.progress import JobProgress

POLL_SECONDS = 0.5
LINE_SECONDS = 10.0
"""Between two lines of a job that stays in its state, where lines cannot be redrawn."""
MARKING_SECONDS = 5.0
"""RecordOutcome marks the job of a failed execution, usually within a second or two."""


@dataclass
class Follower:
    """Follows jobs.

    Attributes:
        read: Reads where the jobs are; always in the same order, new ones at the end.
        is_over: Whether a job has ended.
        look_again: The command that shows more when it gives up.
        patience: Seconds without any change after which it does; None for never.
        now: The present (UTC).
    """

    read: Callable[[], Sequence[JobReport]]
    is_over: Callable[[JobReport], bool]
    look_again: str
    patience: float | None = 180.0
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic
    _meters: defaultdict[int, Meter] = field(default_factory=lambda: defaultdict(Meter))
    _lines: dict[int, tuple[float, JobProgress]] = field(default_factory=dict)

    def follow(self, *, live: bool | None = None) -> Sequence[JobReport]:
        """Show the progress until all jobs end; raise StillWaiting if nothing changes for long."""
        try:
            if err.is_terminal if live is None else live:
                with Live(console=err, transient=True, auto_refresh=False) as screen:
                    return self._follow(
                        lambda shown: screen.update(table(shown, width=err.width), refresh=True)
                    )
            return self._follow(self._say)
        except KeyboardInterrupt:
            err.print(prose(f"The ingest goes on. Look again: {self.look_again}"))
            raise

    def _follow(self, show: Callable[[Sequence[JobProgress]], None]) -> Sequence[JobReport]:
        last: list[JobProgress] = []
        changed_at = self.clock()
        over_at: float | None = None
        while True:
            reports = self.read()
            found = [progress_of(report, now=self.now()) for report in reports]
            at = self.clock()
            show([self._meters[n].measure(each, at=at) for n, each in enumerate(found)])
            if reports and all(map(self.is_over, reports)):
                over_at = at if over_at is None else over_at
                if all(map(is_marked, reports)) or at - over_at >= MARKING_SECONDS:
                    return reports
            without_rate = [each.at_rest for each in found]
            if without_rate != last:
                last, changed_at = without_rate, at
            elif self.patience is not None and at - changed_at > self.patience:
                raise self._gave_up(found)
            self.sleep(POLL_SECONDS)

    def _gave_up(self, shown: Sequence[JobProgress]) -> StillWaiting:
        stuck = "; ".join(map(line, shown))
        return StillWaiting(
            f"Nothing has changed for {self.patience:.0f} s ({stuck}). Look again with "
            f"`{self.look_again}`."
        )

    def _say(self, shown: Sequence[JobProgress]) -> None:
        """A line for each job whose state changed, and now and then for one that moves on."""
        now = self.clock()
        for number, each in enumerate(shown):
            said_at, said = self._lines.get(number, (now, None))
            is_new = said is None or each.state != said.state
            has_moved = said is not None and each.at_rest != said.at_rest
            if is_new or (has_moved and now - said_at >= LINE_SECONDS):
                self._lines[number] = (now, each)
                err.print(line(each))


def ended(report: JobReport) -> bool:
    """Whether all that was claimed of a job is settled, and the execution shown has ended.

    An execution that failed has ended, whether its claim says so already or not: that is
    written from outside, a moment later.
    """
    if report.history is None or report.history.ended is None:
        return False
    return report.execution_has_failed or all(
        each.claim.state is ClaimState.DONE for each in report.objects
    )


def is_marked(report: JobReport) -> bool:
    """Whether the job's record says so, where the execution shown failed."""
    if not report.execution_has_failed:
        return True
    return report.record is None or report.status == "FAILED"
