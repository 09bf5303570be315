"""`ingest tidy`: remove transactions that replaced content of a job has left behind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from functions.domain.plain_text import counted
from ops.commands import options
from ops.model import leftovers
from ops.view.terminal import err, out, print_json, prose, visible

if TYPE_CHECKING:
    from ops.model.deployment import Deployment
    from ops.model.leftovers import Leftovers

_LISTED = 20


def tidy(
    job: options.Job,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only list them.")] = False,
    yes: options.Yes = False,
    local: options.Local = False,
    data: options.Data = None,
    stack: options.Stack = None,
    as_json: options.AsJson = False,
) -> None:
    """Remove transactions that replaced results left behind.

    Lists them and asks first. A transaction that a person edited or confirmed stays. Images that
    were moved stay where they are. Reads all transactions of the job's user.
    """
    deployed = options.chosen(local=local, data=data, stack=stack)
    found = leftovers.find(deployed, job)
    if not as_json:
        _show(found)
    count, removed = len(found.removable), 0
    is_marked = any(claim.replaced for _, claim in found.claims)
    if not dry_run and (count or is_marked):
        if count:
            options.confirm(question(deployed, found), yes=yes, as_json=as_json)
        removed = leftovers.remove(deployed, found)
    if as_json:
        print_json(_as_json(found, removed=removed))
    elif removed:
        out.print(f"Removed {counted(removed, 'transaction')}.")


def question(deployed: Deployment, found: Leftovers) -> str:
    """The question that a person confirms."""
    return f"Remove {counted(len(found.removable), 'transaction')} on {deployed.place}?"


def summary(found: Leftovers) -> str:
    """How many there are, and how many of them a person has touched."""
    kept = len(found.found) - len(found.removable)
    return (
        f"{counted(len(found.found), 'transaction')} of the job, answered by none of its "
        f"present results. {len(found.removable)} can be removed; {kept} were edited or "
        "confirmed by a person and stay."
    )


def _show(found: Leftovers) -> None:
    if not found.found:
        out.print("Every transaction of the job is answered by its present results.")
        return
    out.print(prose(summary(found)))
    for each in found.found[:_LISTED]:
        note = "" if each.is_untouched else "  (edited or confirmed: stays)"
        image = "  (its image stays where it was moved)" if each.has_image else ""
        out.print(f"  {each.transaction_id}  {visible(each.image_id)}{note}{image}")
    if (more := len(found.found) - _LISTED) > 0:
        err.print(f"  and {more} more; --json lists all.", style="dim")


def _as_json(found: Leftovers, *, removed: int) -> dict[str, object]:
    return {
        "jobId": found.job.job_id,
        "leftBehind": [
            {
                "transactionId": each.transaction_id,
                "imageId": each.image_id,
                "untouched": each.is_untouched,
                "hasImage": each.has_image,
            }
            for each in found.found
        ],
        "removed": removed,
    }
