"""The rules over HTTP, at /_embedded/bedrock: GET lists them, POST adds one, DELETE removes all.

DELETE with `{"jobName": PATTERN}` removes the rules of that pattern.
"""

from __future__ import annotations

import json
from typing import Any

from embedded_aws.bedrock.rules import Rule, rules
from embedded_aws.core.asgi import Receive, Scope, Send, answer_json, read_body

PATH = "/_embedded/bedrock"


def around(app: Any) -> Any:
    """The HTTP application with the rules."""

    async def api(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] != PATH:
            await app(scope, receive, send)
            return
        if scope["method"] == "POST":
            try:
                rules.add(Rule.from_json(json.loads(await read_body(receive))))
            except (ValueError, TypeError, AttributeError) as error:
                await answer_json(send, {"error": str(error)}, status=400)
                return
        elif scope["method"] == "DELETE":
            body = await read_body(receive)
            rules.remove(json.loads(body)["jobName"] if body else None)
        await answer_json(send, {"rules": [rule.as_json() for rule in rules.all()]})

    return api
