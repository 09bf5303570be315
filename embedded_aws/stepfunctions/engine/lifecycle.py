"""The end of an execution, and the observers of its status.

AWS (Step Functions guide, "redrive-executions"; API reference, StopExecution): a state that is cut
short from outside has an event of its own, and one for its Map Run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from embedded_aws.stepfunctions import history
from embedded_aws.stepfunctions.engine import running

if TYPE_CHECKING:
    from collections.abc import Callable

    from embedded_aws.stepfunctions.store import Execution

observers: list[Callable[[Execution], None]] = []
"""Called with the record at every change of status, of parents and of a map's children."""


def close(
    execution: Execution,
    status: str,
    *,
    error: str | None = None,
    cause: str | None = None,
    output: str | None = None,
) -> None:
    """End an execution, unless it has ended."""
    interrupted = _interrupted(execution, status)
    if history.end(
        execution, status, output=output, error=error, cause=cause, interrupted=interrupted
    ):
        running.signal(execution.arn)
        announce(execution)


def announce(execution: Execution) -> None:
    """Call the observers after a change of status."""
    for observer in observers:
        observer(execution)


def _interrupted(execution: Execution, status: str) -> list[str]:
    """The types of the events of a state that is cut short from outside."""
    cursor = execution.cursor
    if status not in ("ABORTED", "TIMED_OUT") or not cursor.entered:
        return []
    kinds = ["MapRunAborted"] if cursor.map_run else []
    if status == "ABORTED" and cursor.kind in ("Map", "Task"):
        kinds.append(f"{cursor.kind}StateAborted")
    return kinds
