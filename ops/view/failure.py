"""The view of a failed execution: cause, subject and cure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from functions.domain.attempts import tried
from functions.domain.failures import Cure
from functions.domain.plain_text import counted
from ops.view.terminal import prose, visible

if TYPE_CHECKING:
    from ops.model.failures import FailedExecution

CAUSE_CHARACTERS = 1000


def failure_text(failed: FailedExecution) -> Text:
    """State, error, cause, cure, and the command to type next."""
    text = Text.assemble(
        ("  Failed in ", "red"),
        (visible(failed.failed.name), "bold red"),
        (": ", "red"),
        (visible(failed.error), "bold red"),
    )
    if failed.cause:
        text.append(f"\n{prose(visible(failed.cause[:CAUSE_CHARACTERS]), indent=2)}")
    if said := tried(failed.failed.attempts):
        text.append(f"\n{prose(visible(said), indent=2)}")
    items = failed.failed.items
    if items is not None:
        text.append(
            f"\n  {items.failed} of {counted(items.total, 'item')} failed, "
            f"{items.succeeded} succeeded, {items.unfinished} did not finish"
        )
    for child in failed.failed.children:
        text.append(f"\n    {visible(child.item)}: {visible(child.error)}", style="dim")
    if not failed.is_explained:
        text.append(f"\n{prose(visible(failed.advice), indent=2)}", style="bold")
    if failed.obstacle is None:
        return text.append(f"\n  Next: {failed.redrive}")
    reason = failed.obstacle.reason.removesuffix(failed.explanation.meaning).strip()
    if reason not in failed.cause:
        text.append(f"\n{prose(visible(reason), indent=2)}")
    if failed.explanation.cure is Cure.NEW_EVENT:
        return text  # all there is to look at is this
    return text.append(f"\n  Instead: {visible(failed.obstacle.instead)}")
