"""The page of a job: verdict, counts, bytes, states, time, and what came of it."""

from __future__ import annotations

import functools
import itertools
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, urlencode

from functions.domain.plain_text import counted
from functions.domain.timestamps import parse_timestamp
from local import server
from ops.console.state_graph import Mark, state_graph
from ops.console.strip import strip
from ops.console.timeline import look_of, timeline
from ops.console.verdict import verdict
from ops.console.words import pill_of
from ops.model.job_list import count_in

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from ops.console.details import Rejects
    from ops.console.job_view import JobView
    from ops.model.deployment import Deployment
    from ops.model.history import History

TABS: Final = {
    "rejects": "Rejects",
    "images": "Images",
    "transactions": "Transactions",
    "messages": "Messages",
    "claims": "Claims",
}
_NOTED: Final = {"LoadRanges": "ranges", "MigrateImages": "parts"}


@dataclass(frozen=True)
class Asked:
    """The part of a job's page that a request asks for.

    Attributes:
        tab: What came of it.
        range: The range under the lens.
        results: Which results object, from 0.
        reason, detail: The kind of rejects.
        text: The offset of the reject whose text is shown.
        personal: Whether transactions were asked for.
    """

    job_id: str
    tab: str = "rejects"
    range: int | None = None
    results: int = 0
    reason: str = ""
    detail: str = ""
    text: str = ""
    personal: bool = False

    @classmethod
    def of(cls, job_id: str, asked: Mapping[str, str]) -> Asked:
        """Parse the query of an address."""
        tab = asked.get("tab", "")
        return cls(
            job_id,
            tab=tab if tab in TABS else "rejects",
            range=_number(asked.get("range", "")),
            results=_number(asked.get("object", "")) or 0,
            reason=asked.get("reason", ""),
            detail=asked.get("detail", ""),
            text=asked.get("text", ""),
            personal=asked.get("personal") == "1",
        )

    def link(self, **changes: object) -> str:
        """Return the address of the same page with other parts shown."""
        said = {
            "tab": "" if self.tab == "rejects" else self.tab,
            "range": self.range,
            "object": self.results,
            "reason": self.reason,
            "detail": self.detail,
            **changes,
        }
        kept = {name: value for name, value in said.items() if value not in {"", None, 0}}
        address = f"/job/{quote(self.job_id, safe='')}"
        return f"{address}?{urlencode(kept)}" if kept else address


def job_context(
    view: JobView,
    asked: Asked,
    *,
    deployed: Deployment,
    rejects: Rejects,
    now: datetime,
) -> dict[str, Any]:
    """Build the context of the template, without that of the tab."""
    report = view.report
    history = report.history
    objects = sorted(report.objects, key=lambda each: each.claim.key)
    shown = objects[min(asked.results, len(objects) - 1)] if objects else None
    drawn = shown and strip(
        shown,
        view.children if history and shown.claim.owner == history.arn else (),
        chosen=asked.range,
        has_ended=not view.is_running,
        rejects=rejects.offsets(shown.claim.key),
    )
    return {
        "asked": asked,
        "counts": _counts(view),
        "graph": _graph(history, view) if history else None,
        "history": history,
        "job_id": report.job_id,
        "left_behind": count_in(view.listed.state, "leftBehind"),
        "model": view.listed.record.get("modelId") or "",
        "now": now,
        "objects": objects,
        # Of a job whose execution is at work, whatever its record said before.
        "pill": pill_of("INGESTING" if view.is_running else report.status),
        "progress": view.progress,
        "strip": drawn,
        "submitted": _submitted(view),
        "tabs": TABS,
        "timeline": timeline(history, view.children, now=now) if history else None,
        "verdict": verdict(view, deployed=deployed, now=now),
        "view": view,
    }


def _submitted(view: JobView) -> datetime | None:
    try:
        return parse_timestamp(view.listed.record.get("submitTime"))  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None


def _counts(view: JobView) -> dict[str, int]:
    loads, images = view.report.loads_so_far, view.report.images_so_far
    expected = view.listed.expected
    return {
        "records": loads.total,
        "transactions": loads.success,
        "rejects": loads.failure,
        "duplicates": loads.duplicate,
        "padding": loads.padding,
        "moved": images.migrated,
        "left": sum(images.left.values()),
        "missing": count_in(view.listed.stats, "missingCount"),
        "expected": expected or 0,
        "to_come": max(0, expected - loads.total) if expected else 0,
    }


def _graph(history: History, view: JobView) -> str:
    marks: dict[str, Mark] = {}
    rounds: dict[str, int] = {}
    for run in history.states:
        rounds[run.name] = rounds.get(run.name, 0) + 1
        note = f"round {rounds[run.name]}" if rounds[run.name] > 1 else ""
        if run.name in _NOTED and (noted := _note(run.name, view)):
            note = ", ".join(filter(None, (noted, note)))
        look = look_of(history, run)
        marks[run.name] = Mark(look, "failed here" if look == "failed" else look, note)
    taken = set(itertools.pairwise(run.name for run in history.states))
    return state_graph(definition(), marks, taken=taken)


def _note(state: str, view: JobView) -> str:
    own = [child for child in view.children if child.state == state]
    if state == "LoadRanges" and (planned := view.report.ranges[1]):
        return f"{view.report.ranges[0]} of {counted(planned, 'range')}"
    done = sum(child.status == "SUCCEEDED" for child in own)
    return f"{done} of {len(own)} {_NOTED[state]}" if own else ""


@functools.cache
def definition() -> Mapping[str, Any]:
    """The state machine's definition, as it is in this checkout."""
    path = server.PROJECT / "statemachine" / "ingest.asl.json"
    parsed: Mapping[str, Any] = json.loads(path.read_text("utf-8"))
    return parsed


def _number(text: str) -> int | None:
    return int(text) if text.isdecimal() and len(text) < 9 else None
