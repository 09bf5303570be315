"""Helpers for the HTTP API of the embedded AWS itself: JSON under /_embedded/."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


async def read_body(receive: Receive) -> bytes:
    """The whole body of a request."""
    pieces = []
    while True:
        message = await receive()
        pieces.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(pieces)


async def answer_json(send: Send, value: Any, *, status: int = 200) -> None:
    """Answer a request with JSON."""
    await answer(send, status, {"content-type": "application/json"}, json.dumps(value).encode())


async def answer(send: Send, status: int, headers: Mapping[str, str], body: bytes) -> None:
    """Answer a request."""
    fields = {**headers, "content-length": str(len(body))}
    raw = [(name.lower().encode("latin-1"), value.encode("latin-1"))
           for name, value in fields.items()]  # fmt: skip
    await send({"type": "http.response.start", "status": status, "headers": raw})
    await send({"type": "http.response.body", "body": body})
