"""The view of a list of jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops.model.job_list import count_in
from ops.view.durations import rough
from ops.view.job import STATUS_STYLES
from ops.view.terminal import outside, table

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from rich.table import Table

    from ops.model.job_list import ListedJob


def jobs_table(jobs: Sequence[ListedJob], *, now: datetime) -> Table:
    """One line a job."""
    numbers = ("ranges", "records", "rejects", "age")
    made = table("job", "status", *numbers, "why", right=numbers)
    for job in jobs:
        made.add_row(
            outside(job.job_id),
            outside(job.status, STATUS_STYLES.get(job.status, "")),
            _ranges(job),
            _records(job),
            f"{count_in(job.stats, 'failureCount'):,}" if job.stats else "-",
            rough((now - job.changed).total_seconds()) if job.changed else "-",
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
