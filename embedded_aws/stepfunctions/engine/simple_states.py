"""The states that call nothing.

AWS (Step Functions guide, "state-pass", "state-choice", "state-wait", "state-succeed",
"state-fail"): each gives its output and the name of the next state; Fail ends the execution with
its Error and Cause, literal or selected by ErrorPath and CausePath, which must be strings.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from embedded_aws.stepfunctions.errors import RUNTIME, StateError
from embedded_aws.stepfunctions.language import choices, paths

if TYPE_CHECKING:
    from embedded_aws.stepfunctions.engine.frames import Frame, Json, State


def pass_state(frame: Frame, state: State, data: Json) -> tuple[Json, str | None]:
    """Pass: its Result or its input."""
    effective = paths.select(state.get("InputPath", "$"), data, frame.context)
    if "Parameters" in state:
        effective = paths.fill(state["Parameters"], effective, frame.context)
    output = paths.put(state.get("ResultPath", "$"), data, state.get("Result", effective))
    return paths.select(state.get("OutputPath", "$"), output, frame.context), state.get("Next")


def choice_state(frame: Frame, state: State, data: Json) -> tuple[Json, str | None]:
    """Choice: its input goes on to the state that the rules decide."""
    effective = paths.select(state.get("InputPath", "$"), data, frame.context)
    following = choices.decide(state, effective, frame.context)
    return paths.select(state.get("OutputPath", "$"), effective, frame.context), following


def wait_state(frame: Frame, state: State, data: Json) -> tuple[Json, str | None]:
    """Wait: its input, after this many seconds."""
    frame.running.pause(state["Seconds"])
    return succeed_state(frame, state, data)[0], state.get("Next")


def succeed_state(frame: Frame, state: State, data: Json) -> tuple[Json, str | None]:
    """Succeed: its input ends the execution."""
    effective = paths.select(state.get("InputPath", "$"), data, frame.context)
    return paths.select(state.get("OutputPath", "$"), effective, frame.context), None


def fail_state(frame: Frame, state: State, data: Json) -> tuple[Json, str | None]:
    """Fail: always raises its error and cause."""

    def value(name: str) -> str | None:
        if f"{name}Path" not in state:
            return state.get(name)
        field = f"{name}Path"
        found = paths.evaluate(state[field], data, frame.context, field=field)
        if not isinstance(found, str):
            raise StateError(RUNTIME, f"{name}Path must select a string")
        return found

    raise StateError(value("Error"), value("Cause"))
