"""The state loop: an execution from its current state to its end.

AWS (Step Functions guide, "concepts-statemachines", "redrive-executions"; API reference,
StopExecution): a state is entered, runs and is exited; an error that its state did not catch fails
the execution there, with the state entered and never exited. That state, kept as `cursor` in the
execution's record, is where a redrive starts: without a second StateEntered event, except that
Fail is entered again.

MiniStack's loop cannot stop, resume or time out, gives children no history, and waits 150 ms
before every execution.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from ministack.services import stepfunctions as sfn

from embedded_aws.stepfunctions.engine import history, running, simple_states, tasks
from embedded_aws.stepfunctions.engine.execution_limits import HISTORY_FULL, payload
from embedded_aws.stepfunctions.engine.history import Execution
from embedded_aws.stepfunctions.engine.state_errors import (
    RUNTIME,
    TIMEOUT,
    Closed,
    HistoryFull,
    MachineTimedOut,
)
from embedded_aws.stepfunctions.maps import distributed_map

if TYPE_CHECKING:
    from embedded_aws.stepfunctions.engine.frames import Frame, Json, State

Observer = Callable[[Execution], None]
observers: list[Observer] = []
"""Called with the record at every change of status, of parents and of a map's children."""

gates: list[Callable[[Frame, str], None]] = []
"""Called before a state is entered; each returns when it may be."""

_logger = logging.getLogger("states")


def drive(frame: Frame) -> None:
    """Run an execution to its end in this thread."""
    execution = frame.execution
    try:
        output = _run_states(frame)
        frame.running.check()
        close(execution, "SUCCEEDED", output=output)
    except Closed:
        pass
    except MachineTimedOut:
        close(execution, "TIMED_OUT", error=TIMEOUT)
    except HistoryFull:
        close(execution, "FAILED", error=RUNTIME, cause=HISTORY_FULL)
    except sfn._ExecutionError as error:
        close(execution, "FAILED", error=error.error, cause=error.cause)
    except Exception as error:
        _logger.exception("execution %s failed inside the emulator", frame.arn)
        close(execution, "FAILED", error=RUNTIME, cause=repr(error))
    finally:
        running.end(frame.arn, frame.running)


def _run_states(frame: Frame) -> str:
    execution = frame.execution
    cursor = execution["cursor"]
    name: str | None = cursor["state"]
    text: str = cursor["input"]
    data = json.loads(text)
    resumed = cursor["entered"]
    while name is not None:
        frame.running.check()
        state = frame.enter(name)
        kind = state["Type"]
        for gate in gates:
            gate(frame, name)
        if not resumed or kind == "Fail":
            history.entered(execution, kind, name, text)
            execution["cursor"] = {"state": name, "type": kind, "input": text, "entered": True}
        resumed = False
        data, following = _HANDLERS[kind](frame, state, data)
        frame.running.check()
        text = payload(data, f"The state '{name}' returned a result")
        history.exited(execution, kind, name, text)
        execution["cursor"] = {"state": following, "input": text, "entered": False}
        name = following
    return text


def close(
    execution: Execution,
    status: str,
    *,
    error: str | None = None,
    cause: str | None = None,
    output: str | None = None,
) -> bool:
    """End an execution, unless it has ended; whether this did it."""
    values = {"output": output} if status == "SUCCEEDED" else {"error": error, "cause": cause}
    if not history.end(
        execution,
        _ENDINGS[status],
        values,
        status=status,
        interrupted=_interrupted(execution, status),
    ):
        return False
    running.signal(execution["executionArn"])
    announce(execution)
    return True


def announce(execution: Execution) -> None:
    """Tell of a change of status: the status-change event of a parent, and the observers."""
    if "mapRunArn" not in execution:
        sfn._emit_execution_status_event(execution)
    for observer in observers:
        observer(execution)


def _interrupted(execution: Execution, status: str) -> list[str]:
    """The types of the events of a state that is cut short from outside."""
    cursor = execution["cursor"]
    if status not in ("ABORTED", "TIMED_OUT") or not cursor["entered"]:
        return []
    kinds = ["MapRunAborted"] if "mapRunArn" in cursor else []
    if status == "ABORTED" and cursor["type"] in ("Map", "Task", "Wait"):
        kinds.append(f"{cursor['type']}StateAborted")
    return kinds


_ENDINGS = {
    "SUCCEEDED": "ExecutionSucceeded",
    "FAILED": "ExecutionFailed",
    "TIMED_OUT": "ExecutionTimedOut",
    "ABORTED": "ExecutionAborted",
}


class _Engine:
    """What a map's children run on."""

    drive = staticmethod(drive)
    close = staticmethod(close)
    announce = staticmethod(announce)


_HANDLERS: dict[str, Callable[[Frame, State, Json], tuple[Any, str | None]]] = {
    "Pass": simple_states.pass_state,
    "Choice": simple_states.choice_state,
    "Wait": simple_states.wait_state,
    "Succeed": simple_states.succeed_state,
    "Fail": simple_states.fail_state,
    "Task": tasks.run,
    "Map": partial(distributed_map.run, engine=_Engine()),
}
