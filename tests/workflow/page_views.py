"""Jobs as the page of `ingest console` sees them."""

from ops.console.job_view import JobView
from ops.model.job_list import ListedJob
from ops.model.job_report import JobReport
from ops.model.progress import JobProgress


def page_view(job_id: str) -> JobView:
    """A job without an execution."""
    return JobView(
        listed=ListedJob(job_id, {}),
        report=JobReport(job_id, {}, (), None),
        failed=None,
        children=(),
        unclaimed=(),
        remarks=(),
        progress=JobProgress(job_id, ""),
    )
