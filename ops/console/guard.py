"""Access to the page: only for the person who has the address that `ingest console` printed.

Other users and programs of the machine can reach a port of 127.0.0.1, and so can scripts of any web
page that is open in a browser (DNS rebinding included). So every request needs the name that the
server has (Host), a cookie that only the printed address gives, and, where a browser says where a
request comes from (Origin, Sec-Fetch-Site), this page itself.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse

if TYPE_CHECKING:
    from starlette.responses import Response
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

PARAMETER: Final = "token"
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS: Final = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # Not `no-referrer`: with it a browser sends `Origin: null` with the forms of this page.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
_ENTER: Final = """\
<!doctype html><html lang="en"><meta charset="utf-8"><title>Batch Ingest</title>
<link rel="icon" href="/static/icon.svg">
<meta http-equiv="refresh" content="0; url=/"><p><a href="/">Go on to the page</a></p></html>"""
_REFUSED: Final = (
    "This page is for the person who started it: open the whole address that `ingest console` "
    "printed, with its token."
)


@dataclass(frozen=True)
class Secrets:
    """The random values of one run of the server.

    Attributes:
        token: Of the printed address.
    """

    port: int
    token: str = field(default_factory=lambda: secrets.token_urlsafe(24), repr=False)

    @property
    def address(self) -> str:
        """The address to open."""
        return f"http://127.0.0.1:{self.port}/?{PARAMETER}={self.token}"

    @property
    def cookie_name(self) -> str:
        """The name of the cookie, with the port: all ports of a host share cookies."""
        return f"ingest-console-{self.port}"

    @property
    def cookie(self) -> str:
        """The value of the cookie that opening the address sets."""
        return self._derived("cookie")

    @property
    def form(self) -> str:
        """The secret in every form of this page; a form of another site does not have it."""
        return self._derived("form")

    @property
    def hosts(self) -> tuple[str, ...]:
        """The values of `Host` that the page answers."""
        return f"127.0.0.1:{self.port}", f"localhost:{self.port}"

    def _derived(self, purpose: str) -> str:
        return hmac.new(self.token.encode(), purpose.encode(), hashlib.sha256).hexdigest()


class Guard:
    """Refuses requests without the secret, and sets the headers of every answer."""

    def __init__(self, app: ASGIApp, *, keys: Secrets) -> None:
        self._app = app
        self._keys = keys

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                added = [(name.lower().encode(), each.encode()) for name, each in HEADERS.items()]
                message["headers"] = [*message.get("headers", []), *added]
            await send(message)

        answer = self._refusal(Request(scope))
        await (answer or self._app)(scope, receive, send_guarded)

    def _refusal(self, request: Request) -> Response | None:
        keys = self._keys
        hosts = request.headers.getlist("host")
        if len(hosts) != 1 or hosts[0] not in keys.hosts:
            return PlainTextResponse("This server has another name.\n", 421)
        if not self._is_from_here(request, hosts[0]):
            return PlainTextResponse("Another page asked for this.\n", 403)
        given = request.query_params.get(PARAMETER, "")
        if given and request.method == "GET" and _same(given, keys.token):
            # Not a redirect: after a click on another site's link, a browser would follow one
            # without the cookie.
            entered = HTMLResponse(_ENTER)
            entered.set_cookie(keys.cookie_name, keys.cookie, httponly=True, samesite="strict")
            return entered
        if not _same(request.cookies.get(keys.cookie_name, ""), keys.cookie):
            return PlainTextResponse(f"{_REFUSED}\n", 403)
        return None

    def _is_from_here(self, request: Request, host: str) -> bool:
        origin = request.headers.get("origin")
        if origin is not None and origin != f"http://{host}":
            return False
        if request.method not in {"GET", "HEAD"} and origin is None:
            return False
        site = request.headers.get("sec-fetch-site", "none")
        is_followed_link = (
            request.headers.get("sec-fetch-mode") == "navigate" and request.method == "GET"
        )
        return site in {"none", "same-origin"} or is_followed_link


def _same(given: str, wanted: str) -> bool:
    return hmac.compare_digest(given.encode(), wanted.encode())
