"""`ingest redrive`: continue failed executions where they failed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from functions.domain.plain_text import counted
from ops.commands import options
from ops.commands.watch import AT_ONCE, follow_executions
from ops.commands.working_through import work_through
from ops.errors import ExitCode, NothingFound, Refused
from ops.model.failures import (
    FailedExecution,
    failed_since,
    is_about,
    own_execution,
    read_failed,
)
from ops.model.pace import Pace, Running
from ops.model.redrives import Redriven, nothing_to_redrive, redrive_execution
from ops.view import redrive as redrive_view
from ops.view.terminal import err, print_json, visible

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from ops.model.deployment import Deployment

_SETTLED = "cured by another execution, or beyond any cure"


def redrive(  # noqa: PLR0913, PLR0917 - one parameter an option
    execution: Annotated[
        str | None,
        typer.Argument(help="An execution's ARN or name.", show_default=False),
    ] = None,
    job: Annotated[
        str | None,
        typer.Option(
            metavar="JOB",
            help="All failed executions of a job, by its id or ARN.",
            callback=options.job_id,
            show_default=False,
            autocompletion=options.complete_job,
        ),
    ] = None,
    all_failed: Annotated[
        bool, typer.Option("--all-failed", help="All failed executions of the stack.")
    ] = False,
    since: Annotated[
        str, typer.Option(help="With --job and --all-failed: how far back, as 90m, 12h or 2d.")
    ] = "14d",
    rate: options.Rate = options.DEFAULT_RATE,
    at_a_time: options.AtATime = options.DEFAULT_AT_A_TIME,
    yes: options.Yes = False,
    follow: Annotated[bool, typer.Option(help="Wait until they end.")] = True,
    local: options.Local = False,
    data: options.Data = None,
    stack: options.Stack = None,
    as_json: options.AsJson = False,
) -> None:
    """Continue failed executions where they failed.

    Finished work is not repeated. Shows cause, cure and what will run again, asks, redrives, and
    waits for the end. If an execution cannot be redriven, it shows why, and the command that helps
    instead. --job and --all-failed skip what another execution has cured. Many are redriven at the
    pace of --rate and --at-a-time. If it was interrupted, run it again.
    """
    if sum((execution is not None, job is not None, all_failed)) != 1:
        raise Refused("Name one execution, or a job with --job, or all with --all-failed.")
    deployed = options.chosen(local=local, data=data, stack=stack)
    found = find(deployed, execution=execution, job=job, since=options.moment(since))
    chosen = [each for each in found if each.obstacle is None]
    if not as_json:
        redrive_view.show(found)
    if chosen:
        options.confirm(question(deployed, chosen), yes=yes, as_json=as_json)
    again = _again(deployed, job, since, rate, at_a_time)
    outcomes = restart(deployed, chosen, rate=rate, at_a_time=at_a_time, again=again)
    if follow:
        outcomes = follow_to_the_end(deployed, outcomes, look_again=_look(deployed, chosen))
    if as_json:
        by_arn = {each.arn: each for each in outcomes}
        print_json({"executions": [redrive_view.as_json(each, by_arn) for each in found]})
    else:
        redrive_view.report(deployed, outcomes)
    if any(each.has_failed for each in outcomes):
        raise typer.Exit(ExitCode.JOB_FAILED)
    if not outcomes and found:
        raise typer.Exit(ExitCode.REFUSED)


def question(deployed: Deployment, chosen: Sequence[FailedExecution]) -> str:
    """The question that a person confirms."""
    return f"Redrive {counted(len(chosen), 'execution')} on {deployed.place}?"


def find(
    deployed: Deployment, *, execution: str | None, job: str | None, since: datetime
) -> list[FailedExecution]:
    """The executions that are meant: one, or all that failed and are still to be cured.

    Raises:
        NothingFound: there are none.
        Refused: it is an execution of something else.
    """
    if execution is not None:
        return [_named(deployed, execution)]
    arns = failed_since(deployed, since)
    if job is not None:
        arns = (arn for arn in arns if is_about(deployed, arn, job))
    found = [read_failed(deployed, arn) for arn in arns]
    still_open = [each for each in found if each.is_open]
    if not still_open:
        raise NothingFound(_nothing(deployed, job, since, settled=len(found)))
    if settled := len(found) - len(still_open):
        err.print(f"Not listed: {counted(settled, 'failed execution')}, {_SETTLED}.", style="dim")
    return still_open


def _named(deployed: Deployment, execution: str) -> FailedExecution:
    """One execution; a job's id in its place is answered by what holds for the job."""
    try:
        return read_failed(deployed, own_execution(deployed, execution))
    except NothingFound:
        if (nothing := nothing_to_redrive(deployed, execution)) is not None:
            raise NothingFound(nothing) from None
        if deployed.jobs.is_on_record(execution):
            raise NothingFound(
                f"{visible(execution)} is a job, not an execution. "
                f"`{deployed.command('redrive --job', execution)}` redrives its executions."
            ) from None
        raise


