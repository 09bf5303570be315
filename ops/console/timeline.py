"""The timeline of an execution: a row a state and a range, a bar an attempt."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from ops.console.templating import UNKNOWN, ago, clock, size
from ops.console.time_axis import Fold, TimeAxis
from ops.view.durations import exact

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from ops.model.history import History, StateRun
    from ops.model.map_children import Child

_ROWS: Final = 24
"""Children of a map that have a row of their own."""
_LEAST_PERCENT: Final = 0.4
_MOST_ATTEMPTS: Final = 16
"""Attempts that have a bar of their own."""


@dataclass(frozen=True)
class Bar:
    """A period of work.

    Attributes:
        look: done, try (failed and tried again), failed, stopped or running.
        x, width: Percent.
        title: In words.
    """

    look: str
    x: float
    width: float
    title: str


@dataclass(frozen=True)
class Row:
    """A state, or a child of a map."""

    name: str
    bars: tuple[Bar, ...]
    took: str
    word: str
    is_child: bool = False


@dataclass(frozen=True)
class Mark:
    """A standstill as it is drawn; the label of a redrive at its end."""

    x: float
    width: float
    label: str
    redrive: str


@dataclass(frozen=True)
class Timeline:
    """The whole timeline."""

    rows: tuple[Row, ...]
    marks: tuple[Mark, ...]
    begins: str
    ends: str
    not_shown: int


def timeline(history: History, children: Sequence[Child], *, now: datetime) -> Timeline:
    """Draw it."""
    axis = _axis(history, now)
    rows: list[Row] = []
    not_shown = 0
    by_name: dict[str, list[StateRun]] = {}
    for run in history.states:
        if run.kind != "Choice":
            by_name.setdefault(run.name, []).append(run)
    for name, runs in by_name.items():
        rows.append(_state_row(history, name, runs, axis, now))
        own = [child for child in children if child.state == name]
        shown = _shown(own)
        not_shown += len(own) - len(shown)
        rows += [_child_row(history, child, axis, now) for child in shown]
    return Timeline(
        tuple(rows),
        tuple(_mark(fold, axis, now) for fold in axis.folds),
        begins=clock(history.started),
        ends="now" if axis.end == now else clock(axis.end),
        not_shown=not_shown,
    )


def _axis(history: History, now: datetime) -> TimeAxis:
    folds = [
        Fold(since, until, ends_by_redrive=True)
        for since, until in history.standstills
        if since < until
    ]
    end = history.ended or now
    if history.has_failed and history.ended is not None:
        folds.append(Fold(history.ended, now, ends_by_redrive=False))
        end = now
    return TimeAxis(history.started, end, tuple(folds))


def _mark(fold: Fold, axis: TimeAxis, now: datetime) -> Mark:
    until = fold.until if fold.ends_by_redrive else now
    stood = ago(fold.since, now=until)
    redrive = f"{clock(fold.until)[:5]}" if fold.ends_by_redrive else ""
    return Mark(axis.x(fold.since), axis.fold_percent, stood, redrive)


def _shown(children: Sequence[Child]) -> list[Child]:
    """Those that failed or run first, as many as there is room for; in their order."""
    ranked = sorted(children, key=lambda child: child.status == "SUCCEEDED")
    chosen = {child.arn for child in ranked[:_ROWS]}
    return [child for child in children if child.arn in chosen]


def _state_row(
    history: History, name: str, runs: Sequence[StateRun], axis: TimeAxis, now: datetime
) -> Row:
    bars: list[Bar] = []
    for run in runs:
        until = run.exited or history.ended or now
        bars += _bars(axis, run.entered, until, last=look_of(history, run), before="failed")
    took = sum((history.duration_of(run, now=now) for run in runs), start=timedelta())
    word = bars[-1].look if bars else "done"
    return Row(name, tuple(bars), exact(took), word)


def look_of(history: History, run: StateRun) -> str:
    """How a passage through a state went: done, running or failed."""
    if run.exited is not None or history.status == "SUCCEEDED":
        return "done"
    return "running" if history.ended is None else "failed"


def _child_row(history: History, child: Child, axis: TimeAxis, now: datetime) -> Row:
    until = child.ended or (history.ended or now)
    last = {"SUCCEEDED": "done", "RUNNING": "running", "FAILED": "failed", "TIMED_OUT": "failed"}
    look = last.get(child.status, "stopped")
    if child.attempts:
        bars = tuple(_attempt_bars(child, axis, until))
    else:
        before = "try" if child.redrives else "stopped"
        bars = tuple(_bars(axis, child.started, until, last=look, before=before))
    refused = sum(bool(each.error) for each in child.attempts)
    worked = sum(
        (end - start for start, end in axis.pieces(child.started, until)), start=timedelta()
    )
    took = f"{refused} refused" if refused > 1 else exact(worked)
    return Row(child_name(child), bars, took if bars else UNKNOWN, look, is_child=True)


def _attempt_bars(child: Child, axis: TimeAxis, until: datetime) -> Iterator[Bar]:
    if len(child.attempts) > _MOST_ATTEMPTS:
        yield from _many_attempts(child, axis, until)
        return
    for number, each in enumerate(child.attempts, 1):
        end = each.ended or until
        look = "running" if each.ended is None and child.ended is None else "done"
        if each.error:
            look = "failed" if each.is_last and each is child.attempts[-1] else "try"
        said = f"attempt {number}, {clock(each.started)}: {each.error or look}"
        yield _bar(axis, each.started, end, look, said)


def _many_attempts(child: Child, axis: TimeAxis, until: datetime) -> Iterator[Bar]:
    """Neighbours that were tried again share a bar; the last has its own."""
    *earlier, last = child.attempts
    failed = [each for each in earlier if each.error]
    if failed:
        said = f"{len(failed)} attempts failed: {failed[-1].error}"
        for start, end in axis.pieces(failed[0].started, last.started):
            yield _bar(axis, start, end, "try", said)
    end = last.ended or until
    look = "failed" if last.error else "running" if child.ended is None else "done"
    yield _bar(axis, last.started, end, look, f"the last attempt: {last.error or look}")


def _bars(
    axis: TimeAxis, since: datetime, until: datetime, *, last: str, before: str
) -> Iterator[Bar]:
    pieces = list(axis.pieces(since, until))
    for number, (start, end) in enumerate(pieces):
        look = last if number == len(pieces) - 1 else before
        yield _bar(axis, start, end, look, f"{clock(start)}, {exact(end - start)}: {look}")


def _bar(axis: TimeAxis, since: datetime, until: datetime, look: str, title: str) -> Bar:
    start = axis.x(since)
    width = max(axis.x(until) - start, _LEAST_PERCENT)
    return Bar(look, min(start, 100 - width), width, title)


def child_name(child: Child) -> str:
    """What a child works on: the bytes of its range, or its chunk of images."""
    if child.work.span is not None:
        return span_name(child.work.span.start, child.work.span.end)
    if child.work.chunk is not None:
        return f"images, part {child.work.chunk + 1}"
    return child.arn.rpartition(":")[2]


def span_name(start: int, end: int) -> str:
    """`16.8 MB to 33.6 MB`."""
    return f"{size(start) if start else 0} to {size(end)}"
