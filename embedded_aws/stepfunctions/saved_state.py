"""Executions and Map Runs across a stop and a start.

AWS never stops; here an execution that runs when the process ends cannot go on. It comes back as
FAILED with the error States.ServiceRestart, which AWS does not have, and can be redriven like any
other; so do the children of its map, as ABORTED.

MiniStack marks such executions itself, but neither in their history nor for their Map Runs.
"""

from __future__ import annotations

import copy
from typing import Any

from ministack.core.responses import now_iso
from ministack.services import stepfunctions as sfn

from embedded_aws.stepfunctions.engine import history

TOUCHES: tuple[str, ...] = (
    "ministack.services.stepfunctions:_executions",
    "ministack.services.stepfunctions:_map_runs",
    "ministack.services.stepfunctions:_restore_state",
    "ministack.services.stepfunctions:get_state",
)

_ERROR = "States.ServiceRestart"
_CAUSE = "The embedded AWS was stopped while the execution ran"
_SNAPSHOT_ATTEMPTS = 10

_restore_state = sfn._restore_state
_get_state = sfn.get_state


def install() -> None:
    """Close interrupted executions when state is loaded, and save beside running ones."""
    sfn._restore_state = restore_state
    sfn.get_state = get_state


def get_state() -> dict[str, Any]:
    """The state to save, taken whole although executions may be running."""
    for _ in range(_SNAPSHOT_ATTEMPTS):
        try:
            state: dict[str, Any] = _get_state()
        except RuntimeError:  # a dictionary grew while it was copied
            continue
        return state
    return copy.copy(_get_state())


def restore_state(data: dict[str, Any] | None) -> None:
    """Load saved state; what ran is closed, redrivable."""
    interrupted = [
        execution
        for execution in (data or {}).get("executions", _NOTHING)._data.values()
        if execution["status"] in ("RUNNING", "PENDING_REDRIVE")
    ]
    for execution in interrupted:
        execution["status"] = "RUNNING"
        is_child = "mapRunArn" in execution
        history.end(
            execution,
            "ExecutionAborted" if is_child else "ExecutionFailed",
            {} if is_child else {"error": _ERROR, "cause": _CAUSE, "output": None},
            status="ABORTED" if is_child else "FAILED",
            interrupted=[],
        )
    for map_run in (data or {}).get("map_runs", _NOTHING)._data.values():
        if map_run["status"] == "RUNNING":
            map_run.update(status="ABORTED", stopDate=now_iso())
    _restore_state(data)


_NOTHING = type(sfn._executions)()
