"""One pass over the items of a Map Run that are not done.

AWS (Step Functions guide, "state-map-distributed", "redrive-map-run"): at most MaxConcurrency
children run at once; on a redrive unsuccessful children wait as PENDING_REDRIVE for their turn, and
one that cannot be redriven has failed for good.
"""

from __future__ import annotations

import os
import uuid
from collections import deque
from functools import partial
from typing import TYPE_CHECKING, Any

from embedded_aws.core.background import in_background
from embedded_aws.stepfunctions import history, store
from embedded_aws.stepfunctions.eligibility import NOT_REDRIVABLE, redrive_status
from embedded_aws.stepfunctions.engine import lifecycle, running
from embedded_aws.stepfunctions.engine.frames import Frame, State, context_object
from embedded_aws.stepfunctions.store import Cursor, Execution, MapRun

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

    Drive = Callable[[Frame], None]
    """Runs an execution to its end."""

PENDING_VARIABLE = "EMBEDDED_AWS_REDRIVE_PENDING"
_UNLIMITED = 32


def starts_pending() -> bool:
    """Whether a redrive starts the items that were never started."""
    return os.environ.get(PENDING_VARIABLE) != "leave"


class Attempt:
    """One pass over the items of a Map Run that are not done."""

    def __init__(self, frame: Frame, state: State, map_run: MapRun, drive: Drive) -> None:
        self._frame = frame
        self._processor = state["ItemProcessor"]
        self._run = map_run
        self._drive = drive
        self._active: dict[Future[Any], Execution] = {}
        self._waiting: deque[int] = deque()
        self._previous: dict[str, str] = {}
        self.failed = False
        """Whether a child has failed for good."""

    def run(self, *, start_pending: bool) -> None:
        """Run the children until all are done, one has failed, or the parent has ended.

        Items that were never started are left so unless `start_pending` is true.
        """
        self._enqueue(start_pending=start_pending)
        try:
            while not self.failed and (self._waiting or self._active):
                self._fill()
                for done in self._frame.running.wait(self._active):
                    if child := self._active.pop(done, None):
                        self.failed |= child.status != "SUCCEEDED"
        finally:
            for child in self._active.values():
                lifecycle.close(child, "ABORTED")
            # Those that were not reached go back to what they were.
            for arn, status in self._previous.items():
                store.executions[arn].status = status

    def _enqueue(self, *, start_pending: bool) -> None:
        for position, arn in enumerate(self._run.children):
            if arn is None:
                if start_pending:
                    self._waiting.append(position)
                continue
            child = store.executions[arn]
            if child.status == "SUCCEEDED":
                continue
            if redrive_status(child)[0] == NOT_REDRIVABLE:
                self.failed = True
                continue
            self._previous[arn] = child.status
            child.status = "PENDING_REDRIVE"
            self._waiting.append(position)

    def _fill(self) -> None:
        limit = self._run.max_concurrency or _UNLIMITED
        while self._waiting and len(self._active) < limit:
            position = self._waiting.popleft()
            arn = self._run.children[position]
            child = self._begin(position) if arn is None else self._resume(arn)
            self._active[in_background(partial(self._run_child, child))] = child

    def _begin(self, position: int) -> Execution:
        text = self._run.inputs[position]
        prefix = self._run.machine.replace(":stateMachine:", ":execution:")
        child = Execution(
            arn=f"{prefix}:{uuid.uuid4()}",
            machine=self._run.machine,
            role=self._frame.role,
            input=text,
            cursor=Cursor(self._processor["StartAt"], text),
            map_run=self._run.arn,
        )
        history.started(child)
        store.executions[child.arn] = child
        self._run.children[position] = child.arn
        return child

    def _resume(self, arn: str) -> Execution:
        child = store.executions[arn]
        del self._previous[arn]
        history.reopen(child)
        return child

    def _run_child(self, child: Execution) -> None:
        lifecycle.announce(child)
        attempt = running.begin(child.arn, None)
        if child.status != "RUNNING":
            attempt.close()
        self._drive(Frame(child, self._processor["States"], attempt, context_object(child)))
