"""RedriveExecution.

AWS (Step Functions guide, "redrive-executions"; API reference, RedriveExecution): an eligible
execution continues at the state that was entered and not exited, with the definition, the role and
the input it was started with; retries and the machine's time limit start anew. A call repeated
with a client token of the last ten successful ones, within 15 minutes, answers as the first did.

MiniStack has no RedriveExecution.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

from ministack.core.responses import error_response_json, json_response
from ministack.services import stepfunctions as sfn

from embedded_aws.stepfunctions import starting
from embedded_aws.stepfunctions.engine import executions, records
from embedded_aws.stepfunctions.engine.eligibility import NOT_REDRIVABLE, REDRIVABLE, redrive_status

if TYPE_CHECKING:
    from embedded_aws.stepfunctions.engine.history import Execution

_TOKENS = 10
_TOKEN_SECONDS = 15 * 60
_LOCK = threading.Lock()


def redrive_execution(request: dict[str, Any]) -> Any:
    """Answer RedriveExecution."""
    arn = request["executionArn"]
    execution = sfn._executions.get(arn)
    if execution is None:
        message = f"Execution Does Not Exist: '{arn}'"
        return error_response_json("ExecutionDoesNotExist", message, 400)
    with _LOCK:
        known = _earlier_date(execution, request.get("clientToken"))
        if known is not None:
            return json_response({"redriveDate": known})
        refusal = _refusal(execution)
        if refusal is not None:
            return error_response_json("ExecutionNotRedrivable", refusal, 400)
        records.reopen(execution)
        _remember(execution, request.get("clientToken"))
    executions.announce(execution)
    starting.launch(execution)
    return json_response({"redriveDate": execution["redriveDate"]})


def _refusal(execution: Execution) -> str | None:
    status, reason = redrive_status(execution)
    if status == REDRIVABLE:
        return None
    if status == NOT_REDRIVABLE:
        return reason
    return "A child workflow execution of a Map Run is redriven by redriving its parent"


def _earlier_date(execution: Execution, token: str | None) -> str | None:
    for each in execution.get("redriveTokens", ()):
        if each["token"] == token and time.time() - each["used"] < _TOKEN_SECONDS:
            return str(each["redriveDate"])
    return None


def _remember(execution: Execution, token: str | None) -> None:
    if token is None:
        return
    used = {"token": token, "used": time.time(), "redriveDate": execution["redriveDate"]}
    execution["redriveTokens"] = [*execution.get("redriveTokens", ()), used][-_TOKENS:]
