"""The page of `ingest console` in a real browser: `python -m bench.console`.

Time to the first paint of the list, without jobs and with 10,000, and what one reading costs.
"""

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from bench.report import Figure, table, write_json
from functions.domain.attribute_values import to_item
from functions.domain.timestamps import timestamp
from local import deploy, server, synthesis
from ops.console.overview import OverviewReader
from ops.model import deployment
from ops.model.deployment import Deployment
from tests.e2e.faults import browsing

JOBS: Final = 10_000
OPENED: Final = 7
"""Times that the page is opened; the median counts, and the first is shown too."""
_PAINTED: Final = """() => new Promise(seen => {
  new PerformanceObserver(
    list => seen(list.getEntriesByName('first-contentful-paint')[0].startTime)
  ).observe({type: 'paint', buffered: true})
})"""
_BATCH: Final = 25


def main() -> None:
    """Measure, print, write `build/bench-console.json`."""
    if browsing.CHROMIUM is None:
        print("Without the console: there is no Chromium.")
        return
    with tempfile.TemporaryDirectory() as folder, _deployed(Path(folder)) as deployed:
        figures = [*_measured(deployed, "no job")]
        _write_jobs(deployed)
        figures += _measured(deployed, f"{JOBS:,} jobs")
    print(table(figures))
    write_json(figures, server.PROJECT / "build" / "bench-console.json")


def _measured(deployed: Deployment, what: str) -> Iterator[Figure]:
    reader, began = OverviewReader(deployed), time.perf_counter()
    reader.read()
    yield Figure(f"one reading, {what}", "s", [time.perf_counter() - began], {})
    cold, *warm = _paints(deployed)
    yield Figure(f"first paint of a cold page, {what}", "s", [cold], {})
    yield Figure(f"first paint, {what}", "s", warm, {})


def _paints(deployed: Deployment) -> list[float]:
    """Seconds from the request to the first paint, each time the page is opened."""
    with browsing.served(deployed, acts=False) as keys, browsing.browser() as browser:
        context = browser.new_context()
        context.add_cookies(
            [{"name": keys.cookie_name, "value": keys.cookie, "domain": "127.0.0.1", "path": "/"}]
        )
        page = context.new_page()
        found = []
        for _ in range(OPENED):
            page.goto(f"http://127.0.0.1:{keys.port}/")
            found.append(float(page.evaluate(_PAINTED)) / 1000)
            page.goto("about:blank")
        return found


@contextmanager
def _deployed(folder: Path) -> Iterator[Deployment]:
    running = server.start(folder).server
    try:
        deploy.deploy(synthesis.synthesize(server.PROJECT), endpoint=running.endpoint)
        yield deployment.on_embedded(running)
    finally:
        server.stop(folder)


def _write_jobs(deployed: Deployment) -> None:
    """Jobs of a year: nearly all are settled, a few failed, a few run."""
    table = deployed.outputs["BatchJobsTableName"]
    now = datetime.now(UTC)
    for first in range(0, JOBS, _BATCH):
        puts: list[Any] = [
            {"PutRequest": {"Item": to_item(_record(number, now))}}
            for number in range(first, first + _BATCH)
        ]
        deployed.dynamodb.batch_write_item(RequestItems={table: puts})


def _record(number: int, now: datetime) -> dict[str, object]:
    status = {0: "FAILED", 1: "INGESTING"}.get(number % 500, "COMPLETED")
    at = timestamp(now - timedelta(minutes=50 * number))
    return {
        "intentId": f"intent-{number}",
        "submitTime": at,
        "jobId": f"job{number:06d}",
        "userId": f"user-{number % 97}",
        "modelId": "amazon.nova-lite-v1:0",
        "status": status,
        "pendingImageCount": 500,
        "resultStats": {
            "totalCount": 500,
            "successCount": 480,
            "failureCount": 20,
            "duplicateCount": 0,
            "rejectsByReason": {"InvalidReceipt": 12, "ModelError": 8},
            "imagesMigrated": 480,
            "imagesLeft": 0,
            "missingCount": 0,
            "unexpectedCount": 0,
        },
        "ingestState": {
            "objects": 1,
            "objectsDone": 1,
            "ranges": 3,
            "rangesDone": 3,
            "updatedAt": at,
        },
    }


if __name__ == "__main__":
    main()
