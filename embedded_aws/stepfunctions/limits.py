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

from embedded_aws.core.api import ApiError
from embedded_aws.stepfunctions.errors import DATA_LIMIT_EXCEEDED, StateError

PAYLOAD_BYTES = 256 * 1024
HISTORY_EVENTS = 25_000
HISTORY_FULL = "The execution reached the maximum number of history events (25000)."
_NAME_LENGTH = 80
_REFUSED_IN_NAMES = re.compile(
    r'[\s<>{}\[\]?*"#%\\^|~`$&,;:/\x00-\x1f\x7f-\x9f\ufffe\uffff\ud800-\udfff]|\U0010ffff'
)


def payload(data: Any, whose: str) -> str:
    """The JSON of a payload that crosses a state's boundary.

    Raises:
        StateError: States.DataLimitExceeded, when it has more than 256 KiB.
    """
    text = json.dumps(data, separators=(",", ":"), ensure_ascii=False)
    # A character has at most 4 bytes: only a long text has to be encoded to know its size.
    if len(text) * 4 > PAYLOAD_BYTES and len(text.encode()) > PAYLOAD_BYTES:
        raise StateError(
            DATA_LIMIT_EXCEEDED,
            f"{whose} with a size exceeding the maximum number of bytes service limit.",
        )
    return text


def check_name(name: str) -> None:
    """Refuse a name that an execution cannot have."""
    if not 1 <= len(name) <= _NAME_LENGTH:
        bound = "less than or equal to 80" if name else "greater than or equal to 1"
        raise _out_of_bounds(f"'{name}' at 'name'", f"length {bound}")
    if _REFUSED_IN_NAMES.search(name):
        raise ApiError("InvalidName", f"Invalid Name: '{name}'")


def check_input(text: str) -> None:
    """Refuse an input that no execution can have."""
    if len(text.encode()) > PAYLOAD_BYTES:
        raise _out_of_bounds("at 'input'", f"length less than or equal to {PAYLOAD_BYTES}")
    try:
        json.loads(text)
    except ValueError as error:
        message = f"Invalid State Machine Execution Input: '{error}'"
        raise ApiError("InvalidExecutionInput", message) from None


def page_size(request: dict[str, Any], default: int) -> int:
    """The maxResults of a request; 0 means the default.

    Raises:
        ApiError: it is over 1,000.
    """
    size = int(request.get("maxResults") or default)
    if size > 1000:
        raise _out_of_bounds(f"'{size}' at 'maxResults'", "value less than or equal to 1000")
    return size


def _out_of_bounds(which: str, bound: str) -> ApiError:
    message = f"Value {which} failed to satisfy constraint: Member must have {bound}"
    return ApiError("ValidationException", f"1 validation error detected: {message}")
