"""How an outcome looks: for people as text and tables, for programs as JSON values."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from rich.console import Group
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from functions.domain.timestamps import timestamp
from ops.failure_view import failure_text
from ops.terminal import outside, visible

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import timedelta

    from rich.console import RenderableType

    from ops.failures import FailedExecution
    from ops.history import History
    from ops.outcome import ObjectOutcome, Outcome

_STYLES = {
    "COMPLETED": "green",
    "SUCCEEDED": "green",
    "PARTIALLY_COMPLETED": "yellow",
    "FAILED": "bold red",
    "TIMED_OUT": "bold red",
    "ABORTED": "bold red",
}
_LISTED = 5


def render(
    outcome: Outcome, *, now: datetime, bucket: str, failed: FailedExecution | None = None
) -> Group:
    """The whole outcome; what failed, and why, comes first."""
    return Group(*_parts(outcome, now=now, bucket=bucket, failed=failed))


def _parts(
    outcome: Outcome, *, now: datetime, bucket: str, failed: FailedExecution | None
) -> Iterator[RenderableType]:
    if outcome.job_id:
        yield _headline("Job", outcome.job_id, outcome.status or "no record")
    history = outcome.history
    if history is not None:
        took = seconds(history.duration(now=now))
        yield _headline("Execution", history.name, history.status, f" in {took}")
    if failed is not None:
        yield failure_text(failed)
    if outcome.job_id and not outcome.objects:
        yield Text("  No results object of it is claimed.")
    if outcome.objects or _stats(outcome):
        yield counts_text(outcome)
    if outcome.loads.rejects or outcome.images.left:
        yield _indented(_reasons(outcome))
    if history is not None:
        yield _indented(states_table(history, now=now))
    yield _places(outcome, bucket=bucket)


def _indented(table: Table) -> Padding:
    return Padding(table, (1, 0, 1, 2), expand=False)


def _headline(what: str, name: str, status: str, rest: str = "") -> Text:
    return Text.assemble(
        f"{what} ", (visible(name), "bold"), ": ", (visible(status), _STYLES.get(status, "cyan")),
        rest,
    )  # fmt: skip


def states_table(history: History, *, now: datetime) -> Table:
    """The states in order, with how long each took; choices take no time and are left out."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    for column in ("State", "Entered"):
        table.add_column(column, no_wrap=True)
    table.add_column("Duration", justify="right")
    for run in history.states:
        if run.kind == "Choice":
            continue
        end = run.exited or history.ended or now
        broken = run.exited is None and history.failure is not None
        style = "red" if broken else "cyan" if run.exited is None and history.ended is None else ""
        table.add_row(
            outside(run.name, style),
            run.entered.astimezone(UTC).strftime("%H:%M:%S"),
            seconds(end - run.entered),
        )
    return table


def counts_text(outcome: Outcome) -> Text:
    """Counts that add up, and what is missing of what was expected."""
    loads, images = outcome.loads, outcome.images
    text = Text(
        f"  {loads.total} records = {loads.success} transactions + {loads.failure} rejects "
        f"+ {loads.duplicate} duplicates"
    )
    if loads.padding:
        text.append(f" + {loads.padding} padding")
    # A failed job's record counts nothing of what failed: beside these counts it would contradict.
    stats = {} if outcome.status == "FAILED" else _stats(outcome)
    for name, word in (("missingCount", "missing"), ("unexpectedCount", "more than expected")):
        if stats.get(name):
            text.append(f"; {visible(stats[name])} {word}", style="yellow")
    left = f", {sum(images.left.values())} left where they are" if images.left else ""
    return text.append(f"\n  {images.migrated} images moved{left}")


def _stats(outcome: Outcome) -> Mapping[str, Any]:
    """What the job's record counts; nothing before it was settled."""
    return (outcome.record or {}).get("resultStats") or {}


def _reasons(outcome: Outcome) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("Rejects and images left, by reason", no_wrap=True)
    table.add_column("", justify="right")
    for counts in (outcome.loads.rejects, outcome.images.left):
        for reason, count in sorted(counts.items()):
            table.add_row(outside(reason), str(count))
    return table


def _places(outcome: Outcome, *, bucket: str) -> Text:
    """Where things lie: lines to copy from, so nothing may wrap or shorten them."""
    text = Text(overflow="ignore", no_wrap=True)
    for each in outcome.objects:
        done, planned = each.ranges_done, each.claim.ranges
        text.append(f"  results object  {visible(f's3://{bucket}/{each.claim.key}')}\n")
        text.append(f"                  {each.claim.state}, {done} of {planned or '?'} ranges\n")
        for key in each.dead_letters[:_LISTED]:
            text.append(f"  dead letters    {visible(f's3://{bucket}/{key}')}\n")
        if (more := len(each.dead_letters) - _LISTED) > 0:
            text.append(f"                  and {more} objects beside these\n")
    if outcome.history is not None:
        text.append(f"  execution       {visible(outcome.history.arn)}")
    return text


def seconds(duration: timedelta) -> str:
    """A duration as people say it: `0.42 s`, `3 min 5 s`, `2 h 10 min`."""
    total = max(duration.total_seconds(), 0.0)
    if total < 60:
        return f"{total:.2f} s" if total < 10 else f"{total:.1f} s"
    minutes, rest = divmod(round(total), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"


def as_json(
    outcome: Outcome, *, now: datetime, failed: FailedExecution | None = None
) -> dict[str, Any]:
    """The outcome as JSON values, in the words of the ledger and of batch-jobs."""
    return {
        "jobId": outcome.job_id or None,
        "job": outcome.record,
        "objects": [_object_json(each) for each in outcome.objects],
        "execution": _history_json(outcome.history, now=now) if outcome.history else None,
        "failure": failed and failed.as_json(),
    }


def _object_json(each: ObjectOutcome) -> dict[str, Any]:
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
        "states": [
            {
                "name": run.name,
                "type": run.kind,
                "entered": run.entered.isoformat(),
                "seconds": ((run.exited or history.ended or now) - run.entered).total_seconds(),
                "exited": run.exited is not None,
            }
            for run in history.states
        ],
    }
