"""The routes of the page."""

from __future__ import annotations

import hmac
import io
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs, quote

from botocore.exceptions import BotoCoreError, ClientError
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from ops.commands.transactions import write_csv
from ops.console.acts import perform, question
from ops.console.details import RejectsReader
from ops.console.guard import Guard
from ops.console.job_page import Asked, job_context
from ops.console.jobs_page import Shown, jobs_context
from ops.console.sources import Sources
from ops.console.tabs import tab_context
from ops.console.templating import STATIC, render
from ops.console.verdict import Act
from ops.errors import NothingFound, OpsError, Refused
from ops.model import runbook
from ops.model.transactions import read_transactions

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.requests import Request

    from ops.console.feeds import Feed
    from ops.console.guard import Secrets
    from ops.console.job_view import JobView
    from ops.model.deployment import Deployment


_PATIENCE_SECONDS: Final = 0.5
"""Wait for a reading; if it takes longer, as of many jobs, show the last one."""


def make_app(deployed: Deployment, *, keys: Secrets, acts: bool) -> Starlette:
    """The page of a deployment.

    Args:
        deployed: What is shown.
        keys: Who may see it.
        acts: Whether it may redrive, replay, tidy and resubmit.
    """
    page = Page(deployed, keys=keys, acts=acts)
    deployed.make_clients()
    return Starlette(
        routes=[
            Route("/", page.jobs),
            Route("/job/{job_id:path}", page.job),
            Route("/transactions/{job_id:path}.csv", page.transactions),
            Route("/explain/{name}", page.explain),
            *(
                Route(f"/{act}/{{job_id:path}}", answer, methods=[method])
                for act in (Act if acts else ())
                for method, answer in (("GET", page.ask), ("POST", page.act))
            ),
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

    def __init__(self, deployed: Deployment, *, keys: Secrets, acts: bool) -> None:
        """Make the page; see `make_app`."""
        self._deployed = deployed
        self._keys = keys
        self._rejects = RejectsReader(deployed)
        self._acts = acts
        self._sources = Sources(deployed)

    async def jobs(self, request: Request) -> Response:
        """The list of jobs."""
        reading = await self._sources.jobs.soon(_PATIENCE_SECONDS)
        if reading is None:
            return self._page("waiting.html", {}, feed="jobs")
        context = jobs_context(
            reading.value,
            Shown.of(request.query_params),
            deployed=self._deployed,
            now=datetime.now(UTC),
        )
        return self._page("jobs.html", context, feed="jobs", at=reading.at, trouble=reading.trouble)

    async def job(self, request: Request) -> Response:
        """A job."""
        job_id = request.path_params["job_id"]
        asked = Asked.of(job_id, request.query_params)
        reading = await self._sources.job(job_id).get()
        context = await run_in_threadpool(self._job_context, reading.value, asked)
        return self._page(
            "job.html", context, feed=f"job {job_id}", at=reading.at, trouble=reading.trouble
        )

    def _job_context(self, view: JobView, asked: Asked) -> dict[str, Any]:
        rejects = self._rejects.of(view)
        context = job_context(
            view, asked, deployed=self._deployed, rejects=rejects, now=datetime.now(UTC)
        )
        tab = tab_context(self._deployed, view, asked, rejects)
        return {**context, "tab": {**tab, "acts": self._acts}}

    async def transactions(self, request: Request) -> Response:
        """A job's transactions, for a spreadsheet."""
        job_id = request.path_params["job_id"]
        found = await run_in_threadpool(read_transactions, self._deployed, job_id)
        text = io.StringIO()
        write_csv(found, text)
        disposition = f"attachment; filename*=utf-8''{quote(job_id, safe='')}.csv"
        return Response(
            text.getvalue(), media_type="text/csv", headers={"Content-Disposition": disposition}
        )

    async def ask(self, request: Request) -> Response:
        """The question before something is done."""
        job_id, act = request.path_params["job_id"], _act(request)
        reading = await self._sources.job(job_id).read_again()
        asked = await run_in_threadpool(question, self._deployed, reading.value, act)
        context = {
            "question": asked,
            "job_id": job_id,
            "back": Asked(job_id).link(),
            "form": self._keys.form,
            "region": self._deployed.region,
        }
        return self._page("ask.html", context)

    async def act(self, request: Request) -> Response:
        """Do what was confirmed, and show the job again."""
        job_id, act = request.path_params["job_id"], _act(request)
        form = parse_qs((await request.body()).decode(errors="replace"))
        if not hmac.compare_digest("".join(form.get("form", ())), self._keys.form):
            raise Refused("The form is not one of this page. Nothing was done.")
        feed = self._sources.job(job_id)
        reading = await feed.read_again()
        await run_in_threadpool(
            perform,
            self._deployed,
            reading.value,
            act,
            subjects=form.get("subject", ()),
            option="option" in form,
        )
        await feed.read_again()
        return RedirectResponse(Asked(job_id).link(), status_code=303)

    async def explain(self, request: Request) -> Response:
        """The runbook's text about an alarm or an error."""
        name = request.path_params["name"]
        text = await run_in_threadpool(runbook.explain, name)
        return self._page("message.html", {"heading": name, "text": text})

    async def events(self, request: Request) -> Response:
        """Server-sent events: each reading, and whether anything differs from the one before."""
        feed: Feed[Any] = self._sources.feed(request.query_params.get("feed", ""))
        return StreamingResponse(_events(feed), media_type="text/event-stream")

    async def trouble(self, _: Request, error: Exception) -> Response:
        """A page that says what went wrong."""
        status = 502
        heading = "It could not be read"
        if isinstance(error, NothingFound | Refused):
            status = 404 if isinstance(error, NothingFound) else 409
            heading = "Not found" if status == 404 else "Not done"
        return self._page("message.html", {"heading": heading, "text": str(error)}, status=status)

    async def not_found(self, _: Request, __: Exception) -> Response:
        """The page for an unknown address."""
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


def _act(request: Request) -> Act:
    return Act(request.url.path.split("/")[1])


async def _events(feed: Feed[Any]) -> AsyncIterator[str]:
    shown: int | None = None
    with suppress(OpsError, ClientError, BotoCoreError):  # the page itself says what is wrong
        async for reading in feed.readings():
            if shown is not None and reading.number != shown:
                yield f"event: changed\ndata: {reading.number}\n\n"
            shown = reading.number
            yield f"event: read\ndata: {reading.number}\n\n"
