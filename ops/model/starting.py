"""What starts an execution by hand: its name, and the event that S3 would have sent."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from functions.domain.timestamps import timestamp

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

_UNSAFE = re.compile(r"[^A-Za-z0-9_-]")
_MAX_NAMED = 36
"""Characters of a job's id in the name of an execution, which has at most 80."""


def execution_name(kind: str, job_id: str, unique: str) -> str:
    """The name of an execution that is started by a command of this kind."""
    return f"{kind}-{_UNSAFE.sub('-', job_id)[:_MAX_NAMED]}-{unique}"


def object_created(
    described: Mapping[str, Any], *, bucket: str, event_id: str, source: str, created: datetime
) -> dict[str, Any]:
    """S3's event for an object that is described as in such an event."""
    return {
        "version": "0",
        "id": event_id,
        "detail-type": "Object Created",
        "source": source,
        "time": timestamp(created),
        "detail": {"version": "0", "bucket": {"name": bucket}, "object": dict(described)},
    }
