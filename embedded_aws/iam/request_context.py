"""The context in which a request is authorized: its transport and its resource."""

from __future__ import annotations

import ipaddress
import json
from typing import Any

from ministack import app
from ministack.core import iam_actions

_pin_request_origin = app.pin_request_origin
_extract_resource_arn = iam_actions.extract_resource_arn
_request_tag_context = iam_actions.request_tag_context


def install() -> None:
    """Treat requests from this machine as sent over TLS; name a request's Map Run."""
    app.pin_request_origin = _pin_origin
    iam_actions.extract_resource_arn = _resource_arn
    iam_actions.request_tag_context = _service_context


def _pin_origin(source_ip: str, secure_transport: bool) -> None:  # noqa: FBT001 - MiniStack's
    """Treat the loopback interface as TLS: its traffic cannot be read by others.

    Buckets that enforce TLS deny everything else (aws:SecureTransport), and the embedded AWS
    speaks plain HTTP.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
    """
    _pin_request_origin(source_ip, secure_transport or ipaddress.ip_address(source_ip).is_loopback)


def _resource_arn(service: str, method: str, path: str, headers: Any, body: Any, *rest: Any) -> Any:
    """The resource of a request, for the policies of its caller.

    AWS (Service Authorization Reference, "AWS Step Functions"): what is done to a Map Run is
    allowed on the Map Run. MiniStack gives such a request no resource.
    """
    if service == "states" and (map_run := _map_run(body)) is not None:
        return map_run
    return _extract_resource_arn(service, method, path, headers, body, *rest)


def _service_context(service: str, action: str, body: Any, *rest: Any) -> dict[str, Any]:
    """The condition keys of a request; MiniStack leaves out those of PutEvents.

    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-conditions.html
    """
    context: dict[str, Any] = dict(_request_tag_context(service, action, body, *rest))
    if action == "events:PutEvents":
        entries = _as_object(body).get("Entries", [])
        # All entries of this system's requests have one source; others are never let through.
        context["events:source"] = ", ".join({str(each.get("Source")) for each in entries})
    return context


def _map_run(body: Any) -> str | None:
    arn = _as_object(body).get("mapRunArn")
    return arn if isinstance(arn, str) and arn else None


def _as_object(body: Any) -> dict[str, Any]:
    try:
        request = json.loads(body)
    except ValueError:
        return {}
    return request if isinstance(request, dict) else {}
