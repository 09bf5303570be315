"""The event history of an execution.

AWS (Step Functions guide, "bp-history-limit", "redrive-executions"; API reference, HistoryEvent):
each event points at the one before; a redrive appends ExecutionRedriven and goes on below it;
event number 25,000 can only be the one that ends the execution. Map states in distributed mode
add MapRunStarted, MapRunRedriven, MapRunSucceeded, MapRunFailed and MapRunAborted.
"""

from __future__ import annotations

import threading
from typing import Any

from ministack.core.responses import now_iso

from embedded_aws.stepfunctions.engine.execution_limits import HISTORY_EVENTS
from embedded_aws.stepfunctions.engine.state_errors import Closed, HistoryFull

TOUCHES: tuple[str, ...] = ("ministack.core.responses:now_iso",)

Execution = dict[str, Any]
"""MiniStack's record of an execution, with the project's fields in it; plain JSON."""

_LOCK = threading.RLock()


def add(
    execution: Execution,
    kind: str,
    *,
    detail: str | None = None,
    values: dict[str, Any] | None = None,
) -> None:
    """Append an event.

    Args:
        execution: the execution's record.
        kind: the event's type.
        detail: the member with the details, when it is not named after the type.
        values: the details.

    Raises:
        Closed: the execution has ended meanwhile.
        HistoryFull: this would be event 25,000.
    """
    with _LOCK:
        if execution["status"] != "RUNNING":
            raise Closed
        if len(execution["events"]) >= HISTORY_EVENTS - 1:
            raise HistoryFull
        _append(execution, kind, detail, values)


def end(
    execution: Execution, kind: str, values: dict[str, Any], *, status: str, interrupted: list[str]
) -> bool:
    """Append the event that ends an execution and set its status, unless it has ended.

    Args:
        execution: the execution's record.
        kind: the event's type.
        values: the details, which become fields of the record too.
        status: the status that it ends with.
        interrupted: types of events to put before it, where the history has room for them.

    Returns:
        Whether this ended it.
    """
    with _LOCK:
        if execution["status"] != "RUNNING":
            return False
        for each in interrupted:
            if len(execution["events"]) < HISTORY_EVENTS - 1:
                _append(execution, each, None, None)
        told = {key: value for key, value in values.items() if value is not None}
        _append(execution, kind, None, told)
        execution.update(values, status=status, stopDate=now_iso())
        return True


def _append(
    execution: Execution, kind: str, detail: str | None, values: dict[str, Any] | None
) -> None:
    events: list[dict[str, Any]] = execution["events"]
    event = {
        "id": len(events) + 1,
        "previousEventId": len(events),
        "type": kind,
        "timestamp": now_iso(),
    }
    if values is not None:
        event[detail or f"{kind[0].lower()}{kind[1:]}EventDetails"] = values
    events.append(event)


def entered(execution: Execution, state_type: str, name: str, text: str) -> None:
    """A state was entered with this input."""
    add(
        execution,
        f"{state_type}StateEntered",
        detail="stateEnteredEventDetails",
        values={"name": name, "input": text, "inputDetails": {"truncated": False}},
    )


def exited(execution: Execution, state_type: str, name: str, text: str) -> None:
    """A state was exited with this output."""
    add(
        execution,
        f"{state_type}StateExited",
        detail="stateExitedEventDetails",
        values={"name": name, "output": text, "outputDetails": {"truncated": False}},
    )
