"""What the embedded AWS answers itself, beside the APIs of AWS."""

from __future__ import annotations

import json
import urllib.request
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from local.endpoint import Endpoint


def ask(
    endpoint: Endpoint, what: str, method: str, value: dict[str, Any] | None = None
) -> dict[str, Any]:
    """Its answer about `faults` or `decisions`."""
    request = urllib.request.Request(  # noqa: S310 - on loopback
        f"{endpoint.url}/_embedded/{what}",
        method=method,
        data=json.dumps(value).encode() if value is not None else None,
    )
    with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
        loaded: dict[str, Any] = json.loads(answer.read())
        return loaded
