"""One pass over the items of a Map Run that are not done.

AWS (Step Functions guide, "state-map-distributed", "redrive-map-run"): at most MaxConcurrency
children run at once; on a redrive unsuccessful children wait as PENDING_REDRIVE for their turn, and
one that cannot be redriven has failed for good.
"""

from __future__ import annotations

import os
from collections import deque
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from ministack.core.responses import new_uuid
from ministack.services import stepfunctions as sfn

from embedded_aws.stepfunctions.engine import records, running
from embedded_aws.stepfunctions.engine.eligibility import NOT_REDRIVABLE, redrive_status
from embedded_aws.stepfunctions.engine.frames import Frame, State, context_object

if TYPE_CHECKING:
    from concurrent.futures import Future

    from embedded_aws.stepfunctions.engine.history import Execution
    from embedded_aws.stepfunctions.maps.map_runs import MapRun

PENDING_VARIABLE = "INGEST_LOCAL_REDRIVE_PENDING"
_UNLIMITED = 32


class Engine(Protocol):
    """What runs executions, as far as a map needs it."""

    def drive(self, frame: Frame) -> None:
        """Run an execution to its end."""

    def close(self, execution: Execution, status: str) -> bool:
        """End an execution; whether it had not ended."""

    def announce(self, execution: Execution) -> None:
        """Tell of a change of status."""


class Attempt:
    """One pass over the items of a Map Run that are not done."""

    def __init__(self, frame: Frame, state: State, map_run: MapRun, engine: Engine) -> None:
        self._frame = frame
        self._processor = state["ItemProcessor"]
        self._run = map_run
        self._engine = engine
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
                self._engine.close(child, "ABORTED")
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
        self._engine.announce(child)
        attempt = running.begin(child["executionArn"], None)
        if child["status"] != "RUNNING":
            attempt.close()
        machine_name = self._run["_stateMachineArn"].rsplit(":", 1)[-1]
        context = context_object(child, machine_name)
        self._engine.drive(Frame(child, self._processor["States"], attempt, context))
