"""Errors in the place of an answer, in any shape."""

import re
from typing import Any, Final

from functions.domain.receipts.excerpt import json_head
from functions.domain.receipts.forms import output_of

_CODES: Final = ("errorcode", "code", "statuscode", "status", "errortype", "type", "name")
_MESSAGES: Final = (
    "errormessage",
    "message",
    "msg",
    "title",
    "errordescription",
    "description",
    "detail",
    "details",
    "reason",
    "cause",
)
"""Names in small letters, without underscores: `Code`, `error_code` and `__type` are found too."""
_NESTED: Final = ("error", "errors", "innererror")
_MAX_NESTING: Final = 4
_STATUS_CODE: Final = re.compile("[0-9]{3}")
"""Of HTTP: https://www.rfc-editor.org/rfc/rfc9110.html#name-status-codes."""


def error_of(record: dict[str, Any]) -> list[str] | None:
    """Code and message of a record that is an error; None if it is not."""
    if "error" in record and _is_error(error := record["error"]):
        return details_of(error)
    response = record.get("response")
    if isinstance(response, dict) and record.get("modelOutput") is None:
        status = response.get("status_code")
        if _is_no_success(status):
            return [f"status_code {status}", *details_of(response.get("body"))]
    return None


def error_inside(record: dict[str, Any]) -> list[str] | None:
    """The same for an error in the place of an answer, of a record in no known form."""
    output = output_of(record)
    if not isinstance(output, dict):
        return None
    if _is_error(error := output.get("error")):
        return details_of(error)
    return details_of(output) if output.get("type") == "error" else None


def details_of(error: Any, *, depth: int = 0) -> list[str]:
    """Code and message of an error of any shape."""
    if error is None or error == {}:
        return []
    if isinstance(error, str):
        return [error]
    if isinstance(error, list) and error and depth < _MAX_NESTING:
        found = [details_of(each, depth=depth + 1) for each in error[:_MAX_NESTING]]
        return [detail for details in found for detail in details] or [json_head(error)]
    if not isinstance(error, dict) or depth == _MAX_NESTING:
        return [json_head(error)]
    named = {name.replace("_", "").lower(): value for name, value in error.items()}
    shown = [_shown(named[name]) for name in (*_CODES, *_MESSAGES) if _says_something(named, name)]
    for name in _NESTED:
        if _is_error(named.get(name)):
            shown += details_of(named[name], depth=depth + 1)
    return shown or [json_head(error)]


def _says_something(named: dict[str, Any], name: str) -> bool:
    return _is_error(named.get(name)) and not (name == "type" and named[name] == "error")


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else json_head(value)


def _is_error(value: Any) -> bool:
    """Null, false, an empty text and an empty object mean no error; 0 is an error."""
    return value is not None and value is not False and value not in ("", {})


def _is_no_success(status: Any) -> bool:
    """Whether it is a status code outside 200 to 299; a string of three digits is one, too."""
    if isinstance(status, str) and _STATUS_CODE.fullmatch(status):
        status = int(status)
    is_number = isinstance(status, int | float) and not isinstance(status, bool)
    return is_number and not 200 <= status < 300
