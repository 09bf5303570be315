"""Distributed Map states: one child execution an item, in a Map Run.

AWS (Step Functions guide, "state-map-distributed", "redrive-map-run", "concepts-examine-map-run"):
at most MaxConcurrency children run at once; with no tolerated failures the first child that fails
for good fails the Map Run as States.ExceedToleratedFailureThreshold, running children are aborted
(their functions run on) and items not started stay pending; so it is when the parent is stopped.
A redrive continues the same Map Run, unless it failed before its children or over its result: each
unsuccessful child is redriven at its own failed state, the others keep their results.

The documentation does not say whether a redrive starts the items that were never started. With
INGEST_LOCAL_REDRIVE_PENDING=leave it does not; by default it does.

Emulated are STANDARD children and no tolerance; MaxConcurrency 0 means 32 at once here.
"""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING

from ministack.core.responses import now_iso
from ministack.services import stepfunctions as sfn

from embedded_aws.stepfunctions.engine import authorization, history
from embedded_aws.stepfunctions.engine.execution_limits import payload
from embedded_aws.stepfunctions.engine.state_errors import (
    RUNTIME,
    THRESHOLD_EXCEEDED,
    Closed,
    MachineTimedOut,
    StateError,
)
from embedded_aws.stepfunctions.language import paths
from embedded_aws.stepfunctions.maps import item_reader, map_runs
from embedded_aws.stepfunctions.maps.map_attempt import Attempt, Engine
from embedded_aws.stepfunctions.maps.map_results import ResultWriter

if TYPE_CHECKING:
    from embedded_aws.stepfunctions.engine.frames import Frame, Json, State
    from embedded_aws.stepfunctions.maps.map_runs import MapRun

_MAX_REDRIVES = 1000
_THRESHOLD_CAUSE = "The specified tolerated failure threshold was exceeded"


def run(frame: Frame, state: State, data: Json, *, engine: Engine) -> tuple[Json, str | None]:
    """The state's output, and the name of the next state.

    Args:
        frame: the parent execution.
        state: the map's definition.
        data: the state's input.
        engine: what runs the children.
    """
    effective = paths.select(state.get("InputPath", "$"), data, frame.context)
    writer = ResultWriter(frame, state, effective) if "ResultWriter" in state else None
    map_run = _redrive(frame) or _start(frame, state, effective)
    attempt = Attempt(frame, state, map_run, engine)
    try:
        attempt.run()
        result = _finish(frame, state, map_run, writer, failed=attempt.failed)
    except (Closed, MachineTimedOut):
        _end(map_run, "ABORTED", None)
        if writer is not None:
            # The execution has ended already: a fault here changes nothing of that.
            with contextlib.suppress(StateError):
                writer.write(map_run)
        raise
    except sfn._ExecutionError as error:
        _end(map_run, "FAILED", error.error)
        values = {"error": error.error, "cause": error.cause}
        history.add(frame.execution, "MapRunFailed", values=values)
        history.add(frame.execution, "MapStateFailed")
        raise
    history.add(frame.execution, "MapRunSucceeded")
    history.add(frame.execution, "MapStateSucceeded")
    output = paths.put(state.get("ResultPath", "$"), data, result)
    return paths.select(state.get("OutputPath", "$"), output, frame.context), state.get("Next")


def _start(frame: Frame, state: State, data: Json) -> MapRun:
    """A new Map Run over the items that the reader reads now."""
    machine_arn = frame.execution["stateMachineArn"]
    authorization.require(
        frame.role, "states:StartExecution", machine_arn, error="States.Permissions"
    )
    concurrency = state.get("MaxConcurrency", 0)
    if "MaxConcurrencyPath" in state:
        concurrency = paths.select(state["MaxConcurrencyPath"], data, frame.context)
        if isinstance(concurrency, bool) or not isinstance(concurrency, int) or concurrency < 0:
            raise StateError(RUNTIME, "MaxConcurrencyPath must select a non-negative integer")
    inputs = item_reader.read_inputs(frame, state, data)
    history.add(frame.execution, "MapStateStarted", values={"length": len(inputs)})
    map_run = map_runs.open_map_run(frame.execution, state["Label"], inputs, concurrency)
    frame.execution["cursor"]["mapRunArn"] = map_run["mapRunArn"]
    history.add(frame.execution, "MapRunStarted", values={"mapRunArn": map_run["mapRunArn"]})
    return map_run


def _redrive(frame: Frame) -> MapRun | None:
    """The Map Run of the state's unfinished visit, when a redrive continues that one."""
    map_run: MapRun | None = sfn._map_runs.get(frame.execution["cursor"].get("mapRunArn"))
    if map_run is None or map_run["status"] == "SUCCEEDED":
        return None
    if map_run["_error"] not in (None, THRESHOLD_EXCEEDED):
        return None
    if map_run["redriveCount"] >= _MAX_REDRIVES:
        raise StateError(RUNTIME, f"A Map Run can be redriven {_MAX_REDRIVES} times")
    for child in map_runs.children(map_run):
        if child["status"] != "SUCCEEDED":
            authorization.require(
                frame.role,
                "states:RedriveExecution",
                child["executionArn"],
                error="States.Permissions",
            )
    map_run["redriveCount"] += 1
    map_run.update(status="RUNNING", redriveDate=now_iso(), stopDate=None)
    history.add(
        frame.execution,
        "MapRunRedriven",
        values={"mapRunArn": map_run["mapRunArn"], "redriveCount": map_run["redriveCount"]},
    )
    return map_run


def _finish(
    frame: Frame, state: State, map_run: MapRun, writer: ResultWriter | None, *, failed: bool
) -> Json:
    """Close the Map Run and give its result, or fail it."""
    if failed:
        if writer is not None:
            writer.write(map_run)
        raise StateError(THRESHOLD_EXCEEDED, _THRESHOLD_CAUSE)
    result: Json
    if writer is not None:
        result = writer.write(map_run)
    else:
        succeeded = (c for c in map_runs.children(map_run) if c["status"] == "SUCCEEDED")
        result = [json.loads(child["output"]) for child in succeeded]
        payload(result, "The Map Run returned a result")
    if "ResultSelector" in state:
        result = paths.fill(state["ResultSelector"], result, frame.context)
    _end(map_run, "SUCCEEDED", None)
    return result


def _end(map_run: MapRun, status: str, error: str | None) -> None:
    map_run.update(status=status, stopDate=now_iso(), _error=error)
