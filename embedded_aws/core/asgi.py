"""HTTP as the server hands it on, and the embedded AWS's own APIs: JSON under /_embedded/."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

PREFIX = "/_embedded/"
Api = Callable[[str, Any], dict[str, Any]]
"""Answers a method and the JSON of a request; None is a request without a body."""


def with_api(app: App, name: str, api: Api) -> App:
    """An application with an API; what the API cannot read is answered with 400."""

    async def door(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] != f"{PREFIX}{name}":
            await app(scope, receive, send)
            return
        body = await read_body(receive)
        try:
            answer, status = api(scope["method"], json.loads(body) if body else None), 200
        except (AttributeError, LookupError, TypeError, ValueError) as error:
            answer, status = {"error": str(error)}, 400
        await answer_json(send, answer, status=status)

    return door


async def read_body(receive: Receive) -> bytes:
    """The whole body of a request."""
    pieces = []
    while True:
        message = await receive()
        pieces.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(pieces)


def replayed(body: bytes, receive: Receive) -> Receive:
    """A `receive` that gives a body that was read, and then what comes after it."""
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Message:
        return messages.pop() if messages else await receive()

    return replay


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
