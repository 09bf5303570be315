"""Requests to the embedded AWS's own API, signed by the owner."""

from __future__ import annotations

import json
import urllib.request
from typing import TYPE_CHECKING, Any

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

if TYPE_CHECKING:
    from local.endpoint import Endpoint


def ask(
    endpoint: Endpoint, what: str, method: str, value: dict[str, Any] | None = None
) -> dict[str, Any]:
    """Read or change `faults`, `decisions` or `bedrock`, as the account's root; the answer."""
    request = signed(
        endpoint,
        method,
        f"/_embedded/{what}",
        body=json.dumps(value).encode() if value is not None else b"",
    )
    with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310 - on loopback
        loaded: dict[str, Any] = json.loads(answer.read())
        return loaded


def signed(
    endpoint: Endpoint, method: str, path: str, *, body: bytes = b"", service: str = "embedded"
) -> urllib.request.Request:
    """A request signed with an endpoint's credentials."""
    request = AWSRequest(method, f"{endpoint.url}{path}", data=body)
    credentials = Credentials(
        endpoint.access_key_id, endpoint.secret_access_key, endpoint.session_token
    )
    SigV4Auth(credentials, service, endpoint.region).add_auth(request)
    return urllib.request.Request(  # noqa: S310 - on loopback
        f"{endpoint.url}{path}", data=body or None, headers=dict(request.headers), method=method
    )
