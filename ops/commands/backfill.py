"""`ingest backfill`: ingest results objects that no event announced."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from functions.domain.object_keys import RESULTS_PREFIX
from functions.domain.plain_text import counted
from ops.commands import options
from ops.commands.estimate import say
from ops.commands.watch import follow_executions
from ops.commands.working_through import work_through
from ops.errors import ExitCode, Refused
from ops.model import backlog
from ops.model.backlog import Left
from ops.model.estimating import settings, sources
from ops.model.estimating.estimate import estimate
from ops.model.pace import Pace, Running
from ops.view.terminal import out, outside, print_json, prose, visible

if TYPE_CHECKING:
    from ops.model.backlog import Backlog, Unannounced
    from ops.model.deployment import Deployment

_SHOWN_STRANGERS = 5
_REASONS = {
    Left.CLAIMED: "claimed already",
    Left.FAILED: "failed before their claim: `ingest redrive --all-failed` continues them",
    Left.NO_JOB: "of no job on record",
    Left.UNUSABLE: "whose key or whose job's record cannot be worked with",
}

_KEPT = (
    "replaced or removed meanwhile, or started before by an execution that ended without a claim."
)


def backfill(  # noqa: PLR0913, PLR0917 - one parameter an option
    prefix: Annotated[str, typer.Option(help="Only keys that begin with this.")] = RESULTS_PREFIX,
    since: Annotated[
        str | None,
        typer.Option(
            help="Only objects that are no older than this, as 90m, 12h or 2d.", show_default="all"
        ),
    ] = None,
    rate: options.Rate = options.DEFAULT_RATE,
    at_a_time: options.AtATime = options.DEFAULT_AT_A_TIME,
    max_cost: options.MaxCost = None,
    dry_run: options.DryRun = False,
    watch: Annotated[
        bool, typer.Option("--watch", help="Follow them to their end; exit with 4 if one failed.")
    ] = False,
    yes: options.Yes = False,
    local: options.Local = False,
    data: options.Data = None,
    stack: options.Stack = None,
    as_json: options.AsJson = False,
) -> None:
    """Ingest results objects that no event announced.

    These are older than the stack, or their events were lost. If it was interrupted, run it again:
    each object is ingested once. Objects without a job on record are counted and left alone.
    """
    if not prefix.startswith(RESULTS_PREFIX):
        raise Refused(
            f"--prefix {visible(prefix)} does not begin with {RESULTS_PREFIX}, where results are."
        )
    earliest = None if since is None else options.moment(since)
    deployed = options.chosen(local=local, data=data, stack=stack)
    found = backlog.find(deployed, prefix=prefix, since=earliest)
    if not as_json:
        _show(deployed, found, prefix)
    if found.unannounced:
        sizes = [(each.key, each.size) for each in found.unannounced]
        workloads = sources.of_objects(deployed, sizes)
        say(estimate(workloads, settings.of_deployment(deployed), at_a_time=at_a_time), max_cost)
    started: list[str] = []
    if found.unannounced and not dry_run:
        objects = counted(len(found.unannounced), "object")
        options.confirm(f"Ingest {objects} on {deployed.place}?", yes=yes, as_json=as_json)
        again = _again(deployed, prefix, since, rate, at_a_time)
        started = _start(deployed, found, rate=rate, at_a_time=at_a_time, again=again)
    look_again = deployed.command("watch")
    if as_json:
        print_json({**found.as_json(), "started": len(started)})
    elif not dry_run and (kept := len(found.unannounced) - len(started)):
        replay = deployed.command("replay JOB --object KEY")
        out.print(prose(f"{counted(kept, 'object')} not started: {_KEPT} `{replay}` ingests one."))
    if started and not as_json:
        out.print(f"Started {counted(len(started), 'execution')}.")
        out.print(f"See what becomes of them: {look_again}")
    if watch:
        ends = follow_executions(deployed, dict.fromkeys(started, 0), look_again=look_again)
        if any(status != "SUCCEEDED" for status in ends.values()):
            raise typer.Exit(ExitCode.JOB_FAILED)


def _start(
    deployed: Deployment, found: Backlog, *, rate: float, at_a_time: int, again: str
) -> list[str]:
    """Start them at a pace; returns the executions that this run has started."""
    running = Running(deployed)

    def start(each: Unannounced) -> str | None:
        arn = backlog.start(deployed, each)
        if arn is not None:
            running.note(arn)
        return arn

    pace = Pace(rate, at_a_time, running.count)
    started = work_through(found.unannounced, start, pace=pace, verb="Started", again=again)
    return [arn for arn in started if arn is not None]


def _again(
    deployed: Deployment, prefix: str, since: str | None, rate: float, at_a_time: int
) -> str:
    """The command that starts the rest."""
    within = ["--prefix", prefix] if prefix != RESULTS_PREFIX else []
    within += ["--since", since] if since is not None else []
    return deployed.command("backfill", *within, *options.pace(rate, at_a_time))


def _show(deployed: Deployment, found: Backlog, prefix: str) -> None:
    objects = counted(len(found.unannounced), "results object")
    jobs = counted(found.jobs, "job")
    out.print(
        f"{objects} of {jobs} to ingest under {visible(prefix)}: {counted(found.size, 'byte')}."
    )
    for why, number in sorted(found.left.items()):
        sentence = _REASONS[why].replace(
            "`ingest redrive --all-failed`", f"`{deployed.command('redrive --all-failed')}`"
        )
        out.print(prose(f"Left alone: {number} {sentence}."))
    for folder, number in found.strangers.most_common(_SHOWN_STRANGERS):
        out.print(outside(f"    {number} in {folder}", "dim"))
    if (more := len(found.strangers) - _SHOWN_STRANGERS) > 0:
        out.print(f"    and in {counted(more, 'more folder')}", style="dim")
