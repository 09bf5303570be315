"""`ingest jobs`: every job with its status, and what is open first."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from functions.domain.jobs import JobStatus
from ops.commands import options
from ops.errors import NothingFound
from ops.model import deployment
from ops.model.job_heads import MAX_PAGES
from ops.model.job_list import read_jobs
from ops.model.program import program
from ops.view.job_list import jobs_table
from ops.view.terminal import err, out, print_json, visible

if TYPE_CHECKING:
    from ops.model.deployment import Deployment
    from ops.model.job_list import JobList, ListedJob

_OPEN_SHOWN = 10


def jobs(
    status: Annotated[
        list[str] | None,
        typer.Option(help="Only jobs of this status; may be repeated.", show_default=False),
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(help="Only jobs that changed since, such as 12h or 2d.", show_default=False),
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="List at most this many.")] = 50,
    local: options.Local = False,
    data: options.Data = None,
    stack: options.Stack = None,
    as_json: options.AsJson = False,
) -> None:
    """List jobs and their status, open ones first.

    Failed ones come next, with the reason.
    """
    deployed = options.chosen(local=local, data=data, stack=stack)
    found = read_jobs(
        deployed,
        statuses=frozenset(each.upper() for each in status or ()),
        since=options.moment(since) if since else None,
        limit=limit,
    )
    if as_json:
        print_json([job.as_json() for job in found.jobs])
    elif found.jobs:
        out.print(jobs_table(found.jobs, now=datetime.now(UTC)))
    else:
        wanted = f" of the status {' or '.join(map(visible, status))}" if status else ""
        changed = f" that has changed within {visible(since)}" if since else ""
        err.print(f"There is no job{wanted}{changed}.", style="dim")
    _say_if_not_whole(found)
    if found.is_cut:
        err.print(visible(f"Only {limit} are shown; --limit shows more."), style="dim")


def show_open() -> bool:
    """Show what is open, with a command for each; False where no stack is found."""
    try:
        deployed = deployment.find()
    except NothingFound:
        return False
    show_open_jobs(deployed)
    return True


def show_open_jobs(deployed: Deployment) -> None:
    """Show what is open in a stack, with a command for each."""
    err.print(f"On {deployed.place}.", style="dim")
    found = read_jobs(deployed, limit=_OPEN_SHOWN + 1)
    shown = [job for job in found.jobs if job.is_open or job.status == JobStatus.FAILED]
    if not shown:
        read = "" if found.is_whole else " of those read"
        out.print(f"No job{read} is open, and none has failed.")
    else:
        out.print(jobs_table(shown[:_OPEN_SHOWN], now=datetime.now(UTC)))
        out.print()
        for job in shown[:_OPEN_SHOWN]:
            out.print(f"  {_next(deployed, job)}")
    _say_if_not_whole(found)
    if len(shown) > _OPEN_SHOWN:
        err.print(f"Only {_OPEN_SHOWN} are shown; more are open or have failed.", style="dim")
    out.print(f"All jobs: {deployed.command('jobs')}   Commands: {program()} --help")


def _next(deployed: Deployment, job: ListedJob) -> str:
    if job.status == JobStatus.FAILED and job.failure:
        return deployed.command("redrive --job", job.job_id)
    if job.status == JobStatus.FAILED and job.stats.get("failureCount"):
        return deployed.command("rejects", job.job_id)
    return deployed.command("inspect", job.job_id)


def _say_if_not_whole(found: JobList) -> None:
    if not found.is_whole:
        text = f"The table is large: only its first {MAX_PAGES} MB were read."
        err.print(text, style="yellow")
