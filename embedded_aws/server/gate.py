"""The gate in front of everything: only the owner of the data folder gets in.

Other users of the machine reach 127.0.0.1 too, and so does every web page in a browser: it can send
requests without a preflight, and by a name of its own that resolves to 127.0.0.1. So a request is
refused

* unless its Host is this server's own address;
* if it comes from a page of another origin (Origin, Sec-Fetch-Site);
* unless it is signed by a secret: the data folder's, or one that the embedded AWS gave out for a
  user, a role or a function;
* if it is for MiniStack's own paths, which reset and configure it; and for `/_embedded/` unless
  the root signed it.

https://fetch.spec.whatwg.org/#simple-header, https://www.w3.org/TR/fetch-metadata/
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from embedded_aws.core.asgi import PREFIX, App, Scope, answer, answer_json, read_body, replayed
from embedded_aws.iam.signatures import ROOT_KEY, SignedRequest

if TYPE_CHECKING:
    from collections.abc import Mapping

_NAMES = ("127.0.0.1", "localhost")
# A custom resource's function answers there; the address has a random part, as on AWS.
_CUSTOM_RESOURCE = re.compile(r"/_ministack/cfn-response/[0-9a-f-]{36}")


@dataclass
class Gate:
    """The gate of an application that is served at these hosts."""

    app: App
    hosts: frozenset[str]
    authorize: bool
    """Whether signatures are verified."""
    _entered: int = 0

    @classmethod
    def around(cls, app: App, *, port: int, authorize: bool = True) -> Gate:
        """The gate in front of an application that is served on a port."""
        return cls(app, frozenset(f"{name}:{port}" for name in _NAMES), authorize)

    def entered(self) -> int:
        """How many requests got in; they may have changed something."""
        return self._entered

    async def enter(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer a request, or refuse it."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return
        request = _request(scope)
        signs = self.authorize and not _is_custom_resource(scope)
        why = self._foreign(request.headers) or _closed(scope)
        if signs:
            why = why or request.unsigned() or _only_for_root(scope, request)
        if why is not None:
            await answer_json(send, {"__type": "AccessDeniedException", "message": why}, status=403)
            return
        body = b""
        if signs and request.needs_body:
            body = await read_body(receive)
            receive = replayed(body, receive)
        refusal = request.refusal(body) if signs else None
        if refusal is not None:
            await answer(send, *refusal)
            return
        self._entered += 1
        try:
            await self.app(scope, receive, send)
        finally:
            self._entered += 1

    def _foreign(self, headers: Mapping[str, str]) -> str | None:
        if headers.get("host") not in self.hosts:
            return "The Host header does not name the embedded AWS."
        origin = headers.get("origin")
        if origin is not None and origin.removeprefix("http://") not in self.hosts:
            return "A page of another origin sent this request."
        if headers.get("sec-fetch-site", "none") not in ("none", "same-origin"):
            return "A page of another origin sent this request."
        return None


def _closed(scope: Scope) -> str | None:
    path = scope["path"]  # decoded, as MiniStack compares it
    if path.startswith("/_") and not path.startswith(PREFIX) and not _is_custom_resource(scope):
        return "This path is closed."
    return None


def _is_custom_resource(scope: Scope) -> bool:
    return scope["method"] == "PUT" and bool(_CUSTOM_RESOURCE.fullmatch(scope["path"]))


def _only_for_root(scope: Scope, request: SignedRequest) -> str | None:
    if scope["path"].startswith(PREFIX) and request.access_key != ROOT_KEY:
        return "Only the root of the account may use this path."
    return None


def _request(scope: Scope) -> SignedRequest:
    headers: dict[str, str] = {}
    for raw_name, raw_value in scope["headers"]:
        name, value = raw_name.decode("latin-1").lower(), _text(raw_value)
        headers[name] = f"{headers[name]},{value}" if name in headers else value
    raw_path = (scope.get("raw_path") or scope["path"].encode()).decode("latin-1")
    query = parse_qs(scope["query_string"].decode("utf-8", "replace"), keep_blank_values=True)
    return SignedRequest(scope["method"], raw_path.partition("?")[0], query, headers)


def _text(value: bytes) -> str:
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.decode("latin-1")
