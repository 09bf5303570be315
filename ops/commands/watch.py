"""`ingest watch`: jobs followed while they are ingested."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from functions.domain.jobs import ENDED_JOB_STATUSES
from ops.commands import options
from ops.commands.inspect import show
from ops.errors import ExitCode, NothingFound
from ops.model.job_report import read_execution, read_job
from ops.model.open_jobs import OpenJobs
from ops.model.progress import progress_of
from ops.view import job as job_view
from ops.view.follower import Follower, ended, is_marked
from ops.view.progress import line
from ops.view.terminal import err, out, outside, print_json, prose, visible

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ops.model.deployment import Deployment
    from ops.model.job_report import JobReport

AT_ONCE = 10
"""Jobs that are read at the same time. Reading one takes about five calls."""
PATIENCE_SECONDS = 3_600.0
"""Of work that throttling may hold up for half an hour and more."""


def watch(
    job: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="JOB",
            help="Ids or ARNs of jobs; without any, those that are open, also later.",
            show_default=False,
            autocompletion=options.complete_job,
        ),
    ] = None,
    local: options.Local = False,
    data: options.Data = None,
    stack: options.Stack = None,
    as_json: options.AsJson = False,
) -> None:
    """Follow jobs while they are ingested.

    Shows how far each is, its rate, and the time left. Stopping it does not stop the ingest. Ends
    when all jobs have ended; exits with 4 if one failed.
    """
    deployed = options.chosen(local=local, data=data, stack=stack)
    if job:
        jobs = [each.rpartition("/")[2] for each in job]
        for each in jobs:
            _require(deployed, each)
        reports = follow_jobs(deployed, jobs)
    else:
        reports = _follow_open(deployed)
    if not reports:
        print_json([]) if as_json else out.print("No job is open.")
        return
    if len(reports) == 1:
        show(deployed, reports[0], as_json=as_json)
        return
    if as_json:
        now = datetime.now(UTC)
        print_json([job_view.as_json(report, now=now) for report in reports])
    else:
        _summary(deployed, reports)
    if any(report.has_failed for report in reports):
        raise typer.Exit(ExitCode.JOB_FAILED)


def follow_jobs(deployed: Deployment, job_ids: Sequence[str]) -> Sequence[JobReport]:
    """Follow jobs to their end, however long it takes."""
    look_again = deployed.command("watch", *job_ids)
    return _follow(lambda: [read_job(deployed, each) for each in job_ids], look_again)


def _follow(read: Callable[[], Sequence[JobReport]], look_again: str) -> Sequence[JobReport]:
    return Follower(read, is_settled, look_again, patience=None).follow()


def _follow_open(deployed: Deployment) -> Sequence[JobReport]:
    """Follow the jobs that are open, and those that open meanwhile, until none is."""
    jobs = OpenJobs(
        deployed, read_job, lambda report: is_settled(report) and is_marked(report), AT_ONCE
    )
    if not jobs.look():
        return []
    if jobs.is_cut:
        more = deployed.command("jobs")
        text = f"More than {AT_ONCE} jobs are open; the others follow. `{more}` lists all."
        err.print(prose(text), style="dim")
    return _follow(jobs.reports, deployed.command("watch"))


def follow_executions(
    deployed: Deployment, redrives: dict[str, int], *, look_again: str
) -> dict[str, str]:
    """Follow executions to their end, a few at a time; their statuses by ARN.

    Each has its number of redrives: what a service still says of an earlier end does not count.
    """
    arns, statuses = list(redrives), {}
    for first in range(0, len(arns), AT_ONCE):
        follower = Follower(
            read=partial(_of_executions, deployed, arns[first : first + AT_ONCE]),
            is_over=lambda report: has_ended(report, redrives),
            look_again=look_again,
            patience=PATIENCE_SECONDS,
        )
        for report in follower.follow():
            if report.history is not None:
                statuses[report.history.arn] = report.history.status
    return statuses


def has_ended(report: JobReport, redrives: dict[str, int]) -> bool:
    """Whether the execution shown has ended since it was last redriven."""
    found = report.history
    return found is not None and found.ended is not None and found.redrives >= redrives[found.arn]


def is_settled(report: JobReport) -> bool:
    """Whether a job is over: its work has ended, or no results will come."""
    return ended(report) or (not report.objects and report.status in ENDED_JOB_STATUSES)


def _of_executions(deployed: Deployment, arns: Sequence[str]) -> list[JobReport]:
    return [_of_execution(deployed, arn) for arn in arns]


def _of_execution(deployed: Deployment, arn: str) -> JobReport:
    """An execution and its own results object; NothingFound if it is gone."""
    found = read_execution(deployed, arn)
    if found is None:
        raise NothingFound(f"On {deployed.place} there is no execution {visible(arn)} any more.")
    return found.only(lambda claim: claim.owner == arn)


def _require(deployed: Deployment, job_id: str) -> None:
    report = read_job(deployed, job_id)
    if report.record is None and not report.objects:
        raise deployed.no_such_job(job_id)


def _summary(deployed: Deployment, reports: Sequence[JobReport]) -> None:
    """How each ended, in a line; and where to look."""
    now = datetime.now(UTC)
    for report in reports:
        text = line(progress_of(report, now=now))
        out.print(outside(text, "red" if report.has_failed else "green"))
        if report.has_failed:
            out.print(f"    look: {deployed.command('inspect', report.job_id)}")
