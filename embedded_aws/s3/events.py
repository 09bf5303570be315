"""Completes the events that S3 sends to EventBridge.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html: `version-id` is that of an
object in a bucket with versions; the time has whole seconds; the event's version is 1.2.
"""

from __future__ import annotations

import contextvars
import functools
import json
from typing import Any

from ministack.services import eventbridge, s3

_fire_event = s3._fire_s3_event
_dispatch_event = eventbridge._dispatch_event

_version_of_event: contextvars.ContextVar[str | None] = contextvars.ContextVar(
    "version_of_event", default=None
)


def install() -> None:
    """Complete events between S3 and EventBridge."""
    s3._fire_s3_event = _fire
    eventbridge._dispatch_event = _dispatch


@functools.wraps(_fire_event)
def _fire(*args: Any, version_id: str | None = None, **kwargs: Any) -> None:
    token = _version_of_event.set(version_id)
    try:
        _fire_event(*args, version_id=version_id, **kwargs)
    finally:
        _version_of_event.reset(token)


def _dispatch(event: dict[str, Any], view: Any = None) -> None:
    """Complete an event of S3, then dispatch it."""
    if event["Source"] == "aws.s3":
        detail = {**json.loads(event["Detail"]), "event-version": "1.2"}
        if event["DetailType"] == "Object Deleted":
            # A deleted object has neither size nor ETag (recorded by localstack).
            detail["object"] = {
                name: value
                for name, value in detail["object"].items()
                if name not in ("size", "etag")
            }
        if version := _version_of_event.get():
            detail["object"]["version-id"] = version
        # 2026-11-23T19:59:31.123Z -> 2026-11-23T19:59:31Z
        time = f"{event['Time'][:19]}Z"
        event, view = {**event, "Detail": json.dumps(detail), "Time": time}, None
    _dispatch_event(event, view)
