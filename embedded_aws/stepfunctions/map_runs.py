"""DescribeMapRun, ListMapRuns and UpdateMapRun.

AWS (API reference, DescribeMapRun, ListMapRuns, UpdateMapRun; Step Functions guide,
"concepts-examine-map-run", "redrive-map-run"): items that were not started stay pending when a Map
Run fails or stops; children that wait for their redrive are pendingRedrive, and none are when the
Map Run has ended; failed counts start at 0 again with a redrive; failuresNotRedrivable counts the
unsuccessful children that can never be redriven.

The counters are read off the children, so they cannot drift from them. Tolerated failures are not
emulated.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from embedded_aws.core import clock
from embedded_aws.core.api import ApiError, without_none
from embedded_aws.stepfunctions import store
from embedded_aws.stepfunctions.eligibility import NOT_REDRIVABLE, redrive_status

if TYPE_CHECKING:
    from embedded_aws.stepfunctions.store import MapRun

Request = dict[str, Any]
Answer = dict[str, Any]

_COUNTERS = {
    "RUNNING": "running",
    "SUCCEEDED": "succeeded",
    "FAILED": "failed",
    "TIMED_OUT": "timedOut",
    "ABORTED": "aborted",
    "PENDING_REDRIVE": "pendingRedrive",
}


def counts(run: MapRun) -> dict[str, int]:
    """The counters of a Map Run, of its items and of its executions alike."""
    started = store.children(run)
    by_status = Counter(_COUNTERS[child.status] for child in started)
    not_redrivable = sum(
        child.status in ("FAILED", "TIMED_OUT", "ABORTED")
        and redrive_status(child)[0] == NOT_REDRIVABLE
        for child in started
    )
    return {
        **{name: by_status[name] for name in _COUNTERS.values()},
        "pending": len(run.inputs) - len(started),
        "total": len(run.inputs),
        "resultsWritten": run.results_written,
        "failuresNotRedrivable": not_redrivable,
    }


def describe(request: Request) -> Answer:
    """Answer DescribeMapRun."""
    run = store.map_run(request["mapRunArn"])
    counters = counts(run)
    answer = {
        **_summary(run),
        "status": run.status,
        "maxConcurrency": run.max_concurrency,
        "toleratedFailurePercentage": 0.0,
        "toleratedFailureCount": 0,
        "itemCounts": counters,
        "executionCounts": counters,
        "redriveCount": run.redrive_count,
        "redriveDate": run.redriven and clock.epoch(run.redriven),
    }
    return without_none(answer)


def list_all(request: Request) -> Answer:
    """Answer ListMapRuns: the newest first, all in one page."""
    execution = store.execution(request["executionArn"])
    runs = [each for each in list(store.map_runs.values()) if each.execution == execution.arn]
    listed = [without_none({**_summary(run), "stateMachineArn": run.machine}) for run in runs]
    return {"mapRuns": listed[::-1]}


def _summary(run: MapRun) -> Answer:
    return {
        "mapRunArn": run.arn,
        "executionArn": run.execution,
        "startDate": clock.epoch(run.started),
        "stopDate": run.stopped and clock.epoch(run.stopped),
    }


def update(request: Request) -> Answer:
    """Answer UpdateMapRun: the concurrency of a running Map Run."""
    run = store.map_run(request["mapRunArn"])
    if request.get("toleratedFailureCount") or request.get("toleratedFailurePercentage"):
        message = "The embedded AWS does not emulate tolerated failures of a Map Run"
        raise ApiError("ValidationException", message)
    run.max_concurrency = request.get("maxConcurrency", run.max_concurrency)
    return {}
