"""Task states: input, call, time limit, Retry and Catch, output.

AWS (Step Functions guide, "state-task", "concepts-error-handling"): a call that outlives the
state's TimeoutSeconds ends the attempt as States.Timeout, and its result is dropped; Parameters
and results over 256 KiB are States.DataLimitExceeded; each visit of the state, a redrive's too,
counts its retries from 0.
"""

from __future__ import annotations

import logging
import random
from collections import Counter
from functools import partial
from typing import TYPE_CHECKING

from embedded_aws.core.background import in_background
from embedded_aws.stepfunctions import history
from embedded_aws.stepfunctions.engine import retries, service_calls
from embedded_aws.stepfunctions.errors import RUNTIME, TIMEOUT, StateError
from embedded_aws.stepfunctions.language import paths
from embedded_aws.stepfunctions.limits import payload

if TYPE_CHECKING:
    from collections.abc import Callable

    from embedded_aws.stepfunctions.engine.frames import Frame, Json, State

_JITTER = random.Random()  # noqa: S311 - spreads retries, guards nothing
_logger = logging.getLogger("states")


def run(frame: Frame, state: State, data: Json) -> tuple[Json, str | None]:
    """The state's output, and the name of the next state."""
    attempts: Counter[int] = Counter()
    while True:
        frame.context["State"]["RetryCount"] = attempts.total()
        try:
            return _attempt(frame, state, data), state.get("Next")
        except StateError as error:
            wait = retries.next_wait(state.get("Retry", ()), error.error, attempts, _JITTER)
            if wait is None:
                catcher = retries.catcher(state.get("Catch", ()), error.error)
                if catcher is None:
                    raise
                caught = {"Error": error.error, "Cause": error.cause or ""}
                return paths.put(catcher.get("ResultPath", "$"), data, caught), catcher["Next"]
        frame.running.pause(wait)


def _attempt(frame: Frame, state: State, data: Json) -> Json:
    effective = paths.select(state.get("InputPath", "$"), data, frame.context)
    if "Parameters" in state:
        effective = paths.fill(state["Parameters"], effective, frame.context)
    result = _call(frame, state, effective)
    if "ResultSelector" in state:
        result = paths.fill(state["ResultSelector"], result, frame.context)
    output = paths.put(state.get("ResultPath", "$"), data, result)
    return paths.select(state.get("OutputPath", "$"), output, frame.context)


def _call(frame: Frame, state: State, parameters: Json) -> Json:
    names = service_calls.names(state["Resource"])
    text = payload(parameters, f"The state/task '{frame.context['State']['Name']}' has an input")
    limit = state.get("TimeoutSeconds")
    scheduled = {**names, "region": frame.arn.split(":")[3], "parameters": text}
    if limit is not None:
        scheduled["timeoutInSeconds"] = limit
    history.add(frame.execution, "TaskScheduled", values=scheduled)
    history.add(frame.execution, "TaskStarted", values=names)
    call = service_calls.CALLS[state["Resource"]]
    future = in_background(partial(call, frame.role, parameters))
    if not frame.running.wait({future}, limit):
        history.add(frame.execution, "TaskTimedOut", values={**names, "error": TIMEOUT})
        raise StateError(TIMEOUT, None)
    try:
        result, text = _result(future.result, names["resourceType"])
    except StateError as error:
        history.add(
            frame.execution,
            "TaskFailed",
            values={**names, "error": error.error, "cause": error.cause},
        )
        raise
    history.add(
        frame.execution,
        "TaskSucceeded",
        values={**names, "output": text, "outputDetails": {"truncated": False}},
    )
    return result


def _result(finish: Callable[[], Json], service: str) -> tuple[Json, str]:
    try:
        result = finish()
    except StateError:
        raise
    except Exception as error:
        _logger.exception("the call of %s failed inside the emulator", service)
        raise StateError(RUNTIME, repr(error)) from error
    return result, payload(result, f"The state/task '{service}' returned a result")
