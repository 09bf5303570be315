"""How a failed execution looks: the cause, what it hit, and what to do, in that order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from functions.domain.service_failures import explain
from ops.view.terminal import visible

if TYPE_CHECKING:
    from ops.model.failures import FailedExecution

_CAUSE_CHARACTERS = 1000


def failure_text(failed: FailedExecution) -> Text:
    """State, error, cause, cure, and the command to type next."""
    text = Text.assemble(
        ("  Failed in ", "red"),
        (visible(failed.failed.name), "bold red"),
        (": ", "red"),
        (visible(failed.error), "bold red"),
    )
    if failed.cause:
        text.append(f"\n  {visible(failed.cause[:_CAUSE_CHARACTERS])}")
    items = failed.failed.items
    if items is not None:
        text.append(
            f"\n  {items.failed} of {items.total} items failed, {items.succeeded} succeeded, "
            f"{items.unfinished} did not finish"
        )
    for child in failed.failed.children:
        text.append(f"\n    {visible(child.item)}: {visible(child.error)}", style="dim")
    explanation = explain(failed.error, status=failed.execution.status)
    if explanation.sentence not in failed.cause:  # our own errors say it themselves
        text.append(f"\n  {explanation.sentence}", style="bold")
    if failed.obstacle is None:
        return text.append(f"\n  Next: {failed.redrive}")
    reason = failed.obstacle.reason.removesuffix(explanation.meaning).strip()
    return text.append(f"\n  {visible(reason)}").append(
        f"\n  Instead: {visible(failed.obstacle.instead)}"
    )