def _nothing(deployed: Deployment, job: str | None, since: datetime, *, settled: int) -> str:
    whose = f" of job {visible(job)}" if job else ""
    when = f"since {since:%Y-%m-%d %H:%M} UTC"
    if settled:
        return (
            f"On {deployed.place} nothing{whose} is left to redrive {when}: "
            f"{counted(settled, 'failed execution')}, {_SETTLED}."
        )
    if job is not None and (nothing := nothing_to_redrive(deployed, job)) is not None:
        return nothing
    if job is not None and not deployed.jobs.is_on_record(job):
        return (
            f"On {deployed.place} there is no job {visible(job)}, and no execution of it has failed"
            f" {when}. `{deployed.command('jobs')}` lists the jobs."
        )
    return (
        f"On {deployed.place} no execution{whose} has failed {when}. "
        "Look further back with --since."
    )


def restart(
    deployed: Deployment,
    chosen: Sequence[FailedExecution],
    *,
    rate: float = options.DEFAULT_RATE,
    at_a_time: int = options.DEFAULT_AT_A_TIME,
    again: str = "",
) -> list[Redriven]:
    """Redrive; several at a pace, so that they do not all compete for the same places."""
    running = Running(deployed)

    def restart_one(each: FailedExecution) -> Redriven:
        redriven = redrive_execution(deployed, each.execution)
        if redriven.refusal is None:
            running.note(redriven.arn, redrives=redriven.redrives + 1)
        return redriven

    if len(chosen) <= 1:
        return [restart_one(each) for each in chosen]
    pace = Pace(rate, at_a_time, running.count)
    return work_through(chosen, restart_one, pace=pace, verb="Redrove", again=again)


def _again(deployed: Deployment, job: str | None, since: str, rate: float, at_a_time: int) -> str:
    """The command that redrives the rest."""
    which = "--all-failed" if job is None else "--job"
    chosen = [] if job is None else [job]
    return deployed.command(
        f"redrive {which}", *chosen, "--since", since, *options.pace(rate, at_a_time)
    )


def _look(deployed: Deployment, chosen: Sequence[FailedExecution]) -> str:
    """The command that shows progress, for a person who stops waiting."""
    if len(chosen) == 1 and not chosen[0].execution.job_id:
        return deployed.command("inspect", chosen[0].execution.arn)
    jobs = sorted({each.execution.job_id for each in chosen if each.execution.job_id})
    return deployed.command("watch", *(jobs if len(jobs) <= AT_ONCE else ()))


def follow_to_the_end(
    deployed: Deployment, outcomes: Sequence[Redriven], *, look_again: str
) -> list[Redriven]:
    """Wait until all that were redriven have ended, and show how far they are."""
    redrives = {each.arn: each.redrives + 1 for each in outcomes if each.refusal is None}
    statuses = follow_executions(deployed, redrives, look_again=look_again)
    return [replace(each, status=statuses.get(each.arn, each.status)) for each in outcomes]
