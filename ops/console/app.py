"""The routes of the page."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.responses import HTMLResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from functions.domain.plain_text import visible
from ops.commands.explain import of_alarm, of_error
from ops.console.guard import Guard
from ops.console.jobs_page import Shown, jobs_context
from ops.console.sources import Sources
from ops.console.templating import STATIC, render
from ops.errors import NothingFound, OpsError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.requests import Request

    from ops.console.feeds import Feed
    from ops.console.guard import Secrets
    from ops.model.deployment import Deployment


def make_app(deployed: Deployment, *, keys: Secrets, acts: bool) -> Starlette:
    """The page of a deployment.

    Args:
        deployed: What is shown.
        keys: Who may see it.
        acts: Whether it may redrive, replay, tidy and resubmit.
    """
    page = Page(deployed, acts=acts)
    return Starlette(
        routes=[
            Route("/", page.jobs),
            Route("/explain/{name}", page.explain),
            Route("/events", page.events),
            Mount("/static", StaticFiles(directory=STATIC)),
        ],
        middleware=[Middleware(Guard, keys=keys)],
        exception_handlers={
            OpsError: page.trouble,
            ClientError: page.trouble,
            BotoCoreError: page.trouble,
            404: page.not_found,
        },
    )


class Page:
    """Answers requests about one deployment."""

    def __init__(self, deployed: Deployment, *, acts: bool) -> None:
        """See `make_app`."""
        self._deployed = deployed
        self._acts = acts
        self._sources = Sources(deployed)

    async def jobs(self, request: Request) -> Response:
        """The list of jobs."""
        reading = await self._sources.jobs.get()
        context = jobs_context(
            reading.value,
            Shown.of(request.query_params),
            deployed=self._deployed,
            now=datetime.now(UTC),
        )
        return self._page("jobs.html", context, feed="jobs", at=reading.at, trouble=reading.trouble)

    async def explain(self, request: Request) -> Response:
        """What the runbook says about an alarm or an error."""
        name = request.path_params["name"]
        text = await run_in_threadpool(lambda: of_error(name) or of_alarm(name))
        if text is None:
            raise NothingFound(f"The runbook knows no error and no alarm {visible(name)}.")
        return self._page("message.html", {"heading": name, "text": text})

    async def events(self, request: Request) -> Response:
        """Server-sent events: each reading, and whether anything differs from the one before."""
        feed: Feed[Any] = self._sources.feed(request.query_params.get("feed", ""))
        return StreamingResponse(_events(feed), media_type="text/event-stream")

    async def trouble(self, _: Request, error: Exception) -> Response:
        """A sentence about what went wrong."""
        status = 404 if isinstance(error, NothingFound) else 502
        heading = "Not found" if status == 404 else "It could not be read"
        return self._page("message.html", {"heading": heading, "text": str(error)}, status=status)

    async def not_found(self, _: Request, __: Exception) -> Response:
        """No such page."""
        context = {"heading": "Not found", "text": "There is no such page."}
        return self._page("message.html", context, status=404)

    def _page(
        self,
        template: str,
        context: dict[str, Any],
        *,
        feed: str = "",
        at: datetime | None = None,
        trouble: str = "",
        status: int = 200,
    ) -> Response:
        common = {
            "acts": self._acts,
            "at": at or datetime.now(UTC),
            "feed": feed,
            "place": self._deployed.place,
            "stack": self._deployed.stack,
            "trouble": trouble,
        }
        return HTMLResponse(render(template, common | context), status_code=status)


async def _events(feed: Feed[Any]) -> AsyncIterator[str]:
    shown: int | None = None
    async for reading in feed.readings():
        if shown is not None and reading.number != shown:
            yield f"event: changed\ndata: {reading.number}\n\n"
        shown = reading.number
        yield f"event: read\ndata: {reading.number}\n\n"
