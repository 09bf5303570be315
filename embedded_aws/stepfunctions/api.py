"""The Step Functions API, whole: MiniStack hands over its requests, and saves its state.

AWS (API reference, "CommonErrors"): an action that does not exist is UnknownOperationException. So
is here what is not emulated (versions, aliases, activities, task tokens, Express executions,
TestState).
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from ministack.core.responses import error_response_json, json_response
from ministack.services import stepfunctions

from embedded_aws.core.api import ApiError
from embedded_aws.stepfunctions import (
    executions,
    map_runs,
    saved_state,
    state_machines,
    status_events,
    store,
    views,
)
from embedded_aws.stepfunctions.engine import lifecycle

if TYPE_CHECKING:
    from collections.abc import Callable

_ACTIONS: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "CreateStateMachine": state_machines.create,
    "DeleteStateMachine": state_machines.delete,
    "DescribeExecution": views.describe,
    "DescribeMapRun": map_runs.describe,
    "DescribeStateMachine": state_machines.describe,
    "DescribeStateMachineForExecution": state_machines.describe_for_execution,
    "GetExecutionHistory": views.history,
    "ListExecutions": views.list_executions,
    "ListMapRuns": map_runs.list_all,
    "ListStateMachines": state_machines.list_all,
    "ListTagsForResource": state_machines.list_tags,
    "RedriveExecution": executions.redrive,
    "StartExecution": executions.start,
    "StopExecution": executions.stop,
    "TagResource": state_machines.tag,
    "UntagResource": state_machines.untag,
    "UpdateMapRun": map_runs.update,
    "UpdateStateMachine": state_machines.update,
}


def install() -> None:
    """Take over Step Functions' requests and its saved state."""
    stepfunctions.handle_request = handle_request
    stepfunctions.get_state = store.to_json
    stepfunctions.load_persisted_state = saved_state.restore
    lifecycle.observers.append(status_events.emit)


async def handle_request(
    method: str,  # noqa: ARG001 - MiniStack's signature
    path: str,  # noqa: ARG001
    headers: dict[str, str],
    body: bytes,
    query: dict[str, Any],  # noqa: ARG001
) -> Any:
    """Answer a call."""
    name = headers.get("x-amz-target", "").rsplit(".", 1)[-1]
    action = _ACTIONS.get(name)
    if action is None:
        message = f"The embedded AWS does not emulate Step Functions' {name}"
        return error_response_json("UnknownOperationException", message, 400)
    try:
        return json_response(action(json.loads(body or b"{}")))
    except ApiError as error:
        return error_response_json(error.code, error.message, 400)
    except json.JSONDecodeError:
        return error_response_json("SerializationException", "The request is not JSON", 400)
