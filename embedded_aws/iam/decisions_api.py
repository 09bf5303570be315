"""The record of decisions over HTTP, at /_embedded/decisions.

GET shows it, POST `{"case": NAME}` begins a case, DELETE forgets everything except the case's name.
"""

from __future__ import annotations

import json
from typing import Any

from embedded_aws.core.asgi import Receive, Scope, Send, answer_json, read_body
from embedded_aws.iam.decisions import record

PATH = "/_embedded/decisions"


def around(app: Any) -> Any:
    """The HTTP application with the record."""

    async def door(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] != PATH:
            await app(scope, receive, send)
            return
        if scope["method"] == "POST":
            record.begin(str(json.loads(await read_body(receive))["case"]))
        elif scope["method"] == "DELETE":
            record.clear()
        await answer_json(send, record.as_json())

    return door
