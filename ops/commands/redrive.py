"""`ingest redrive`: continue failed executions where they stand, once the cause is gone."""

from __future__ import annotations

import re
import sys
import time
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer
from botocore.exceptions import ClientError
from rich.table import Table

from ops.commands import options
from ops.errors import ExitCode, NothingFound, Refused, StillWaiting
from ops.model.failures import (
    FailedExecution,
    failed_since,
    is_about,
    own_execution,
    read_failed,
)
from ops.view.terminal import err, out, outside, print_json, visible

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ops.model.deployment import Deployment

POLL_SECONDS = 0.5
PATIENCE_SECONDS = 1800.0
_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}


def redrive(  # noqa: PLR0913, PLR0917 - one parameter an option
    execution: Annotated[
        str | None,
        typer.Argument(help="An execution's ARN or name.", show_default=False),
    ] = None,
    job: Annotated[
        str | None,
        typer.Option(metavar="ID", help="All failed executions of a job.", show_default=False),
    ] = None,
    all_failed: Annotated[bool, typer.Option("--all-failed", help="All of the machine.")] = False,
    since: Annotated[
        str, typer.Option(help="With --job and --all-failed: how far back, as 90m, 12h or 2d.")
    ] = "14d",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    follow: Annotated[bool, typer.Option(help="Wait until they end.")] = True,
    local: options.Local = False,
    data: options.Data = None,
    stack: options.Stack = None,
    as_json: options.AsJson = False,
) -> None:
    """Continue failed executions where they stand; what is finished is not done again.

    Shows what will run again, asks, redrives, and follows to the end. What cannot be redriven
    is shown with the reason and with the command that helps instead.
    """
    if sum((execution is not None, job is not None, all_failed)) != 1:
        raise Refused("Name one execution, or a job with --job, or all with --all-failed.")
    deployed = options.chosen(local=local, data=data, stack=stack)
    found = find(deployed, execution=execution, job=job, since=_moment(since))
    chosen = [each for each in found if each.obstacle is None]
    if not as_json:
        show(found)
    if chosen and not yes:
        _ask(len(chosen), as_json=as_json)
    outcomes = restart(deployed, chosen)
    if follow:
        outcomes = [_followed(deployed, each) for each in outcomes]
    _report(deployed, found, outcomes, as_json=as_json)
    if any(each.has_failed for each in outcomes):
        raise typer.Exit(ExitCode.JOB_FAILED)
    if not outcomes and found:
        raise typer.Exit(ExitCode.REFUSED)


@dataclass(frozen=True)
class Redriven:
    """An execution that was redriven, and where it stands.

    Attributes:
        refusal: Why Step Functions did not redrive it after all.
    """

    arn: str
    status: str
    refusal: str | None = None

    @property
    def has_failed(self) -> bool:
        """Whether it did not come to its end."""
        return self.refusal is not None or self.status not in ("RUNNING", "SUCCEEDED")


def find(
    deployed: Deployment, *, execution: str | None, job: str | None, since: datetime
) -> list[FailedExecution]:
    """The executions that are meant, whether they can be redriven or not.

    Raises:
        NothingFound: there are none.
        Refused: it is an execution of something else.
    """
    if execution is not None:
        return [read_failed(deployed, own_execution(deployed, execution))]
    arns = failed_since(deployed, since)
    if job is not None:
        arns = (arn for arn in arns if is_about(deployed, arn, job))
    found = [read_failed(deployed, arn) for arn in arns]
    if not found:
        whose = f"of job {visible(job)} " if job else ""
        raise NothingFound(
            f"On {deployed.place} no execution {whose}has failed since {since:%Y-%m-%d %H:%M} UTC. "
            "Look further back with --since."
        )
    return found


def restart(deployed: Deployment, chosen: Sequence[FailedExecution]) -> list[Redriven]:
    """Redrive; each with a token, so that a repeated request is not a second redrive."""
    redriven = []
    for each in chosen:
        try:
            deployed.step_functions.redrive_execution(
                executionArn=each.execution.arn, clientToken=uuid.uuid4().hex
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "ExecutionNotRedrivable":
                raise
            # Somebody was faster, or its two weeks ended this minute.
            redriven.append(Redriven(each.execution.arn, each.execution.status, str(error)))
        else:
            redriven.append(Redriven(each.execution.arn, "RUNNING"))
    return redriven


def until_ended(
    deployed: Deployment,
    arn: str,
    *,
    patience: float = PATIENCE_SECONDS,
    sleep: Callable[[float], None] = time.sleep,
) -> str:
    """Wait for an execution's end; its status.

    Raises:
        StillWaiting: it has not ended in so many seconds.
    """
    end = time.monotonic() + patience
    while True:
        status = deployed.step_functions.describe_execution(executionArn=arn)["status"]
        if status not in ("RUNNING", "PENDING_REDRIVE"):
            return status
        if time.monotonic() > end:
            raise StillWaiting(
                f"It still runs after {patience:.0f} s. Look again: "
                + deployed.command("inspect", arn)
            )
        sleep(POLL_SECONDS)


def show(found: Sequence[FailedExecution]) -> None:
    """What will run again, and what will not and why."""
    table = Table(box=None, header_style="dim", pad_edge=False)
    for column in ("Execution", "Job", "Failed in", "Error", "Runs again"):
        table.add_column(column, overflow="fold")
    for each in found:
        table.add_row(
            outside(each.name),
            outside(each.execution.job_id or "-"),
            outside(each.failed.name),
            outside(each.error, "red"),
            outside(each.will_run if each.obstacle is None else "nothing"),
        )
    out.print(table)
    for each in found:
        if each.obstacle is not None:
            out.print(outside(f"{each.name}: {each.obstacle.reason}", "yellow"))
            out.print(outside(f"    instead: {each.obstacle.instead}"))


def _ask(count: int, *, as_json: bool) -> None:
    if as_json or not sys.stdin.isatty():
        raise Refused("Nobody can be asked here: say --yes to redrive, or look with `inspect`.")
    if not typer.confirm(f"Redrive {count} execution{'s' if count != 1 else ''}?", err=True):
        raise Refused("Nothing was redriven.")


def _followed(deployed: Deployment, each: Redriven) -> Redriven:
    if each.refusal is not None:
        return each
    return Redriven(each.arn, until_ended(deployed, each.arn))


def _report(
    deployed: Deployment,
    found: Sequence[FailedExecution],
    outcomes: Sequence[Redriven],
    *,
    as_json: bool,
) -> None:
    if as_json:
        by_arn = {each.arn: each for each in outcomes}
        print_json({"executions": [_as_json(each, by_arn) for each in found]})
        return
    for each in outcomes:
        name = each.arn.rpartition(":")[2]
        if each.refusal:
            err.print(outside(f"{name}: {each.refusal}", "red"))
            continue
        out.print(outside(f"{name}: {each.status}", "red" if each.has_failed else "green"))
        if each.has_failed:
            out.print(outside(f"    look: {deployed.command('inspect', each.arn)}"))


def _as_json(each: FailedExecution, outcomes: dict[str, Redriven]) -> dict[str, Any]:
    outcome = outcomes.get(each.execution.arn)
    return {
        **each.as_json(),
        "redriven": outcome is not None and outcome.refusal is None,
        "outcome": outcome.status if outcome else None,
    }


def _moment(since: str) -> datetime:
    match = re.fullmatch(r"(\d{1,4})([mhd])", since)
    if match is None:
        raise Refused(f"--since {visible(since)} is no time: write 90m, 12h or 2d.")
    return datetime.now(UTC) - int(match[1]) * _UNITS[match[2]]
