"""The quotas that a workflow meets.

AWS (Step Functions guide, "service-quotas", "bp-history-limit", "concepts-error-handling"; API
reference, StartExecution): a state's or task's input or output is at most 256 KiB as UTF-8 JSON,
else States.DataLimitExceeded; an execution's history holds 25,000 events, and the 25,000th is the
one that ends it; execution names have up to 80 characters, none of them white space, brackets,
wildcards or special characters.
"""

from __future__ import annotations

import json
import re
from typing import Any

from ministack.core.responses import error_response_json

from embedded_aws.stepfunctions.engine.state_errors import DATA_LIMIT_EXCEEDED, StateError

TOUCHES: tuple[str, ...] = ("ministack.core.responses:error_response_json",)

PAYLOAD_BYTES = 256 * 1024
HISTORY_EVENTS = 25_000
HISTORY_FULL = "The execution reached the maximum number of history events (25000)."
_NAME_LENGTH = 80
_NAME_TAKEN_OUT = re.compile(
    r'[\s<>{}\[\]?*"#%\\^|~`$&,;:/\x00-\x1f\x7f-\x9f\ufffe\uffff\ud800-\udfff]|\U0010ffff'
)


def payload(data: Any, whose: str) -> str:
    """The JSON of a payload that crosses a state's boundary.

    Raises:
        StateError: States.DataLimitExceeded, when it has more than 256 KiB.
    """
    text = json.dumps(data, separators=(",", ":"), ensure_ascii=False)
    # A character has at most 4 bytes: most payloads need no second look.
    if len(text) * 4 > PAYLOAD_BYTES and len(text.encode()) > PAYLOAD_BYTES:
        raise StateError(
            DATA_LIMIT_EXCEEDED,
            f"{whose} with a size exceeding the maximum number of bytes service limit.",
        )
    return text


def refuse_name(name: str) -> Any:
    """AWS's answer to a name that an execution cannot have; None when it can."""
    if not 1 <= len(name) <= _NAME_LENGTH:
        bound = "less than or equal to 80" if name else "greater than or equal to 1"
        return error_response_json(
            "ValidationException",
            f"1 validation error detected: Value '{name}' at 'name' failed to satisfy "
            f"constraint: Member must have length {bound}",
            400,
        )
    if _NAME_TAKEN_OUT.search(name):
        return error_response_json("InvalidName", f"Invalid Name: '{name}'", 400)
    return None


def refuse_input(text: str) -> Any:
    """AWS's answer to an input that no execution can have; None when it can."""
    if len(text.encode()) > PAYLOAD_BYTES:
        return error_response_json(
            "ValidationException",
            "1 validation error detected: Value at 'input' failed to satisfy constraint: "
            f"Member must have length less than or equal to {PAYLOAD_BYTES}",
            400,
        )
    try:
        json.loads(text)
    except ValueError as error:
        return error_response_json(
            "InvalidExecutionInput", f"Invalid State Machine Execution Input: '{error}'", 400
        )
    return None
