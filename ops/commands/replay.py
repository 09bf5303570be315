"""`ingest replay`: ingest a job's results objects once more, on purpose."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from functions.domain.plain_text import counted
from ops.commands import inspect, options
from ops.commands.watch import follow_executions
from ops.model import replays
from ops.model.job_report import read_job
from ops.view.terminal import out, outside, print_json, prose, table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ops.model.deployment import Deployment
    from ops.model.replays import Replayable

ACCEPTED = "Whatever share of the records is rejected, it is accepted."
EFFECT = (
    "Each is claimed by a new execution, which reads it from its first byte. Transactions are "
    "written again; one that a person edited or confirmed stays as it is, a deleted one comes "
    "back. Images that were moved stay where they are. The job counts what this run finds."
)


def replay(  # noqa: PLR0913, PLR0917 - one parameter an option
    job: options.Job,
    key: Annotated[
        str | None,
        typer.Option(
            "--object", metavar="KEY", help="Only this results object.", show_default=False
        ),
    ] = None,
    reason: Annotated[
        str, typer.Option(help="Why; it is kept in the execution's input.")
    ] = "replayed by hand",
    accept_rejects: Annotated[
        bool,
        typer.Option(
            "--accept-rejects", help="Let it succeed whatever share of the records is rejected."
        ),
    ] = False,
    watch: Annotated[bool, typer.Option("--watch", help="Follow it to its end.")] = False,
    yes: options.Yes = False,
    local: options.Local = False,
    data: options.Data = None,
    stack: options.Stack = None,
    as_json: options.AsJson = False,
) -> None:
    """Ingest a job's results objects again, in new executions.

    For work that a redrive cannot cure: too many rejects, an execution too old to be redriven, an
    event that was lost. Shows what it will do, and asks.
    """
    deployed = options.chosen(local=local, data=data, stack=stack)
    found = replays.find(deployed, job, key=key)
    if not as_json:
        show(found)
        if accept_rejects:
            out.print(prose(ACCEPTED))
    options.confirm(question(deployed, found), yes=yes, as_json=as_json)
    started = [
        replays.start(deployed, each, reason=reason, accept_rejects=accept_rejects)
        for each in found
    ]
    if watch:
        look_again = deployed.command("watch", job)
        follow_executions(deployed, dict.fromkeys(started, 0), look_again=look_again)
        inspect.show(deployed, read_job(deployed, job), as_json=as_json)
        return
    if as_json:
        print_json(
            [
                {"object": each.key, "execution": arn}
                for each, arn in zip(found, started, strict=True)
            ]
        )
        return
    for arn in started:
        out.print(f"Started {arn}")
    out.print(f"Follow it with: {deployed.command('watch', job)}")


def question(deployed: Deployment, found: Sequence[Replayable]) -> str:
    """The question that a person confirms."""
    return f"Replay {counted(len(found), 'object')} on {deployed.place}?"


def show(found: Sequence[Replayable]) -> None:
    """Say what would be replayed, and what that does."""
    drawn = table("results object", "bytes", "now")
    for each in found:
        drawn.add_row(outside(each.key), f"{each.size:,}", outside(each.progress))
    out.print(drawn)
    out.print(prose(EFFECT), style="dim")
