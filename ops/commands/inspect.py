"""`ingest inspect`: the state of a job or an execution."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from ops.commands import options
from ops.errors import ExitCode, NothingFound
from ops.model import replays
from ops.model.failures import own_execution, why
from ops.model.job_report import read_execution, read_job
from ops.model.map_children import ChildrenReader
from ops.model.remarks import remarks
from ops.view import children as children_view
from ops.view import job as job_view
from ops.view.terminal import out, print_json, prose, visible

if TYPE_CHECKING:
    from ops.model.deployment import Deployment
    from ops.model.job_report import JobReport
    from ops.model.map_children import Child

_OF_BEDROCK = ":model-invocation-job/"
"""In the ARN of a job."""
_LISTED = 5
_CHILDREN = 10
"""Children shown of those that failed or were tried again."""


def inspect(
    target: Annotated[
        str,
        typer.Argument(
            metavar="JOB|EXECUTION",
            help="A job's id or ARN, or an execution's ARN or name.",
            show_default=False,
            autocompletion=options.complete_job,
        ),
    ],
    local: options.Local = False,
    data: options.Data = None,
    stack: options.Stack = None,
    as_json: options.AsJson = False,
) -> None:
    """Show what became of a job or an execution, and why.

    Shows states with their durations, counts, rejects, images, and where everything lies. A failed
    execution begins with its cause and cure, and the command exits with 4.
    """
    deployed = options.chosen(local=local, data=data, stack=stack)
    show(deployed, look_up(deployed, target), as_json=as_json)


def look_up(deployed: Deployment, target: str) -> JobReport:
    """Find a job by its id, or an execution by ARN or name.

    Raises:
        NothingFound: if it is neither.
        Refused: if it is an execution of something else.
    """
    if _OF_BEDROCK in target:
        target = target.rpartition("/")[2]
    arn = own_execution(deployed, target)
    if not target.startswith("arn:"):
        report = read_job(deployed, target)
        if report.record is not None or report.objects:
            return report
    if (found := read_execution(deployed, arn)) is None:
        raise NothingFound(
            f"On {deployed.place} there is no job and no execution {visible(target)}. "
            f"`{deployed.command('jobs')}` lists the jobs, "
            f"`{deployed.command('redrive --all-failed')}` executions that failed without "
            f"their job, `{deployed.command('dead-events')}` events that started none."
        )
    return found


def show(deployed: Deployment, report: JobReport, *, as_json: bool) -> None:
    """Print a report; exit with 4 if it is a failure."""
    now, failed = datetime.now(UTC), why(deployed, report)
    noted, children = remarks(deployed, report), troubled_children(deployed, report)
    if as_json:
        print_json(
            {
                **job_view.as_json(report, now=now, failed=failed),
                "children": [children_view.as_json(child) for child in children],
                "remarks": noted,
            }
        )
    else:
        out.print(job_view.render(report, now=now, bucket=deployed.bucket, failed=failed))
        if children:
            out.print()
            out.print(children_view.children_table(children))
        if report.job_id and not report.objects:
            _show_unclaimed(deployed, report.job_id)
        for remark in noted:
            out.print(prose(visible(remark), indent=2))
    if report.has_failed:
        raise typer.Exit(ExitCode.JOB_FAILED)


def _show_unclaimed(deployed: Deployment, job_id: str) -> None:
    """Objects in the bucket of a job that no execution has claimed."""
    waiting = replays.in_bucket(deployed, job_id)
    for each in waiting[:_LISTED]:
        out.print(f"  in the bucket   {visible(f's3://{deployed.bucket}/{each.key}')}")
    if (more := len(waiting) - _LISTED) > 0:
        out.print(f"                  and {more} more")
    if waiting:
        out.print(prose("No execution has claimed them. If S3's event was not delivered:"))
        out.print(f"  Look:  {deployed.command('dead-events')}")
        out.print(f"  Start: {deployed.command('replay', job_id)}")


def troubled_children(deployed: Deployment, report: JobReport) -> tuple[Child, ...]:
    """Children of the execution that is shown which failed or were tried again: some of them."""
    if report.history is None or not report.history.has_maps:
        return ()
    return ChildrenReader(deployed, report.history.arn).read_troubled(_CHILDREN)
