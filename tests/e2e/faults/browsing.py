"""The page of `ingest console`, served as the command serves it, and a browser that shows it."""

import asyncio
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from playwright.sync_api import Browser, Page, sync_playwright

from ops.console import serving
from ops.console.guard import Secrets
from ops.model.deployment import Deployment

CHROMIUM: Final = shutil.which("chromium") or shutil.which("chromium-browser")
_FLAGS: Final = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@contextmanager
def served(deployed: Deployment, *, acts: bool) -> Iterator[Secrets]:
    """The page of a deployment, until the block ends."""
    listening = serving.listen(None)
    keys = Secrets(listening.getsockname()[1])
    over = threading.Event()

    async def until_over() -> None:
        await asyncio.to_thread(over.wait)

    def serve() -> None:
        serving.run(deployed, listening, keys=keys, acts=acts, until=until_over)

    thread = threading.Thread(target=serve, name="console")
    thread.start()
    try:
        yield keys
    finally:
        over.set()
        thread.join()


@contextmanager
def browser() -> Iterator[Browser]:
    """The browser of the machine; none is ever downloaded."""
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=CHROMIUM, args=list(_FLAGS))
        try:
            yield found
        finally:
            found.close()


class Watched:
    """What a page did that it must not do."""

    def __init__(self, page: Page, *, home: str) -> None:
        self.errors: list[str] = []
        self.elsewhere: list[str] = []
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on(
            "console",
            lambda said: self.errors.append(said.text) if said.type == "error" else None,
        )
        page.on(
            "request",
            lambda asked: self.elsewhere.append(asked.url) if home not in asked.url else None,
        )
