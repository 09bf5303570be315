"""The state loop: an execution from its current state to its end.

AWS (Step Functions guide, "concepts-statemachines", "redrive-executions"): a state is entered, runs
and is exited; an error that its state did not catch fails the execution there, with the state
entered and never exited. That state, kept as `cursor` in the execution's record, is where a redrive
starts: without a second StateEntered event, except that Fail is entered again.
"""

from __future__ import annotations

import json
import logging
from functools import partial
from typing import TYPE_CHECKING, Any

from embedded_aws.stepfunctions import history
from embedded_aws.stepfunctions.engine import running, simple_states, tasks
from embedded_aws.stepfunctions.engine.lifecycle import close
from embedded_aws.stepfunctions.errors import (
    RUNTIME,
    Closed,
    HistoryFull,
    MachineTimedOut,
    StateError,
)
from embedded_aws.stepfunctions.limits import HISTORY_FULL, payload
from embedded_aws.stepfunctions.maps import distributed_map
from embedded_aws.stepfunctions.store import Cursor, Execution

if TYPE_CHECKING:
    from collections.abc import Callable

    from embedded_aws.stepfunctions.engine.frames import Frame, Json, State

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
        close(execution, "TIMED_OUT")
    except HistoryFull:
        close(execution, "FAILED", error=RUNTIME, cause=HISTORY_FULL)
    except StateError as error:
        close(execution, "FAILED", error=error.error, cause=error.cause)
    except Exception as error:
        _logger.exception("execution %s failed inside the emulator", frame.arn)
        close(execution, "FAILED", error=RUNTIME, cause=repr(error))
    finally:
        running.end(frame.arn, frame.running)


def _run_states(frame: Frame) -> str:
    execution = frame.execution
    name, text = execution.cursor.state, execution.cursor.input
    data = json.loads(text)
    resumed = execution.cursor.entered
    while name is not None:
        frame.running.check()
        state = frame.enter(name)
        kind = state["Type"]
        for gate in gates:
            gate(frame, name)
        if not resumed or kind == "Fail":
            history.entered(execution, kind, name, text)
            execution.cursor = Cursor(name, text, kind, entered=True)
        resumed = False
        try:
            data, following = _HANDLERS[kind](frame, state, data)
        except StateError as error:
            raise _located(error, execution, name) from error
        frame.running.check()
        text = payload(data, f"The state/task '{name}' returned a result")
        history.exited(execution, kind, name, text)
        execution.cursor = Cursor(following, text)
        name = following
    return text


def _located(error: StateError, execution: Execution, state: str) -> StateError:
    """The error as AWS reports it: the cause of States.Runtime says where it occurred."""
    if error.error != RUNTIME or not error.cause:
        return error
    entered = next(
        event["id"]
        for event in reversed(execution.events)
        if event.get("stateEnteredEventDetails", {}).get("name") == state
    )
    where = f"An error occurred while executing the state '{state}'"
    return StateError(RUNTIME, f"{where} (entered at the event id #{entered}). {error.cause}")


_HANDLERS: dict[str, Callable[[Frame, State, Json], tuple[Any, str | None]]] = {
    "Pass": simple_states.pass_state,
    "Choice": simple_states.choice_state,
    "Wait": simple_states.wait_state,
    "Succeed": simple_states.succeed_state,
    "Fail": simple_states.fail_state,
    "Task": tasks.run,
    "Map": partial(distributed_map.run, drive=drive),
}
