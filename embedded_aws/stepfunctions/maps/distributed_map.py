"""Distributed Map states: one child execution an item, in a Map Run.

AWS (Step Functions guide, "state-map-distributed", "redrive-map-run", "concepts-examine-map-run"):
at most MaxConcurrency children run at once; with no tolerated failures the first child that fails
for good fails the Map Run as States.ExceedToleratedFailureThreshold, running children are aborted
(their functions run on) and items not started stay pending; so it is when the parent is stopped.
A redrive continues the same Map Run, unless it failed over an item or over its result: each
unsuccessful child is redriven at its own failed state, the others keep their results.

A list that cannot be read fails a Map Run that has begun and has no items (recorded by localstack,
test_map_item_reader_json_no_json_list_object); a redrive reads the list again.

The documentation does not say whether a redrive starts the items that were never started. With
EMBEDDED_AWS_REDRIVE_PENDING=leave it does not; by default it does.

Emulated are STANDARD children and no tolerance; MaxConcurrency 0 means 32 at once here.
"""

from __future__ import annotations

import contextlib
import json
import uuid
from typing import TYPE_CHECKING

from embedded_aws.core import clock
from embedded_aws.stepfunctions import history, store
from embedded_aws.stepfunctions.engine import authorization
from embedded_aws.stepfunctions.errors import (
    ITEM_READER_FAILED,
    RUNTIME,
    THRESHOLD_EXCEEDED,
    Closed,
    MachineTimedOut,
    StateError,
)
from embedded_aws.stepfunctions.language import paths
from embedded_aws.stepfunctions.limits import payload
from embedded_aws.stepfunctions.maps import item_reader
from embedded_aws.stepfunctions.maps.attempt import Attempt, starts_pending
from embedded_aws.stepfunctions.maps.result_writer import ResultWriter
from embedded_aws.stepfunctions.store import MapRun

if TYPE_CHECKING:
    from embedded_aws.stepfunctions.engine.frames import Frame, Json, State
    from embedded_aws.stepfunctions.maps.attempt import Drive

_MAX_REDRIVES = 1000
_CONTINUED_AFTER = (None, THRESHOLD_EXCEEDED, ITEM_READER_FAILED)
"""The errors of a Map Run that a redrive continues; after any other it opens a new one."""


def run(frame: Frame, state: State, data: Json, *, drive: Drive) -> tuple[Json, str | None]:
    """The state's output, and the name of the next state."""
    effective = paths.select(state.get("InputPath", "$"), data, frame.context)
    writer = ResultWriter(frame, state, effective) if "ResultWriter" in state else None
    map_run = _redrive(frame) or _open(frame, state, effective)
    try:
        is_first_attempt = not map_run.inputs
        if is_first_attempt:
            map_run.inputs = item_reader.read_inputs(frame, state, effective)
            map_run.children = [None] * len(map_run.inputs)
        attempt = Attempt(frame, state, map_run, drive)
        attempt.run(start_pending=is_first_attempt or starts_pending())
        result = _finish(frame, state, map_run, writer, failed=attempt.failed)
    except (Closed, MachineTimedOut):
        _end(map_run, "ABORTED", None)
        if writer is not None:
            # The execution has ended already: an error here changes nothing of that.
            with contextlib.suppress(StateError):
                writer.write(map_run)
        raise
    except StateError as error:
        _end(map_run, "FAILED", error.error)
        values = {"error": error.error, "cause": error.cause}
        history.add(frame.execution, "MapRunFailed", values=values)
        history.add(frame.execution, "MapStateFailed")
        raise
    history.add(frame.execution, "MapRunSucceeded")
    history.add(frame.execution, "MapStateSucceeded")
    output = paths.put(state.get("ResultPath", "$"), data, result)
    return paths.select(state.get("OutputPath", "$"), output, frame.context), state.get("Next")


def _open(frame: Frame, state: State, data: Json) -> MapRun:
    """A new Map Run, its items still to be read."""
    machine = frame.execution.machine
    authorization.require(frame.role, "states:StartExecution", machine, error="States.Permissions")
    label = f"{machine.rsplit(':', 1)[-1]}/{state['Label']}"
    map_run = MapRun(
        arn=f"{store.scope()}:mapRun:{label}:{uuid.uuid4()}",
        execution=frame.execution.arn,
        machine=f"{store.scope()}:stateMachine:{label}",
        max_concurrency=_concurrency(frame, state, data),
    )
    # AWS gives length 0 wherever there is an ItemReader.
    history.add(frame.execution, "MapStateStarted", values={"length": 0})
    store.map_runs[map_run.arn] = map_run
    frame.execution.cursor.map_run = map_run.arn
    history.add(frame.execution, "MapRunStarted", values={"mapRunArn": map_run.arn})
    return map_run


def _concurrency(frame: Frame, state: State, data: Json) -> int:
    if "MaxConcurrencyPath" not in state:
        return int(state.get("MaxConcurrency", 0))
    path = state["MaxConcurrencyPath"]
    value = paths.select(path, data, frame.context)
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        message = f"The MaxConcurrencyPath field refers to value '{value}', not a valid integer"
        raise StateError(RUNTIME, message)
    return value


def _redrive(frame: Frame) -> MapRun | None:
    """The Map Run of the state's unfinished visit, when a redrive continues that one."""
    map_run = store.map_runs.get(frame.execution.cursor.map_run or "")
    if map_run is None or map_run.status == "SUCCEEDED" or map_run.error not in _CONTINUED_AFTER:
        return None
    if map_run.redrive_count >= _MAX_REDRIVES:
        raise StateError(RUNTIME, f"A Map Run can be redriven {_MAX_REDRIVES} times")
    for child in store.children(map_run):
        if child.status != "SUCCEEDED":
            authorization.require(
                frame.role, "states:RedriveExecution", child.arn, error="States.Permissions"
            )
    map_run.redrive_count += 1
    map_run.status, map_run.stopped, map_run.redriven = "RUNNING", None, clock.now()
    values = {"mapRunArn": map_run.arn, "redriveCount": map_run.redrive_count}
    history.add(frame.execution, "MapRunRedriven", values=values)
    return map_run


def _finish(
    frame: Frame, state: State, map_run: MapRun, writer: ResultWriter | None, *, failed: bool
) -> Json:
    """Close the Map Run and give its result, or fail it."""
    if failed:
        if writer is not None:
            writer.write(map_run)
        message = "The specified tolerated failure threshold was exceeded"
        raise StateError(THRESHOLD_EXCEEDED, message)
    result: Json
    if writer is not None:
        result = writer.write(map_run)
    else:
        succeeded = (each for each in store.children(map_run) if each.status == "SUCCEEDED")
        result = [json.loads(child.output or "null") for child in succeeded]
        payload(result, "The Map Run returned a result")
    if "ResultSelector" in state:
        result = paths.fill(state["ResultSelector"], result, frame.context)
    _end(map_run, "SUCCEEDED", None)
    return result


def _end(map_run: MapRun, status: str, error: str | None) -> None:
    map_run.status, map_run.stopped, map_run.error = status, clock.now(), error
