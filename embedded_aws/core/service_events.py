"""Events that services send to the default bus."""

from __future__ import annotations

import json
import logging
from typing import Any

from ministack.services import eventbridge

_logger = logging.getLogger("events")


def send(source: str, kind: str, detail: dict[str, Any], resource: str) -> None:
    """Send an event about a resource. Best effort, as on AWS: what it is about goes on."""
    event = {
        "Source": source,
        "DetailType": kind,
        "Detail": json.dumps(detail),
        "Resources": [resource],
    }
    try:
        eventbridge._put_events({"Entries": [event]}, allow_aws_source=True)
    except Exception:
        _logger.exception("no event %s for %s", kind, resource)
