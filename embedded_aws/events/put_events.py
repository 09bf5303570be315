"""PutEvents: an entry that is not an event fails by itself.

https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html, and recorded:
localstack, test_put_event_malformed_detail, test_put_events_without_source. MiniStack accepts any.
"""

from __future__ import annotations

import json
from typing import Any

from ministack.core.responses import json_response
from ministack.services import eventbridge

_put_events = eventbridge._put_events

Entry = dict[str, Any]


def install() -> None:
    """Check entries before they are put."""
    eventbridge._put_events = _checked


def _checked(request: dict[str, Any], allow_aws_source: bool = False) -> Any:  # noqa: FBT001, FBT002
    entries: list[Entry] = request.get("Entries", [])
    refusals = [_refusal(entry) for entry in entries]
    if not any(refusals):
        return _put_events(request, allow_aws_source)
    valid = [entry for entry, refused in zip(entries, refusals, strict=True) if not refused]
    status, _, body = _put_events({**request, "Entries": valid}, allow_aws_source)
    put = iter(json.loads(body)["Entries"])
    answered = [refused or next(put) for refused in refusals]
    failed = sum("ErrorCode" in each for each in answered)
    return json_response({"FailedEntryCount": failed, "Entries": answered}, status)


def _refusal(entry: Entry) -> dict[str, str] | None:
    for name in ("Source", "DetailType", "Detail"):
        if not entry.get(name):
            why = f"Parameter {name} is not valid. Reason: {name} is a required argument."
            return {"ErrorCode": "InvalidArgument", "ErrorMessage": why}
    try:
        is_object = isinstance(json.loads(entry["Detail"]), dict)
    except ValueError:
        is_object = False
    malformed = {"ErrorCode": "MalformedDetail", "ErrorMessage": "Detail is malformed."}
    return None if is_object else malformed
