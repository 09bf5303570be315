"""Executions and Map Runs across a stop and a start.

AWS never stops; here an execution that runs when the process ends cannot go on. It comes back as
FAILED with the error States.ServiceRestart, which AWS does not have, and can be redriven like any
other; the running children of its map come back as ABORTED.
"""

from __future__ import annotations

from typing import Any

from embedded_aws.core import clock
from embedded_aws.stepfunctions import history, store

_ERROR = "States.ServiceRestart"
_CAUSE = "The embedded AWS was stopped while the execution ran"


def restore(saved: dict[str, Any]) -> None:
    """Load saved records; what ran is closed, redrivable."""
    store.from_json(saved)
    for execution in store.executions.values():
        if execution.status not in store.OPEN:
            continue
        execution.status = "RUNNING"
        if execution.map_run is None:
            history.end(execution, "FAILED", error=_ERROR, cause=_CAUSE, interrupted=[])
        else:
            history.end(execution, "ABORTED", interrupted=[])
    for run in store.map_runs.values():
        if run.status in store.OPEN:
            run.status, run.stopped = "ABORTED", clock.now()
