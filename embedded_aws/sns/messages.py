"""The latest messages of all topics, for a person who has subscribed nothing.

They are in memory only: a stop forgets them. `/_embedded/messages` shows them.
"""

from __future__ import annotations

import itertools
from collections import deque
from typing import Any, Final

from ministack.services import sns

from embedded_aws.core import clock

_KEPT: Final = 1_000

_fanout = sns._fanout
_numbers = itertools.count(1)
_messages: deque[dict[str, Any]] = deque(maxlen=_KEPT)


def install() -> None:
    """Keep each message as it is published."""
    sns._fanout = _keep


def _keep(
    topic: str, message_id: str, message: str, subject: str, *others: Any, **more: Any
) -> None:
    _messages.append(
        {
            "number": next(_numbers),
            "at": clock.now(),
            "topic": topic,
            "subject": subject or "",
            "text": message,
        }
    )
    _fanout(topic, message_id, message, subject, *others, **more)


def api(method: str, value: Any) -> dict[str, Any]:  # noqa: ARG001 - read only
    """The messages over HTTP."""
    return {"messages": list(_messages)}
