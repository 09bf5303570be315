"""The data of a job's page, and its reader."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from ops.model import replays
from ops.model.failures import why
from ops.model.job_list import ListedJob
from ops.model.job_report import read_job
from ops.model.map_children import ChildrenReader
from ops.model.progress import Meter, progress_of
from ops.model.remarks import of_record

if TYPE_CHECKING:
    from ops.model.deployment import Deployment
    from ops.model.failures import FailedExecution
    from ops.model.job_report import JobReport
    from ops.model.map_children import Child
    from ops.model.progress import JobProgress
    from ops.model.replays import Replayable

_LISTED: Final = 5


@dataclass(frozen=True)
class JobView:
    """A job.

    Attributes:
        failed: Where the execution that is shown failed, and what cures it.
        children: Of its Map Runs.
        unclaimed: Results objects that no execution has begun, where none was.
        remarks: Sentences, each with the command that helps.
        progress: How far it is, with the present rate.
    """

    listed: ListedJob
    report: JobReport
    failed: FailedExecution | None
    children: tuple[Child, ...]
    unclaimed: tuple[Replayable, ...]
    remarks: tuple[str, ...]
    progress: JobProgress

    @property
    def is_running(self) -> bool:
        """Whether its execution is at work."""
        history = self.report.history
        return history is not None and history.ended is None


class JobReader:
    """Reads a job; of a Map Run's children, those that have ended are read once."""

    def __init__(self, deployed: Deployment, job_id: str) -> None:
        """Make the reader; it reads nothing yet."""
        self._deployed = deployed
        self._job_id = job_id
        self._children: ChildrenReader | None = None
        self._meter = Meter()

    def read(self) -> JobView:
        """Read the present value.

        Raises:
            NothingFound: there is no such job.
        """
        deployed, report = self._deployed, read_job(self._deployed, self._job_id)
        if report.record is None and not report.objects:
            raise deployed.no_such_job(self._job_id)
        waiting = [] if report.objects else replays.in_bucket(deployed, self._job_id)
        return JobView(
            listed=ListedJob(self._job_id, report.record or {}),
            report=report,
            failed=why(deployed, report),
            children=self._read_children(report),
            unclaimed=tuple(waiting[:_LISTED]),
            remarks=tuple(of_record(deployed, report)),
            progress=self._meter.measure(
                progress_of(report, now=datetime.now(UTC)), at=time.monotonic()
            ),
        )

    def _read_children(self, report: JobReport) -> tuple[Child, ...]:
        if report.history is None or not report.history.has_maps:
            return ()
        arn = report.history.arn
        if self._children is None or self._children.execution != arn:
            self._children = ChildrenReader(self._deployed, arn)
        return self._children.read()
