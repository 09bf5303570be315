"""Who may see the page, request by request."""

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from ops.console.guard import HEADERS, Guard, Secrets

KEYS = Secrets(4711)
HERE = "http://127.0.0.1:4711"


async def _shown(_: object) -> PlainTextResponse:
    return PlainTextResponse("jobs")


def _client(*, entered: bool, host: str = HERE) -> TestClient:
    app = Starlette(
        routes=[Route("/", _shown, methods=["GET", "POST"])],
        middleware=[Middleware(Guard, keys=KEYS)],
    )
    cookies = {KEYS.cookie_name: KEYS.cookie} if entered else {}
    return TestClient(app, base_url=host, cookies=cookies)


def test_the_printed_address_opens_the_page_for_this_browser() -> None:
    client = _client(entered=False)
    assert client.get("/").status_code == 403
    entered = client.get(KEYS.address)
    assert "url=/" in entered.text
    said = entered.headers["set-cookie"]
    assert "HttpOnly" in said
    assert "SameSite=strict" in said
    assert KEYS.token not in said
    assert client.get("/").text == "jobs"


@pytest.mark.parametrize(
    "token",
    ["", "x", KEYS.token[:-1], KEYS.cookie, KEYS.form, "é"],
    ids=["empty", "short", "cut", "the-cookie", "of-a-form", "not-ascii"],
)
def test_another_token_opens_nothing(token: str) -> None:
    refused = _client(entered=False).get("/", params={"token": token})
    assert refused.status_code == 403
    assert "set-cookie" not in refused.headers


@pytest.mark.parametrize(
    "cookie",
    ["", "x", KEYS.token, KEYS.form, KEYS.cookie + "0"],
    ids=["empty", "short", "the-token", "of-a-form", "longer"],
)
def test_another_cookie_opens_nothing(cookie: str) -> None:
    client = _client(entered=False)
    client.cookies.set(KEYS.cookie_name, cookie)
    assert client.get("/").status_code == 403


def test_a_cookie_of_another_port_opens_nothing() -> None:
    client = _client(entered=False)
    client.cookies.set(Secrets(4712).cookie_name, KEYS.cookie)
    assert client.get("/").status_code == 403


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:4711", "127.0.0.1", "127.0.0.1:80", "0.0.0.0:4711", ""]
)
def test_a_name_that_was_bound_to_this_address_opens_nothing(host: str) -> None:
    refused = _client(entered=True).get("/", headers={"Host": host})
    assert refused.status_code == 421


def test_localhost_is_this_machine_too() -> None:
    assert _client(entered=True, host="http://localhost:4711").get("/").text == "jobs"


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:4712"},
        {"Origin": "https://127.0.0.1:4711"},
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"},
        {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "cors"},
    ],
)
def test_another_page_cannot_ask(headers: dict[str, str]) -> None:
    assert _client(entered=True).get("/", headers=headers).status_code == 403


def test_a_link_on_another_page_can_be_followed() -> None:
    headers = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
    assert _client(entered=True).get("/", headers=headers).text == "jobs"


def test_a_form_of_another_page_cannot_be_sent() -> None:
    client = _client(entered=True)
    assert client.post("/").status_code == 403  # no Origin: no browser's form
    navigation = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Origin": HERE}
    assert client.post("/", headers=navigation).status_code == 403
    assert client.post("/", headers={"Origin": HERE}).text == "jobs"


@pytest.mark.parametrize("entered", [True, False])
def test_every_answer_has_the_policy(entered: bool) -> None:
    answer = _client(entered=entered).get("/")
    for name, value in HEADERS.items():
        assert answer.headers[name] == value
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


def test_secrets_are_not_in_what_is_logged() -> None:
    assert KEYS.token not in repr(KEYS)
    assert len({KEYS.token, KEYS.cookie, KEYS.form, Secrets(4711).token}) == 4
