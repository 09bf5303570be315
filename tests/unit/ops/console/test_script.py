"""The script of the page in a real browser, with pages of the least that it needs."""

from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, Route, expect

from ops.console.templating import STATIC
from tests.e2e.faults import browsing

pytestmark = pytest.mark.skipif(
    browsing.CHROMIUM is None,
    reason="the console's script was left out: there is no Chromium (apt-get install chromium)",
)
PAGE = """<!doctype html><title>Job</title><body><script src="/static/console.js"></script>
<main id="main"><h1>{shown}</h1><svg class="strip">
<a data-soft href="/job/a?range=1"><rect width="50" height="50"/></a>
<a data-soft href="/job/a?range=2"><rect x="60" width="50" height="50"/></a></svg></main>
<button id="theme"></button><p id="live"></p><p id="say"></p><dialog id="ask"></dialog>"""


def _answer(route: Route) -> None:
    asked = urlsplit(route.request.url)
    if asked.path.startswith("/static/"):
        route.fulfill(path=STATIC / asked.path.rpartition("/")[2])
    else:
        shown = f"{asked.path}?{asked.query}"
        route.fulfill(content_type="text/html", body=PAGE.format(shown=shown))


def test_a_click_or_an_arrow_key_on_a_tile_shows_its_range() -> None:
    with browsing.browser() as browser:
        page: Page = browser.new_page()
        page.set_default_timeout(120_000)
        page.route("**/*", _answer)
        page.goto("http://127.0.0.1/job/a?tab=claims")
        heading = page.locator("h1")
        page.locator(".strip a").first.click()
        expect(heading).to_have_text("/job/a?range=1", timeout=120_000)
        page.keyboard.press("ArrowRight")
        expect(heading).to_have_text("/job/a?range=2", timeout=120_000)
