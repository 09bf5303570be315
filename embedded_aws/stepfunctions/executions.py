"""StartExecution, StopExecution and RedriveExecution.

AWS (API reference, StartExecution, StopExecution, RedriveExecution; Step Functions guide,
"service-quotas", "redrive-executions"): StartExecution is idempotent: the same name and input as a
running execution answer as the first call did, a closed execution or another input is
ExecutionAlreadyExists. A labelled ARN (a map's) is refused. A redrive continues an eligible
execution at the state that was entered and not exited, with the definition, the role and the input
it was started with; retries and the machine's time limit begin again. A redrive repeated with a
client token of the last ten successful ones, within 15 minutes, answers as the first did.
"""

from __future__ import annotations

import json
import threading
import time
import uuid
from typing import Any

from embedded_aws.core import clock
from embedded_aws.core.api import ApiError
from embedded_aws.core.background import in_background
from embedded_aws.stepfunctions import history, limits, store
from embedded_aws.stepfunctions.eligibility import NOT_REDRIVABLE, REDRIVABLE, redrive_status
from embedded_aws.stepfunctions.engine import lifecycle, loop, running
from embedded_aws.stepfunctions.engine.frames import Frame, context_object
from embedded_aws.stepfunctions.store import Cursor, Execution

_TOKENS = 10
_TOKEN_SECONDS = 15 * 60
_REDRIVE_LOCK = threading.Lock()

Request = dict[str, Any]


def start(request: Request) -> dict[str, Any]:
    """Answer StartExecution."""
    machine_arn = request["stateMachineArn"]
    if "/" in machine_arn:
        message = f"A Distributed Map's state machine cannot be started: '{machine_arn}'"
        raise ApiError("ValidationException", message)
    machine = store.machine(machine_arn)
    name = request.get("name", str(uuid.uuid4()))
    text = request.get("input", "{}")
    limits.check_name(name)
    limits.check_input(text)
    arn = f"{machine.arn.replace(':stateMachine:', ':execution:')}:{name}"
    existing = store.executions.get(arn)
    if existing is not None:
        if existing.status != "RUNNING" or existing.input != text:
            raise ApiError("ExecutionAlreadyExists", f"Execution Already Exists: '{arn}'")
        return {"executionArn": arn, "startDate": clock.epoch(existing.started)}
    execution = Execution(
        arn=arn,
        machine=machine.arn,
        role=machine.role,
        input=text,
        cursor=Cursor(json.loads(machine.definition)["StartAt"], text),
        definition=machine.definition,
    )
    history.started(execution)
    store.executions[arn] = execution
    lifecycle.announce(execution)
    _launch(execution)
    return {"executionArn": arn, "startDate": clock.epoch(execution.started)}


def stop(request: Request) -> dict[str, Any]:
    """Answer StopExecution; to stop a closed execution changes nothing and is not an error."""
    execution = store.execution(request["executionArn"])
    lifecycle.close(execution, "ABORTED", error=request.get("error"), cause=request.get("cause"))
    return {"stopDate": clock.epoch(execution.stopped or execution.started)}


def redrive(request: Request) -> dict[str, Any]:
    """Answer RedriveExecution."""
    execution = store.execution(request["executionArn"])
    token = request.get("clientToken")
    with _REDRIVE_LOCK:
        earlier = _earlier_date(execution, token)
        if earlier is not None:
            return {"redriveDate": clock.epoch(earlier)}
        _check_redrivable(execution)
        history.reopen(execution)
        if token is not None:
            used = {"token": token, "used": time.time(), "redriven": execution.redriven}
            execution.redrive_tokens = [*execution.redrive_tokens, used][-_TOKENS:]
    lifecycle.announce(execution)
    _launch(execution)
    return {"redriveDate": clock.epoch(execution.redriven or execution.started)}


def _check_redrivable(execution: Execution) -> None:
    status, reason = redrive_status(execution)
    if status == REDRIVABLE:
        return
    if status != NOT_REDRIVABLE:
        reason = "A child workflow execution of a Map Run is redriven by redriving its parent"
    raise ApiError("ExecutionNotRedrivable", str(reason))


def _earlier_date(execution: Execution, token: str | None) -> str | None:
    for each in execution.redrive_tokens:
        if each["token"] == token and time.time() - each["used"] < _TOKEN_SECONDS:
            return str(each["redriven"])
    return None


def _launch(execution: Execution) -> None:
    """Run an execution in the background, from its cursor on."""
    definition = json.loads(execution.definition)

    def run() -> None:
        attempt = running.begin(execution.arn, definition.get("TimeoutSeconds"))
        if execution.status != "RUNNING":  # stopped before its first step
            attempt.close()
        loop.drive(Frame(execution, definition["States"], attempt, context_object(execution)))

    in_background(run)
