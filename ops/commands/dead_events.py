"""`ingest dead-events`: events that EventBridge or Lambda could not deliver."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any

import typer

from functions.domain.plain_text import counted
from ops.commands import options
from ops.errors import ExitCode, Refused
from ops.model.dead_targets import Outcomes, Results, StillUndeliverable
from ops.view.terminal import out, outside, print_json, table

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ops.model.dead_queue import Undelivered
    from ops.model.dead_targets import Target
    from ops.model.deployment import Deployment


@dataclass(frozen=True)
class DeadEvent:
    """An event that did not reach its target.

    Attributes:
        became: The target's answer when it was sent again.
        problem: Why the target refused it again.
    """

    event: Undelivered
    target: Target
    became: str | None = None
    problem: str | None = None

    def as_json(self) -> dict[str, Any]:
        """The output of `--json`."""
        return {
            "of": self.target.name,
            "time": self.event.event.get("time"),
            **self.target.subject(self.event),
            "reason": self.event.reason,
            "became": self.became,
            "problem": self.problem,
        }


def dead_events(
    resend: Annotated[
        bool, typer.Option("--resend", help="Deliver them, and remove what was delivered.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask (on AWS).")] = False,
    local: options.Local = False,
    data: options.Data = None,
    stack: options.Stack = None,
    as_json: options.AsJson = False,
) -> None:
    """List undelivered events, and deliver them again.

    They are results without an execution, and outcomes without a message. First remove the cause
    that the reason names, most often a missing permission; then --resend delivers them. Delivering
    an event twice is harmless. Exits with 4 while events are left.
    """
    deployed = options.chosen(local=local, data=data, stack=stack)
    found = read(deployed)
    if resend and found:
        question = f"Deliver {counted(len(found), 'event')} again on {deployed.place}?"
        try:
            options.confirm(question, yes=yes or deployed.embedded is not None, as_json=as_json)
        except Refused:
            put_back(found)
            raise
        found = [send_again(each) for each in found]
    put_back(each for each in found if each.became is None)
    left = sum(each.became is None for each in found)
    if as_json:
        print_json({"events": [each.as_json() for each in found], "left": left})
    else:
        _show(deployed, found)
    if left:
        raise typer.Exit(ExitCode.JOB_FAILED)


def read(deployed: Deployment) -> list[DeadEvent]:
    """All undelivered events, invisible to others for a while; nothing is removed."""
    targets: tuple[Target, ...] = (Results.of(deployed), Outcomes.of(deployed))
    return [DeadEvent(event, target) for target in targets for event in target.queue.read()]


def send_again(dead: DeadEvent) -> DeadEvent:
    """Deliver an event, and remove it if its target accepts it."""
    try:
        became = dead.target.send(dead.event)
    except StillUndeliverable as problem:
        return replace(dead, problem=str(problem))
    dead.target.queue.remove(dead.event)
    return replace(dead, became=became)


def put_back(events: Iterable[DeadEvent]) -> None:
    """Make them visible again at once."""
    for each in events:
        each.target.queue.put_back([each.event])


def _show(deployed: Deployment, found: Sequence[DeadEvent]) -> None:
    if not found:
        out.print("The dead-letter queues are empty.")
        return
    drawn = table("Of", "Time", "Job", "About", "Not delivered because")
    for each in found:
        said = each.as_json()
        cells = (said[name] or "-" for name in ("of", "time", "job", "about", "reason"))
        drawn.add_row(*map(outside, cells))
    out.print(drawn)
    for each in found:
        about = each.target.subject(each.event)["about"] or "an event"
        if each.became is not None:
            out.print(outside(f"{about}: {each.became}", "green"))
        elif each.problem is not None:
            out.print(outside(f"{about}: {each.problem}", "red"))
    if any(each.became is None for each in found):
        out.print(f"Remove the cause, then: {deployed.command('dead-events --resend')}")
