"""What callers are told of executions.

AWS (API reference, DescribeExecution, ListExecutions, DescribeStateMachineForExecution):
redriveCount, redriveDate, redriveStatus and its reason; running executions are sorted by
redriveDate or startDate, others by stopDate; the definition is the one that the execution runs.

MiniStack tells nothing of redrives, and the machine's present definition.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ministack.core.responses import error_response_json, json_response
from ministack.services import stepfunctions as sfn

from embedded_aws.stepfunctions.engine.eligibility import redrive_status

if TYPE_CHECKING:
    from embedded_aws.stepfunctions.engine.history import Execution

TOUCHES: tuple[str, ...] = (
    "ministack.services.stepfunctions:_decode_execution_token",
    "ministack.services.stepfunctions:_describe_execution",
    "ministack.services.stepfunctions:_describe_state_machine_for_execution",
    "ministack.services.stepfunctions:_encode_execution_token",
    "ministack.services.stepfunctions:_execution_sort_key",
    "ministack.services.stepfunctions:_list_executions",
)

TOLD = (
    "executionArn",
    "stateMachineArn",
    "name",
    "status",
    "startDate",
    "stopDate",
    "input",
    "output",
    "error",
    "cause",
    "redriveCount",
    "redriveDate",
)
_PAGE = 100


def install() -> None:
    """Replace the views of executions."""
    sfn._describe_execution = describe_execution
    sfn._list_executions = list_executions
    sfn._describe_state_machine_for_execution = describe_state_machine
    sfn._execution_sort_key = _sort_key


def describe_execution(request: dict[str, Any]) -> Any:
    """Answer DescribeExecution."""
    execution = sfn._executions.get(request["executionArn"])
    if execution is None:
        return _unknown(request["executionArn"])
    status, reason = redrive_status(execution)
    view = {
        **{name: execution[name] for name in TOLD},
        "inputDetails": {"included": True},
        "outputDetails": None if execution["output"] is None else {"included": True},
        "mapRunArn": execution.get("mapRunArn"),
        "redriveStatus": status,
        "redriveStatusReason": reason,
    }
    return json_response(_without_none(view))


def list_executions(request: dict[str, Any]) -> Any:
    """Answer ListExecutions."""
    machine, map_run = request.get("stateMachineArn"), request.get("mapRunArn")
    status = request.get("statusFilter")
    refusal = _refuse_list(machine, map_run, status, request.get("redriveFilter"))
    if refusal is not None:
        return refusal
    cursor = None
    if request.get("nextToken"):
        cursor = sfn._decode_execution_token(request["nextToken"])
        if cursor is None:
            return error_response_json("InvalidToken", "Invalid Token: 'Invalid token'", 400)
    found = [
        execution
        for execution in sfn._executions.values()
        if (execution.get("mapRunArn") == map_run if map_run else _is_of(execution, machine))
        and (status is None or execution["status"] == status)
        and _is_redriven(execution, request.get("redriveFilter"))
        and (cursor is None or _sort_key(execution) < cursor)
    ]
    found.sort(key=_sort_key, reverse=True)
    size = request.get("maxResults") or _PAGE
    answer: dict[str, Any] = {"executions": [_listed(each) for each in found[:size]]}
    if len(found) > size:
        answer["nextToken"] = sfn._encode_execution_token(found[size - 1])
    return json_response(answer)


def _refuse_list(
    machine: str | None, map_run: str | None, status: str | None, redriven: str | None
) -> Any:
    if (machine is None) == (map_run is None):
        message = "Specify either a stateMachineArn or a mapRunArn"
    elif map_run is None and (status == "PENDING_REDRIVE" or redriven is not None):
        message = "PENDING_REDRIVE and redriveFilter need a mapRunArn"
    elif map_run is not None and map_run not in sfn._map_runs:
        message = f"Map Run Does Not Exist: '{map_run}'"
        return error_response_json("ResourceNotFound", message, 400)
    elif machine is not None and machine not in sfn._state_machines:
        message = f"State Machine Does Not Exist: '{machine}'"
        return error_response_json("StateMachineDoesNotExist", message, 400)
    else:
        return None
    return error_response_json("ValidationException", message, 400)


def _is_of(execution: Execution, machine: str | None) -> bool:
    return bool(execution["stateMachineArn"] == machine)


def _is_redriven(execution: Execution, wanted: str | None) -> bool:
    return wanted is None or (execution["redriveCount"] > 0) == (wanted == "REDRIVEN")


def _listed(execution: Execution) -> dict[str, Any]:
    names = ("executionArn", "stateMachineArn", "name", "status", "startDate", "stopDate")
    view = {name: execution[name] for name in (*names, "redriveCount", "redriveDate")}
    if "mapRunArn" in execution:
        view |= {"mapRunArn": execution["mapRunArn"], "itemCount": 1}
    return _without_none(view)


def _sort_key(execution: Execution) -> tuple[str, str]:
    moment = execution["stopDate"] or execution["redriveDate"] or execution["startDate"]
    return moment, execution["executionArn"]


def describe_state_machine(request: dict[str, Any]) -> Any:
    """Answer DescribeStateMachineForExecution: what the execution was started with."""
    execution = sfn._executions.get(request["executionArn"])
    if execution is None:
        return _unknown(request["executionArn"])
    map_run = sfn._map_runs.get(execution.get("mapRunArn"))
    parent = execution if map_run is None else sfn._executions[map_run["executionArn"]]
    machine = parent["stateMachineArn"]
    view = {
        "stateMachineArn": machine,
        "name": machine.rsplit(":", 1)[-1],
        "definition": parent["definition"],
        "roleArn": parent["roleArn"],
        "updateDate": parent["startDate"],
        "mapRunArn": execution.get("mapRunArn"),
    }
    return json_response(_without_none(view))


def _without_none(view: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in view.items() if value is not None}


def _unknown(arn: str) -> Any:
    message = f"Execution Does Not Exist: '{arn}'"
    return error_response_json("ExecutionDoesNotExist", message, 400)
