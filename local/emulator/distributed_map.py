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

import json
import os
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from typing import Any, Protocol

from ministack.core.responses import new_uuid, now_iso
from ministack.services import stepfunctions as sfn

from local.emulator import authorization, history, item_reader, map_runs, paths, records, running
from local.emulator.eligibility import NOT_REDRIVABLE, redrive_status
from local.emulator.execution_limits import payload
from local.emulator.frames import Frame, Json, State, context_object
from local.emulator.history import Execution
from local.emulator.map_results import ResultWriter
from local.emulator.map_runs import MapRun
from local.emulator.state_errors import (
    RUNTIME,
    THRESHOLD_EXCEEDED,
    Closed,
    MachineTimedOut,
    StateError,
)

PENDING_VARIABLE = "INGEST_LOCAL_REDRIVE_PENDING"
_UNLIMITED = 32
_MAX_REDRIVES = 1000
_THRESHOLD_CAUSE = "The specified tolerated failure threshold was exceeded"


class Close(Protocol):
    """`executions.close`, as far as a map needs it."""

    def __call__(self, execution: Execution, status: str) -> bool: ...


def run(
    frame: Frame,
    state: State,
    data: Json,
    *,
    drive: Callable[[Frame], None],
    close: Close,
    announce: Callable[[Execution], None],
) -> tuple[Json, str | None]:
    """The state's output, and the name of the next state.

    Args:
        frame: the parent execution.
        state: the map's definition.
        data: the state's input.
        drive: runs an execution to its end.
        close: ends an execution.
        announce: tells of a change of status.
    """
    effective = paths.select(state.get("InputPath", "$"), data, frame.context)
    writer = ResultWriter(frame, state, effective) if "ResultWriter" in state else None
    map_run = _redrive(frame) or _start(frame, state, effective)
    attempt = _Attempt(frame, state, map_run, drive=drive, close=close, announce=announce)
    try:
        attempt.run()
        result = _finish(frame, state, map_run, writer, failed=attempt.failed)
    except (Closed, MachineTimedOut):
        _end(map_run, "ABORTED", None)
        if writer is not None:
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
    if map_run is None or map_run["_error"] not in (None, THRESHOLD_EXCEEDED):
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


class _Attempt:
    """One pass over the items of a Map Run that are not done."""

    def __init__(
        self,
        frame: Frame,
        state: State,
        map_run: MapRun,
        *,
        drive: Callable[[Frame], None],
        close: Close,
        announce: Callable[[Execution], None],
    ) -> None:
        self._frame = frame
        self._processor = state["ItemProcessor"]
        self._run = map_run
        self._drive = drive
        self._close = close
        self._announce = announce
        self._active: dict[Future[Any], Execution] = {}
        self._waiting: deque[int] = deque()
        self._previous: dict[str, str] = {}
        self.failed = False
        """Whether a child has failed for good."""

    def run(self) -> None:
        """Run the children until all are done, one has failed, or the parent has ended."""
        self._enqueue()
        try:
            while not self.failed and (self._waiting or self._active):
                self._fill()
                for done in self._frame.running.wait(self._active):
                    if child := self._active.pop(done, None):
                        self.failed |= child["status"] != "SUCCEEDED"
        finally:
            for child in self._active.values():
                self._close(child, "ABORTED")
            # Those that were not reached go back to what they were.
            for arn, status in self._previous.items():
                sfn._executions[arn]["status"] = status

    def _enqueue(self) -> None:
        redriven = self._run["redriveCount"] > 0
        leave_pending = redriven and os.environ.get(PENDING_VARIABLE) == "leave"
        for position, arn in enumerate(self._run["_children"]):
            if arn is None:
                if not leave_pending:
                    self._waiting.append(position)
                continue
            child = sfn._executions[arn]
            if child["status"] == "SUCCEEDED":
                continue
            if redrive_status(child)[0] == NOT_REDRIVABLE:
                self.failed = True
                continue
            self._previous[arn] = child["status"]
            child["status"] = "PENDING_REDRIVE"
            self._waiting.append(position)

    def _fill(self) -> None:
        limit = self._run["maxConcurrency"] or _UNLIMITED
        while self._waiting and len(self._active) < limit:
            position = self._waiting.popleft()
            arn = self._run["_children"][position]
            child = self._begin(position) if arn is None else self._resume(arn)
            self._active[running.in_background(partial(self._run_child, child))] = child

    def _begin(self, position: int) -> Execution:
        child = records.new_record(
            arn=f"{self._run['_executionPrefix']}:{new_uuid()}",
            machine_arn=self._run["_stateMachineArn"],
            role=self._frame.role,
            text=self._run["_inputs"][position],
            start_at=self._processor["StartAt"],
        )
        child["mapRunArn"] = self._run["mapRunArn"]
        sfn._executions[child["executionArn"]] = child
        self._run["_children"][position] = child["executionArn"]
        return child

    def _resume(self, arn: str) -> Execution:
        child: Execution = sfn._executions[arn]
        del self._previous[arn]
        records.reopen(child)
        return child

    def _run_child(self, child: Execution) -> None:
        self._announce(child)
        attempt = running.begin(child["executionArn"], None)
        if child["status"] != "RUNNING":
            attempt.close()
        machine_name = self._run["_stateMachineArn"].rsplit(":", 1)[-1]
        context = context_object(child, machine_name)
        self._drive(Frame(child, self._processor["States"], attempt, context))
