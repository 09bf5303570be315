"""The context in which a request is authorized: its transport and its resource."""

from __future__ import annotations

import ipaddress
import json
from typing import Any

from ministack import app
from ministack.core import iam_actions

_pin_request_origin = app.pin_request_origin
_extract_resource_arn = iam_actions.extract_resource_arn


def install() -> None:
    """Treat requests from this machine as sent over TLS; name a request's Map Run."""
    app.pin_request_origin = _pin_origin
    iam_actions.extract_resource_arn = _resource_arn


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


def _map_run(body: Any) -> str | None:
    try:
        request = json.loads(body)
    except ValueError:
        return None
    arn = request.get("mapRunArn") if isinstance(request, dict) else None
    return arn if isinstance(arn, str) and arn else None
