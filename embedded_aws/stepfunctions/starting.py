"""StartExecution, StopExecution, DeleteStateMachine, and the thread of an execution.

AWS (API reference, StartExecution, StopExecution and DeleteStateMachine; Step Functions guide,
"service-quotas"): StartExecution is idempotent: the same name and input as a running execution
answer as the first call did, a closed execution or another input is ExecutionAlreadyExists. A
labelled ARN (a map's) is refused. Deleting a state machine ends its executions. An execution keeps
the definition, the role and the input it was started with.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from ministack.core.responses import (
    error_response_json,
    get_account_id,
    get_region,
    json_response,
    new_uuid,
)
from ministack.services import stepfunctions as sfn

from embedded_aws.stepfunctions.engine import (
    execution_limits,
    executions,
    history,
    records,
    running,
    service_calls,
    state_errors,
)
from embedded_aws.stepfunctions.engine.frames import Frame, context_object
from embedded_aws.stepfunctions.maps import item_reader, map_results

if TYPE_CHECKING:
    from embedded_aws.stepfunctions.engine.history import Execution

TOUCHES: tuple[str, ...] = (
    "ministack.core.responses:json_response",
    "ministack.core.responses:new_uuid",
    "ministack.services.stepfunctions:_delete_state_machine",
    "ministack.services.stepfunctions:_executions",
    "ministack.services.stepfunctions:_start_execution",
    "ministack.services.stepfunctions:_state_machines",
    "ministack.services.stepfunctions:_stop_execution",
    *execution_limits.TOUCHES,
    *history.TOUCHES,
    *item_reader.TOUCHES,
    *map_results.TOUCHES,
    *service_calls.TOUCHES,
    *state_errors.TOUCHES,
)


_delete_state_machine = sfn._delete_state_machine


def install() -> None:
    """Replace the start and the ends of executions."""
    sfn._delete_state_machine = delete_state_machine
    sfn._start_execution = start_execution
    sfn._stop_execution = stop_execution


def start_execution(request: dict[str, Any]) -> Any:
    """Answer StartExecution."""
    machine_arn = request["stateMachineArn"]
    machine = sfn._state_machines.get(machine_arn)
    if machine is None:
        return _refuse_machine(machine_arn)
    name = request.get("name", new_uuid())
    text = request.get("input") or "{}"
    refusal = execution_limits.refuse_name(name) or execution_limits.refuse_input(text)
    if refusal is not None:
        return refusal
    scope = f"arn:aws:states:{get_region()}:{get_account_id()}"
    arn = f"{scope}:execution:{machine['name']}:{name}"
    existing = sfn._executions.get(arn)
    if existing is not None:
        if existing["status"] != "RUNNING" or existing["input"] != text:
            message = f"Execution Already Exists: '{arn}'"
            return error_response_json("ExecutionAlreadyExists", message, 400)
        return json_response({"executionArn": arn, "startDate": existing["startDate"]})
    definition = json.loads(machine["definition"])
    execution = records.new_record(
        arn=arn,
        machine_arn=machine_arn,
        role=machine["roleArn"],
        text=text,
        start_at=definition["StartAt"],
    )
    execution["definition"] = machine["definition"]
    sfn._executions[arn] = execution
    executions.announce(execution)
    launch(execution)
    return json_response({"executionArn": arn, "startDate": execution["startDate"]})


def _refuse_machine(arn: str) -> Any:
    if "/" in arn:
        message = f"A Distributed Map's state machine cannot be started: '{arn}'"
        return error_response_json("ValidationException", message, 400)
    message = f"State Machine Does Not Exist: '{arn}'"
    return error_response_json("StateMachineDoesNotExist", message, 400)


def launch(execution: Execution) -> None:
    """Run an execution in the background, from its current state on."""
    definition = json.loads(execution["definition"])
    machine_name = execution["stateMachineArn"].rsplit(":", 1)[-1]

    def run() -> None:
        frame = Frame(
            execution,
            definition["States"],
            running.begin(execution["executionArn"], definition.get("TimeoutSeconds")),
            context_object(execution, machine_name),
        )
        if execution["status"] != "RUNNING":  # stopped before its first step
            frame.running.close()
        executions.drive(frame)

    running.in_background(run)


def stop_execution(request: dict[str, Any]) -> Any:
    """Answer StopExecution."""
    arn = request["executionArn"]
    execution = sfn._executions.get(arn)
    if execution is None:
        message = f"Execution Does Not Exist: '{arn}'"
        return error_response_json("ExecutionDoesNotExist", message, 400)
    executions.close(execution, "ABORTED", error=request.get("error"), cause=request.get("cause"))
    # Stopping a closed execution changes nothing and is no error.
    return json_response({"stopDate": execution["stopDate"]})


def delete_state_machine(request: dict[str, Any]) -> Any:
    """Answer DeleteStateMachine: running executions end, and none is left."""
    for execution in list(sfn._executions.values()):
        if execution["stateMachineArn"] == request["stateMachineArn"]:
            executions.close(execution, "ABORTED")
    return _delete_state_machine(request)
