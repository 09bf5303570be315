"""The Step Functions API: what is emulated is answered, all else refused by name.

AWS (API reference, "CommonErrors"): an action that does not exist is UnknownOperationException.
MiniStack answers more actions than the project's extensions know (versions, aliases, activities,
task tokens, Express executions, TestState); their executions would not behave as this page of the
documentation says, so they are refused.
"""

from __future__ import annotations

import json
from typing import Any

from ministack.core.responses import error_response_json
from ministack.services import stepfunctions as sfn

from embedded_aws.stepfunctions import redrive

TOUCHES: tuple[str, ...] = (
    "ministack.services.stepfunctions:_finalize_response",
    "ministack.services.stepfunctions:handle_request",
)

_ANSWERED = frozenset(
    {
        "CreateStateMachine",
        "DeleteStateMachine",
        "DescribeExecution",
        "DescribeMapRun",
        "DescribeStateMachine",
        "DescribeStateMachineForExecution",
        "GetExecutionHistory",
        "ListExecutions",
        "ListMapRuns",
        "ListStateMachines",
        "ListTagsForResource",
        "StartExecution",
        "StopExecution",
        "TagResource",
        "UntagResource",
        "UpdateMapRun",
        "UpdateStateMachine",
    }
)

_handle_request = sfn.handle_request


def install() -> None:
    """Stand before MiniStack's handler."""
    sfn.handle_request = handle_request


async def handle_request(
    method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, Any]
) -> Any:
    """Answer a call of the Step Functions API."""
    action = headers.get("x-amz-target", "").rsplit(".", 1)[-1]
    if action == "RedriveExecution":
        return sfn._finalize_response(redrive.redrive_execution(json.loads(body)))
    if action not in _ANSWERED:
        message = f"The embedded AWS does not emulate Step Functions' {action}"
        return error_response_json("UnknownOperationException", message, 400)
    return await _handle_request(method, path, headers, body, query)
