"""Views of a redrive: what will run again and why it failed, and how each ended."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ops.model.failures import read_failed
from ops.view.failure import CAUSE_CHARACTERS, failure_text
from ops.view.terminal import err, out, outside, prose, table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ops.model.deployment import Deployment
    from ops.model.failures import FailedExecution
    from ops.model.redrives import Redriven


def show(found: Sequence[FailedExecution]) -> None:
    """Show what will run again, why it failed, and what will not run again."""
    drawn = table("Execution", "Job", "Failed in", "Error", "Runs again")
    for each in found:
        drawn.add_row(
            outside(each.name),
            outside(each.execution.job_id or "-"),
            outside(each.failed.name),
            outside(each.error, "red"),
            outside(each.will_run if each.obstacle is None else "nothing"),
        )
    out.print(drawn)
    _show_causes([each for each in found if each.obstacle is None])
    for each in found:
        if each.obstacle is not None:
            out.print(outside(prose(f"{each.name}: {each.obstacle.reason}"), "yellow"))
            out.print(outside(f"    instead: {each.obstacle.instead}"))


def _show_causes(chosen: Sequence[FailedExecution]) -> None:
    """Show each cause to remove before a redrive, once for executions that failed alike."""
    alike: dict[tuple[str, str], list[FailedExecution]] = {}
    for each in chosen:
        alike.setdefault((each.error, each.failed.name), []).append(each)
    for first, *others in alike.values():
        also = f" (and {len(others)} more alike)" if others else ""
        out.print(outside(f"{first.name}{also}: {first.error}", "red"))
        if first.cause:
            out.print(outside(prose(first.cause[:CAUSE_CHARACTERS], indent=4)))
        if not first.is_explained:
            out.print(outside(prose(first.advice, indent=4), "bold"))


def report(deployed: Deployment, outcomes: Sequence[Redriven]) -> None:
    """Say how each ended; of one that failed again, why."""
    for each in outcomes:
        name = each.arn.rpartition(":")[2]
        if each.refusal:
            err.print(outside(f"{name}: {each.refusal}", "red"))
            continue
        out.print(outside(f"{name}: {each.status}", "red" if each.has_failed else "green"))
        if each.has_failed:
            out.print(failure_text(read_failed(deployed, each.arn)))
            out.print(outside(f"    look: {deployed.command('inspect', each.arn)}"))


def as_json(each: FailedExecution, outcomes: Mapping[str, Redriven]) -> dict[str, Any]:
    """For programs: the failure, and what a redrive made of it."""
    outcome = outcomes.get(each.execution.arn)
    return {
        **each.as_json(),
        "redriven": outcome is not None and outcome.refusal is None,
        "outcome": outcome.status if outcome else None,
    }
