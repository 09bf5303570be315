"""The history of an execution: its states, how long each took, and where it failed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from functions.domain.executions import FAILED_STATUSES
from ops.model.starting import key_of, members

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from mypy_boto3_stepfunctions import SFNClient

PAGE_EVENTS = 1000
"""The most that one call returns. An execution of this workflow has about 60 events, without those
of its retries, of what it did again, and of its redrives."""
NO_SUCH_EXECUTION = frozenset({"ExecutionDoesNotExist", "InvalidArn"})
"""Step Functions forgets an execution 90 days after its end; the ledger does not."""
_ENDS = {
    "ExecutionSucceeded": "SUCCEEDED",
    "ExecutionFailed": "FAILED",
    "ExecutionTimedOut": "TIMED_OUT",
    "ExecutionAborted": "ABORTED",
}


@dataclass(frozen=True)
class StateRun:
    """A passage through a state of a type; `exited` is None while it lasts, and where it failed."""

    name: str
    kind: str
    entered: datetime
    exited: datetime | None = None


@dataclass(frozen=True)
class History:
    """An execution, as its events describe it.

    Attributes:
        status: In Step Functions' words.
        event: The execution's input: S3's event.
        ended: None while it runs.
        states: In the order in which they were entered.
        standstills: From each end that was redriven to its redrive.
    """

    arn: str
    status: str
    event: Mapping[str, Any]
    started: datetime
    ended: datetime | None
    states: tuple[StateRun, ...]
    standstills: tuple[tuple[datetime, datetime], ...] = ()

    @property
    def has_failed(self) -> bool:
        """Whether it ended, and did not succeed."""
        return self.status in FAILED_STATUSES

    @property
    def has_maps(self) -> bool:
        """Whether it has come to a map, so that it may have children."""
        return any(run.kind == "Map" for run in self.states)

    @property
    def redrives(self) -> int:
        """How often it was redriven."""
        return len(self.standstills)

    @property
    def name(self) -> str:
        """The last part of the ARN."""
        return self.arn.rpartition(":")[2]

    @property
    def key(self) -> str:
        """The object that the execution is about; empty of an execution that is about none."""
        return key_of(self.event)

    @property
    def ended_job(self) -> str | None:
        """The job that ended at Bedrock; None of an execution that another event started."""
        try:
            arn = self.event["detail"]["batchJobArn"]
        except (KeyError, TypeError):
            return None
        return arn.rpartition("/")[2] if isinstance(arn, str) else None

    @property
    def current(self) -> str | None:
        """The state that a running execution is in."""
        waiting = [run.name for run in self.states if run.exited is None]
        return waiting[-1] if waiting and self.ended is None else None

    def duration(self, *, now: datetime) -> timedelta:
        """How long it worked, or has worked up to now; standstills do not count."""
        return self._worked(self.started, self.ended or now)

    def duration_of(self, run: StateRun, *, now: datetime) -> timedelta:
        """How long it worked in a state; standstills do not count."""
        return self._worked(run.entered, run.exited or self.ended or now)

    @property
    def stood_still(self) -> timedelta:
        """How long it waited for its redrives."""
        return sum((until - since for since, until in self.standstills), timedelta())

    def _worked(self, start: datetime, end: datetime) -> timedelta:
        waited = (min(end, until) - max(start, since) for since, until in self.standstills)
        return end - start - sum((each for each in waited if each > timedelta()), timedelta())


def read(step_functions: SFNClient, arn: str) -> History:
    """Read an execution's history: one call a page."""
    pages = step_functions.get_paginator("get_execution_history").paginate(
        executionArn=arn, PaginationConfig={"PageSize": PAGE_EVENTS}
    )
    return from_events(arn, (event for page in pages for event in page["events"]))


def from_events(arn: str, events: Iterable[Mapping[str, Any]]) -> History:
    """Build the history from its events, in their order."""
    runs: list[StateRun] = []
    standstills: list[tuple[datetime, datetime]] = []
    status, event = "RUNNING", "{}"
    started = ended = None
    for each in events:
        kind, at = each["type"], each["timestamp"]
        started = started or at
        if kind == "ExecutionStarted":
            event = each["executionStartedEventDetails"].get("input", "{}")
        elif kind.endswith("StateEntered"):
            name = each["stateEnteredEventDetails"]["name"]
            runs.append(StateRun(name, kind.removesuffix("StateEntered"), at))
        elif kind.endswith("StateExited"):
            _exit(runs, each["stateExitedEventDetails"]["name"], at)
        elif kind == "ExecutionRedriven":
            standstills.append((ended or at, at))
            status, ended = "RUNNING", None
        elif kind in _ENDS:
            status, ended = _ENDS[kind], at
    if started is None:
        raise ValueError(f"{arn} has no events")
    return History(
        arn=arn,
        status=status,
        event=members(event),
        started=started,
        ended=ended,
        states=tuple(runs),
        standstills=tuple(standstills),
    )


def _exit(runs: list[StateRun], name: str, at: datetime) -> None:
    for index in range(len(runs) - 1, -1, -1):
        if runs[index].name == name and runs[index].exited is None:
            runs[index] = replace(runs[index], exited=at)
            return
