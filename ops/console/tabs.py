"""Results of a job: the content of the tab that is shown; the other tabs are not read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from functions.domain.claims import ClaimState
from functions.domain.plain_text import counted
from ops.commands.messages import read
from ops.console.details import SHOWN, reject_rows
from ops.console.words import Pill
from ops.errors import Refused
from ops.model.transactions import read_transactions

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from ops.console.details import Rejects
    from ops.console.job_page import Asked
    from ops.console.job_view import JobView
    from ops.model.deployment import Deployment
    from ops.model.job_report import ObjectReport

_PILLS: Final = {
    ClaimState.CLAIMED: Pill("running", "at work"),
    ClaimState.DONE: Pill("done", "done"),
    ClaimState.FAILED: Pill("failed", "failed"),
}


@dataclass(frozen=True)
class ClaimRow:
    """A claim, or an earlier one of the same object."""

    file: str
    generation: int
    since: datetime | None
    pill: Pill
    content: str
    owner: str
    wrote: str


def tab_context(
    deployed: Deployment, view: JobView, asked: Asked, rejects: Rejects
) -> dict[str, Any]:
    """Build the context of the tab; reading transactions blocks."""
    report, job_id = view.report, view.report.job_id
    loads, images = report.loads_so_far, report.images_so_far
    claims = [row for each in report.objects for row in _claim_rows(each)]
    shown: dict[str, Any] = {
        "numbers": {
            "rejects": loads.failure,
            "images": images.total,
            "transactions": loads.success,
            "messages": None,
            "claims": len(claims),
        },
    }
    if asked.tab == "rejects":
        reasons = rejects.reasons()
        shown |= {
            "rejects": rejects,
            "reasons": reasons,
            "rows": reject_rows(
                rejects, reason=asked.reason, detail=asked.detail, text_of=asked.text
            ),
            "chosen": _chosen(reasons, asked),
            "resubmit": deployed.command("resubmit", job_id),
        }
    elif asked.tab == "images":
        shown["left"] = sorted(images.left.items(), key=lambda each: -each[1])
    elif asked.tab == "transactions":
        found = read_transactions(deployed, job_id) if asked.personal else None
        shown |= {
            "transactions": found[: 2 * SHOWN] if found is not None else None,
            "transactions_total": len(found or ()),
            "csv": f"/transactions/{quote(job_id, safe='')}.csv",
        }
    elif asked.tab == "messages":
        shown |= _messages(deployed, job_id)
    else:
        shown["claims"] = claims
    return shown


def _messages(deployed: Deployment, job_id: str) -> dict[str, Any]:
    """The messages that name the job, the newest first."""
    try:
        found = read(deployed)
    except Refused as error:
        return {"messages": [], "no_messages": str(error)}
    own = [each for each in reversed(found) if job_id in each.text]
    said = "Nothing about the job was published since the embedded AWS was started."
    return {"messages": own[:SHOWN], "no_messages": said}


def _chosen(reasons: list[tuple[str, int, list[tuple[str, int]]]], asked: Asked) -> int:
    return sum(
        n
        for reason, _, details in reasons
        for detail, n in details
        if asked.reason in {"", reason} and asked.detail in {"", detail}
    )


def _claim_rows(each: ObjectReport) -> Iterator[ClaimRow]:
    claim = each.claim
    file = claim.key.rpartition("/")[2]
    yield ClaimRow(
        file,
        claim.generation,
        claim.claimed_at,
        _PILLS[claim.state],
        claim.etag[:12],
        claim.owner.rpartition(":")[2],
        counted(each.loads.success, "transaction") if each.loads.total else "nothing yet",
    )
    for generation in sorted(claim.contents, reverse=True):
        if generation < claim.generation:
            etag = claim.contents[generation]
            later = (each for each in claim.contents if each > generation)
            following = min(later, default=claim.generation)
            wrote = "has written transactions" if etag in claim.written else "nothing on record"
            yield ClaimRow(
                file,
                generation,
                None,
                Pill("stopped", f"superseded by {following}"),
                etag[:12],
                "",
                wrote,
            )
