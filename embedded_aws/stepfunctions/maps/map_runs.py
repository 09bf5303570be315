"""Map Runs: their records, counters and APIs.

AWS (API reference, DescribeMapRun, ListMapRuns, UpdateMapRun; Step Functions guide,
"concepts-examine-map-run", "redrive-map-run"): items that were not started stay pending when a Map
Run fails or stops; children that wait for their redrive are pendingRedrive, and none are when the
Map Run has ended; failed counts start at 0 again with a redrive; failuresNotRedrivable counts the
unsuccessful children that can never be redriven.

The counters are read off the children, so they cannot drift from them. One child has one item.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from ministack.core.responses import error_response_json, json_response, new_uuid, now_iso
from ministack.services import stepfunctions as sfn

from embedded_aws.stepfunctions.engine.eligibility import NOT_REDRIVABLE, redrive_status

if TYPE_CHECKING:
    from embedded_aws.stepfunctions.engine.history import Execution

TOUCHES: tuple[str, ...] = (
    "ministack.services.stepfunctions:_describe_map_run",
    "ministack.services.stepfunctions:_list_map_runs",
    "ministack.services.stepfunctions:_map_run_view",
    "ministack.services.stepfunctions:_map_runs",
    "ministack.services.stepfunctions:_update_map_run",
)

MapRun = dict[str, Any]
"""MiniStack's record of a Map Run; fields with an underscore are not told to callers."""

_STATUSES = {
    "RUNNING": "running",
    "SUCCEEDED": "succeeded",
    "FAILED": "failed",
    "TIMED_OUT": "timedOut",
    "ABORTED": "aborted",
    "PENDING_REDRIVE": "pendingRedrive",
}


def install() -> None:
    """Replace the Map Run APIs."""
    sfn._describe_map_run = describe_map_run
    sfn._list_map_runs = list_map_runs
    sfn._update_map_run = update_map_run


def open_map_run(parent: Execution, label: str, inputs: list[str], concurrency: int) -> MapRun:
    """Record a new Map Run, its items pending."""
    region, account, machine = (parent["stateMachineArn"].split(":")[i] for i in (3, 4, 6))
    scope = f"arn:aws:states:{region}:{account}"
    run: MapRun = {
        "mapRunArn": f"{scope}:mapRun:{machine}/{label}:{new_uuid()}",
        "executionArn": parent["executionArn"],
        "status": "RUNNING",
        "startDate": now_iso(),
        "maxConcurrency": concurrency,
        "toleratedFailurePercentage": 0.0,
        "toleratedFailureCount": 0,
        "redriveCount": 0,
        "_stateMachineArn": f"{scope}:stateMachine:{machine}/{label}",
        "_executionPrefix": f"{scope}:execution:{machine}/{label}",
        "_inputs": inputs,
        "_children": [None] * len(inputs),
        "_resultsWritten": 0,
        "_error": None,
    }
    sfn._map_runs[run["mapRunArn"]] = run
    return run


def children(run: MapRun) -> list[Execution]:
    """The records of the children that were started, by their items' order."""
    return [sfn._executions[arn] for arn in run["_children"] if arn is not None]


def counts(run: MapRun) -> dict[str, int]:
    """The counters of a Map Run, of its items and of its executions alike."""
    started = children(run)
    by_status = Counter(_STATUSES[child["status"]] for child in started)
    not_redrivable = sum(
        child["status"] in ("FAILED", "TIMED_OUT", "ABORTED")
        and redrive_status(child)[0] == NOT_REDRIVABLE
        for child in started
    )
    return {
        **{name: by_status[name] for name in _STATUSES.values()},
        "pending": len(run["_inputs"]) - len(started),
        "total": len(run["_inputs"]),
        "resultsWritten": run["_resultsWritten"],
        "failuresNotRedrivable": not_redrivable,
    }


def describe_map_run(request: dict[str, Any]) -> Any:
    """Answer DescribeMapRun."""
    run = sfn._map_runs.get(request["mapRunArn"])
    if run is None:
        return _unknown(request)
    counters = counts(run)
    return json_response(
        {**sfn._map_run_view(run), "itemCounts": counters, "executionCounts": counters}
    )


def list_map_runs(request: dict[str, Any]) -> Any:
    """Answer ListMapRuns: the newest first, all in one page."""
    arn = request["executionArn"]
    if arn not in sfn._executions:
        message = f"Execution Does Not Exist: '{arn}'"
        return error_response_json("ExecutionDoesNotExist", message, 400)
    runs = [
        {
            "executionArn": arn,
            "mapRunArn": run["mapRunArn"],
            "stateMachineArn": run["_stateMachineArn"],
            "startDate": run["startDate"],
            **({"stopDate": run["stopDate"]} if run.get("stopDate") else {}),
        }
        for run in sfn._map_runs.values()
        if run["executionArn"] == arn
    ]
    return json_response({"mapRuns": runs[::-1]})


def update_map_run(request: dict[str, Any]) -> Any:
    """Answer UpdateMapRun: a running Map Run's concurrency; tolerance is not emulated."""
    run = sfn._map_runs.get(request["mapRunArn"])
    if run is None:
        return _unknown(request)
    if request.get("toleratedFailureCount") or request.get("toleratedFailurePercentage"):
        message = "The embedded AWS does not emulate tolerated failures of a Map Run"
        return error_response_json("ValidationException", message, 400)
    if "maxConcurrency" in request:
        run["maxConcurrency"] = request["maxConcurrency"]
    return json_response({})


def _unknown(request: dict[str, Any]) -> Any:
    message = f"Map Run Does Not Exist: '{request['mapRunArn']}'"
    return error_response_json("ResourceNotFound", message, 400)
