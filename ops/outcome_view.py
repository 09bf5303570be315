"""How an outcome looks: for people as text and tables, for programs as JSON values."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from rich.console import Group
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from functions.domain.failures import Failure
from functions.domain.timestamps import timestamp
from ops.terminal import outside, visible

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import timedelta

    from rich.console import RenderableType

    from functions.domain.counts import LoadCounts
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
_CAUSE_CHARACTERS = 1500


def render(outcome: Outcome, *, now: datetime, bucket: str) -> Group:
    """The whole outcome; what failed, and why, comes first."""
    return Group(*_parts(outcome, now=now, bucket=bucket))


def _parts(outcome: Outcome, *, now: datetime, bucket: str) -> Iterator[RenderableType]:
    if outcome.job_id:
        yield _headline("Job", outcome.job_id, outcome.status or "no record")
    if outcome.history is not None:
        name = outcome.history.arn.rpartition(":")[2]
        took = seconds(outcome.history.duration(now=now))
        yield _headline("Execution", name, outcome.history.status, f" in {took}")
        if outcome.history.failure is not None:
            yield Padding(failure_text(outcome.history), (0, 0, 0, 2))
    yield from _counts(outcome)
    if outcome.history is not None:
        yield Padding(states_table(outcome.history, now=now), (1, 0, 0, 2))
    yield Padding(_places(outcome, bucket=bucket), (1, 0, 0, 2))


def _headline(what: str, name: str, status: str, rest: str = "") -> Text:
    return Text.assemble(
        f"{what} ", (visible(name), "bold"), ": ", (visible(status), _STYLES.get(status, "cyan")),
        rest,
    )  # fmt: skip


def failure_text(history: History) -> Text:
    """State, error, cause, and what to do about it."""
    failure = history.failure
    if failure is None:
        return Text()
    lines = Text.assemble(
        ("Failed in ", "red"), (visible(failure.state or "between two states"), "bold red"),
        (": ", "red"), (visible(failure.error), "bold red"),
    )  # fmt: skip
    if failure.cause:
        lines.append("\n").append(visible(failure.cause[:_CAUSE_CHARACTERS]))
    lines.append("\n").append(advice(failure.error), style="bold")
    return lines


def advice(error: str) -> str:
    """What to do about an error, in the words that alarms and messages use too."""
    try:
        return Failure(error).explanation.sentence
    except ValueError:
        return "Cure: remove the cause, then redrive the execution."


def states_table(history: History, *, now: datetime) -> Table:
    """The states in order, with how long each took."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    for column in ("State", "Entered"):
        table.add_column(column, no_wrap=True)
    table.add_column("Duration", justify="right")
    for run in history.states:
        end = run.exited or history.ended or now
        broken = run.exited is None and history.failure is not None
        style = "red" if broken else "cyan" if run.exited is None and history.ended is None else ""
        table.add_row(
            outside(run.name, style),
            run.entered.astimezone(UTC).strftime("%H:%M:%S"),
            seconds(end - run.entered),
        )
    return table


def _counts(outcome: Outcome) -> Iterator[RenderableType]:
    if not outcome.objects:
        return
    yield Padding(counts_text(outcome.loads, outcome.record), (0, 0, 0, 2))
    images = outcome.images
    left = f", {sum(images.left.values())} left where they are" if images.left else ""
    yield Padding(Text(f"{images.migrated} images moved{left}"), (0, 0, 0, 2))
    if outcome.loads.rejects or images.left:
        table = Table(box=None, pad_edge=False, header_style="dim")
        table.add_column("Rejects and images left, by reason", no_wrap=True)
        table.add_column("", justify="right")
        for reason, count in (*sorted(outcome.loads.rejects.items()), *sorted(images.left.items())):
            table.add_row(outside(reason), str(count))
        yield Padding(table, (1, 0, 0, 2))


def counts_text(loads: LoadCounts, record: Mapping[str, Any] | None) -> Text:
    """Counts that add up, and what was expected."""
    text = Text(
        f"{loads.total} records = {loads.success} transactions + {loads.failure} rejects "
        f"+ {loads.duplicate} duplicates"
    )
    stats = (record or {}).get("resultStats") or {}
    for name, word in (("missingCount", "missing"), ("unexpectedCount", "more than expected")):
        if stats.get(name):
            text.append(f"; {stats[name]} {word}", style="yellow")
    return text


def _places(outcome: Outcome, *, bucket: str) -> Table:
    table = Table.grid(padding=(0, 2))
    for each in outcome.objects:
        table.add_row("results object", outside(f"s3://{bucket}/{each.claim.key}"))
        done, planned = each.ranges_done, each.claim.ranges
        table.add_row("", f"{each.claim.state}, {done} of {planned or '?'} ranges done")
        for key in each.dead_letters:
            table.add_row("dead letters", outside(f"s3://{bucket}/{key}"))
    if outcome.history is not None:
        table.add_row("execution", outside(outcome.history.arn))
    return table


def seconds(duration: timedelta) -> str:
    """A duration as people say it: `0.42 s`, `3 min 5 s`, `2 h 10 min`."""
    total = max(duration.total_seconds(), 0.0)
    if total < 60:
        return f"{total:.2f} s" if total < 10 else f"{total:.1f} s"
    minutes, rest = divmod(round(total), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"


def as_json(outcome: Outcome, *, now: datetime) -> dict[str, Any]:
    """The outcome as JSON values, in the words of the ledger and of batch-jobs."""
    return {
        "jobId": outcome.job_id or None,
        "job": outcome.record,
        "objects": [_object_json(each) for each in outcome.objects],
        "execution": _history_json(outcome.history, now=now) if outcome.history else None,
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
    failure = history.failure
    return {
        "executionArn": history.arn,
        "status": history.status,
        "redriveCount": history.redrives,
        "seconds": history.duration(now=now).total_seconds(),
        "states": [
            {
                "name": run.name,
                "entered": run.entered.isoformat(),
                "seconds": ((run.exited or history.ended or now) - run.entered).total_seconds(),
                "exited": run.exited is not None,
            }
            for run in history.states
        ],
        "failure": failure
        and {
            "state": failure.state,
            "error": failure.error,
            "cause": failure.cause,
            "advice": advice(failure.error),
        },
    }
