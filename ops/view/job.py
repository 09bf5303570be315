"""Views of a report: text and tables for people, JSON for programs."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from rich.console import Group
from rich.padding import Padding
from rich.text import Text

from functions.domain.claims import ClaimState
from functions.domain.plain_text import counted
from functions.domain.timestamps import timestamp
from ops.model.tally import tally
from ops.view.durations import exact
from ops.view.failure import failure_text
from ops.view.terminal import outside, table, visible

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rich.console import RenderableType
    from rich.table import Table

    from ops.model.failures import FailedExecution
    from ops.model.history import History
    from ops.model.job_report import JobReport, ObjectReport

STATUS_STYLES = {
    "COMPLETED": "green",
    "SUCCEEDED": "green",
    "PARTIALLY_COMPLETED": "yellow",
    "FAILED": "bold red",
    "TIMED_OUT": "bold red",
    "ABORTED": "bold red",
}
_LISTED = 5


def render(
    report: JobReport, *, now: datetime, bucket: str, failed: FailedExecution | None = None
) -> Group:
    """The whole report; what failed, and why, comes first."""
    parts: list[RenderableType] = []
    if report.job_id:
        parts.append(_headline("Job", report.job_id, report.status or "no record"))
    history = report.history
    if history is not None:
        parts.append(_headline("Execution", history.name, history.status, _took(history, now)))
    if failed is not None:
        parts.append(failure_text(failed))
    if report.job_id and not report.objects:
        parts.append(Text("  No results object of it is claimed."))
    if report.objects or _stats(report):
        parts.append(counts_text(report))
    if report.loads.rejects or report.images.left:
        parts.append(_indented(_reasons(report)))
    if history is not None:
        parts.append(_indented(states_table(history, now=now)))
    return Group(*parts, _places(report, bucket=bucket))


def _indented(table: Table) -> Padding:
    return Padding(table, (1, 0, 1, 2), expand=False)


def _headline(what: str, name: str, status: str, rest: str = "") -> Text:
    return Text.assemble(
        f"{what} ",
        (visible(name), "bold"),
        ": ",
        (visible(status), STATUS_STYLES.get(status, "cyan")),
        rest,
    )


def _took(history: History, now: datetime) -> str:
    took = f" in {exact(history.duration(now=now))}"
    if not history.redrives:
        return took
    times = "once" if history.redrives == 1 else f"{history.redrives} times"
    return f"{took}, redriven {times} after standing still for {exact(history.stood_still)}"


def states_table(history: History, *, now: datetime) -> Table:
    """The states in order, with their durations; Choice states are left out."""
    made = table("State", "Entered", "Duration", right=("Duration",), whole=("State", "Entered"))
    for run in history.states:
        if run.kind == "Choice":
            continue
        broken = run.exited is None and history.has_failed
        style = "red" if broken else "cyan" if run.exited is None and history.ended is None else ""
        made.add_row(
            outside(run.name, style),
            run.entered.astimezone(UTC).strftime("%H:%M:%S"),
            exact(history.duration_of(run, now=now)),
        )
    return made


def counts_text(report: JobReport) -> Text:
    """The counts, and the number of missing records."""
    loads, images = report.loads, report.images
    summed = tally(
        loads.total,
        transactions=loads.success,
        rejects=loads.failure,
        duplicates=loads.duplicate,
        padding=loads.padding,
    )
    text = Text(f"  {summed}")
    # A failed job's record does not count what failed, so it would contradict these counts.
    stats = {} if report.status == "FAILED" else _stats(report)
    for name, word in (("missingCount", "missing"), ("unexpectedCount", "more than expected")):
        if stats.get(name):
            text.append(f"; {visible(stats[name])} {word}", style="yellow")
    left = f", {sum(images.left.values()):,} left in place" if images.left else ""
    return text.append(f"\n  {counted(images.migrated, 'image')} moved{left}")


def _stats(report: JobReport) -> Mapping[str, Any]:
    """What the job's record counts; nothing before it was settled."""
    return (report.record or {}).get("resultStats") or {}


def _reasons(report: JobReport) -> Table:
    made = table("Rejects and images left, by reason", "", right=("",), whole=("",))
    for counts in (report.loads.rejects, report.images.left):
        for reason, count in sorted(counts.items()):
            made.add_row(outside(reason), str(count))
    return made


def _places(report: JobReport, *, bucket: str) -> Text:
    """The places of objects and executions. These lines are copied: never wrap or shorten them."""
    text = Text(overflow="ignore", no_wrap=True)
    for each in report.objects:
        done, planned = each.ranges_done, each.claim.ranges
        text.append(f"  results object  {visible(f's3://{bucket}/{each.claim.key}')}\n")
        ranges = f"{done} of {counted(planned, 'range') if planned else '? ranges'}"
        if each.claim.state is ClaimState.DONE and not planned:
            ranges = "it holds no records"
        text.append(f"                  {each.claim.state}, {ranges}\n")
        for key in each.dead_letters[:_LISTED]:
            text.append(f"  dead letters    {visible(f's3://{bucket}/{key}')}\n")
        if (more := len(each.dead_letters) - _LISTED) > 0:
            text.append(f"                  and {counted(more, 'more object')}\n")
    if report.history is not None:
        text.append(f"  execution       {visible(report.history.arn)}")
    return text


def as_json(
    report: JobReport, *, now: datetime, failed: FailedExecution | None = None
) -> dict[str, Any]:
    """The report as JSON values, in the words of the ledger and of batch-jobs."""
    return {
        "jobId": report.job_id or None,
        "job": report.record,
        "objects": [_object_json(each) for each in report.objects],
        "execution": _history_json(report.history, now=now) if report.history else None,
        "failure": failed and failed.as_json(),
    }


def _object_json(each: ObjectReport) -> dict[str, Any]:
    claim = each.claim
    return {
        "key": claim.key,
        "etag": claim.etag,
        "state": claim.state.value,
        "generation": claim.generation,
        "owner": claim.owner,
        "eventTime": timestamp(claim.event_time),
        "ranges": claim.ranges,
        "rangesDone": each.ranges_done,
        **each.loads.as_dict(),
        **each.images.as_dict(),
        "deadLetters": list(each.dead_letters),
    }


def _history_json(history: History, *, now: datetime) -> dict[str, Any]:
    return {
        "executionArn": history.arn,
        "status": history.status,
        "redriveCount": history.redrives,
        "seconds": history.duration(now=now).total_seconds(),
        "stoodStillSeconds": history.stood_still.total_seconds(),
        "states": [
            {
                "name": run.name,
                "type": run.kind,
                "entered": run.entered.isoformat(),
                "seconds": history.duration_of(run, now=now).total_seconds(),
                "exited": run.exited is not None,
            }
            for run in history.states
        ],
    }
