"""The view of a list of jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table

from ops.model.job_list import count_in
from ops.view.job import STATUS_STYLES
from ops.view.terminal import outside

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime, timedelta

    from ops.model.job_list import ListedJob


def table(jobs: Sequence[ListedJob], *, now: datetime) -> Table:
    """One line a job."""
    made = Table(box=None, header_style="dim", pad_edge=False)
    made.add_column("job", overflow="fold")
    made.add_column("status", overflow="fold")
    for title in ("ranges", "records", "rejects", "age"):
        made.add_column(title, justify="right", overflow="fold")
    made.add_column("why", overflow="fold")
    for job in jobs:
        made.add_row(
            outside(job.job_id),
            outside(job.status, STATUS_STYLES.get(job.status, "")),
            _ranges(job),
            _records(job),
            f"{count_in(job.stats, 'failureCount'):,}" if job.stats else "-",
            _age(now - job.changed) if job.changed else "-",
            outside(job.why),
        )
    return made


def _ranges(job: ListedJob) -> str:
    planned = count_in(job.state, "ranges")
    return f"{count_in(job.state, 'rangesDone')}/{planned}" if planned else "-"


def _records(job: ListedJob) -> str:
    expected = job.expected
    if not job.stats and expected is None:
        return "-"
    total = count_in(job.stats, "totalCount")
    return f"{total:,}" if expected is None else f"{total:,}/{expected:,}"


def _age(age: timedelta) -> str:
    minutes = max(0, int(age.total_seconds() // 60))
    if minutes < 120:
        return f"{minutes}m"
    return f"{minutes // 60}h" if minutes < 48 * 60 else f"{minutes // 1440}d"
