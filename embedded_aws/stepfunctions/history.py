"""The event history of an execution.

AWS (Step Functions guide, "bp-history-limit", "redrive-executions"; API reference, HistoryEvent):
each event points at the one before, but the first state's and that of an abort point at none; a
redrive appends ExecutionRedriven and goes on below it; event number 25,000 can only be the one
that ends the execution. Map states in distributed mode add MapRunStarted, MapRunRedriven,
MapRunSucceeded, MapRunFailed and MapRunAborted.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from embedded_aws.core import clock
from embedded_aws.stepfunctions.errors import Closed, HistoryFull
from embedded_aws.stepfunctions.limits import HISTORY_EVENTS

if TYPE_CHECKING:
    from embedded_aws.stepfunctions.store import Execution

_LOCK = threading.RLock()
_COMPLETE = {"truncated": False}


def add(
    execution: Execution,
    kind: str,
    *,
    detail: str | None = None,
    values: dict[str, Any] | None = None,
) -> None:
    """Append an event; `detail` is the member with the values, if not named after the type.

    Raises:
        Closed: the execution has ended meanwhile.
        HistoryFull: this would be event 25,000.
    """
    with _LOCK:
        if execution.status != "RUNNING":
            raise Closed
        if len(execution.events) >= HISTORY_EVENTS - 1:
            raise HistoryFull
        _append(execution, kind, detail, values)


def started(execution: Execution) -> None:
    """The execution was started."""
    values = {"input": execution.input, "inputDetails": _COMPLETE, "roleArn": execution.role}
    add(execution, "ExecutionStarted", values=values)


def reopen(execution: Execution) -> None:
    """Put a closed execution back to RUNNING for its redrive.

    AWS (API reference, ExecutionRedrivenEventDetails): the event carries the count of redrives.
    """
    with _LOCK:
        execution.redrive_count += 1
        execution.redriven = clock.now()
        execution.status = "RUNNING"
        execution.stopped = execution.error = execution.cause = execution.output = None
    add(execution, "ExecutionRedriven", values={"redriveCount": execution.redrive_count})


def end(
    execution: Execution,
    status: str,
    *,
    output: str | None = None,
    error: str | None = None,
    cause: str | None = None,
    interrupted: list[str],
) -> bool:
    """Append the event that ends an execution and set its status, unless it has ended.

    `interrupted` are the types of events to put before it, where the history has room for them.
    Returns whether this ended it.
    """
    values: dict[str, Any] = {"error": error, "cause": cause}
    if output is not None:
        values = {"output": output, "outputDetails": _COMPLETE}
    with _LOCK:
        if execution.status != "RUNNING":
            return False
        for each in interrupted:
            if len(execution.events) < HISTORY_EVENTS - 1:
                _append(execution, each, None, None)
        details = {name: value for name, value in values.items() if value is not None}
        _append(execution, _ENDINGS[status], None, details)
        execution.output, execution.error, execution.cause = output, error, cause
        execution.status, execution.stopped = status, clock.now()
        return True


_ENDINGS = {
    "SUCCEEDED": "ExecutionSucceeded",
    "FAILED": "ExecutionFailed",
    "TIMED_OUT": "ExecutionTimedOut",
    "ABORTED": "ExecutionAborted",
}


def _append(
    execution: Execution, kind: str, detail: str | None, values: dict[str, Any] | None
) -> None:
    events = execution.events
    has_previous = len(events) > 1 and kind != "ExecutionAborted"
    event: dict[str, Any] = {
        "id": len(events) + 1,
        "previousEventId": len(events) if has_previous else 0,
        "type": kind,
        "timestamp": clock.now(),
    }
    if values is not None:
        event[detail or f"{kind[0].lower()}{kind[1:]}EventDetails"] = values
    events.append(event)


def entered(execution: Execution, state_type: str, name: str, text: str) -> None:
    """A state was entered with this input."""
    values = {"name": name, "input": text, "inputDetails": _COMPLETE}
    add(execution, f"{state_type}StateEntered", detail="stateEnteredEventDetails", values=values)


def exited(execution: Execution, state_type: str, name: str, text: str) -> None:
    """A state was exited with this output."""
    values = {"name": name, "output": text, "outputDetails": _COMPLETE}
    add(execution, f"{state_type}StateExited", detail="stateExitedEventDetails", values=values)
