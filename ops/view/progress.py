"""Progress: jobs followed to their end, live on a terminal, as plain lines elsewhere."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rich.live import Live
from rich.table import Table

from functions.domain.claims import ClaimState
from ops.errors import StillWaiting
from ops.view.terminal import err, outside, visible

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from ops.model.job_report import JobReport

POLL_SECONDS = 0.5
MARKING_SECONDS = 5.0
"""RecordOutcome marks the job of a failed execution, usually within a second or two."""


@dataclass
class Snapshot:
    """The state of a followed job, as a line of progress shows it."""

    job_id: str
    state: str
    ranges: str
    records: int
    images_moved: int
    images_left: int
    rate: float

    def line(self) -> str:
        """As plain text."""
        left = f", {self.images_left} left where they are" if self.images_left else ""
        return (
            f"{visible(self.job_id)}: {visible(self.state)}, ranges {self.ranges}, "
            f"{self.records} records ({self.rate:.0f}/s), {self.images_moved} images moved{left}"
        )

    @property
    def mark(self) -> tuple[object, ...]:
        """What changes when the job moves on."""
        return self.state, self.ranges, self.records, self.images_moved, self.images_left


def snapshot(report: JobReport, *, now: datetime) -> Snapshot:
    """What to show of a report. The rate counts from the start of loading."""
    history = report.history
    done, planned = report.ranges
    records = report.loads.total
    rate = 0.0
    state = "waiting for S3's event"
    if history is not None:
        state = history.current or history.status
        loading = [run for run in history.states if run.name == "LoadRanges"]
        if loading:
            until = loading[-1].exited or history.ended or now
            elapsed = (until - loading[0].entered).total_seconds()
            rate = records / elapsed if elapsed > 0 else 0.0
    return Snapshot(
        job_id=report.job_id,
        state=state,
        ranges=f"{done}/{planned}" if planned else "-",
        records=records,
        images_moved=report.images.migrated,
        images_left=sum(report.images.left.values()),
        rate=rate,
    )


@dataclass
class Follower:
    """Follows jobs.

    Attributes:
        read: Reads where the jobs stand.
        is_over: Whether a job has ended.
        now: The present (UTC).
        look_again: The command that shows more when it gives up.
        patience: Seconds without any change after which it does.
    """

    read: Callable[[], Sequence[JobReport]]
    is_over: Callable[[JobReport], bool]
    now: Callable[[], datetime]
    look_again: str
    patience: float = 180.0
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic
    _said: dict[str, str] = field(default_factory=dict)

    def follow(self, *, live: bool | None = None) -> Sequence[JobReport]:
        """Show the progress until all jobs have ended; return how they ended.

        Args:
            live: Whether to redraw in place; by default where stderr is a terminal.

        Raises:
            StillWaiting: if nothing changed for too long.
        """
        try:
            if err.is_terminal if live is None else live:
                with Live(console=err, transient=True, auto_refresh=False) as screen:
                    return self._follow(lambda shown: screen.update(table(shown), refresh=True))
            return self._follow(self._say)
        except KeyboardInterrupt:
            err.print(f"The ingest goes on. Look again: {self.look_again}")
            raise

    def _follow(self, show: Callable[[Sequence[Snapshot]], None]) -> Sequence[JobReport]:
        last: list[tuple[object, ...]] = []
        changed_at = self.clock()
        over_at: float | None = None
        while True:
            reports = self.read()
            shown = [snapshot(report, now=self.now()) for report in reports]
            show(shown)
            if reports and all(map(self.is_over, reports)):
                over_at = self.clock() if over_at is None else over_at
                if all(map(is_marked, reports)) or self.clock() - over_at >= MARKING_SECONDS:
                    return reports
            marks = [each.mark for each in shown]
            if marks != last:
                last, changed_at = marks, self.clock()
            elif self.clock() - changed_at > self.patience:
                raise self._gave_up(shown)
            self.sleep(POLL_SECONDS)

    def _gave_up(self, shown: Sequence[Snapshot]) -> StillWaiting:
        stuck = "; ".join(each.line() for each in shown)
        return StillWaiting(
            f"Nothing has changed for {self.patience:.0f} s ({stuck}). Look again with "
            f"`{self.look_again}`."
        )

    def _say(self, shown: Sequence[Snapshot]) -> None:
        """A line for each job that has moved on since its last line."""
        for each in shown:
            mark = f"{each.state} {each.ranges}"
            if self._said.get(each.job_id) != mark:
                self._said[each.job_id] = mark
                err.print(each.line())


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


def table(shown: Sequence[Snapshot]) -> Table:
    """Progress as a table."""
    drawn = Table(box=None, header_style="dim")
    for column in ("Job", "State"):
        drawn.add_column(column, no_wrap=True)
    for column in ("Ranges", "Records", "Records/s", "Images moved"):
        drawn.add_column(column, justify="right")
    for each in shown:
        drawn.add_row(
            outside(each.job_id),
            outside(each.state, "cyan"),
            each.ranges,
            str(each.records),
            f"{each.rate:.0f}",
            str(each.images_moved),
        )
    return drawn
