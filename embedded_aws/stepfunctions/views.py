"""Executions as callers see them: DescribeExecution, ListExecutions, GetExecutionHistory.

AWS (API reference, DescribeExecution, ListExecutions, GetExecutionHistory): redriveCount,
redriveDate, redriveStatus and its reason; running executions are sorted by redriveDate or
startDate, others by stopDate, the most recent first. A page token of a history fixes the number of
events, so that new ones do not shift the pages of a reversed history.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from embedded_aws.core import clock
from embedded_aws.core.api import ApiError, page_token, position_of, without_none
from embedded_aws.stepfunctions import limits, store
from embedded_aws.stepfunctions.eligibility import redrive_status

if TYPE_CHECKING:
    from embedded_aws.stepfunctions.store import Execution

Request = dict[str, Any]
Answer = dict[str, Any]

_PAGE = 100


def describe(request: Request) -> Answer:
    """Answer DescribeExecution."""
    execution = store.execution(request["executionArn"])
    status, reason = redrive_status(execution)
    included = {"included": True}
    return without_none(
        {
            **_summary(execution),
            "input": execution.input,
            "inputDetails": included,
            "output": execution.output,
            "outputDetails": None if execution.output is None else included,
            "error": execution.error,
            "cause": execution.cause,
            "redriveStatus": status,
            "redriveStatusReason": reason,
        }
    )


def _summary(execution: Execution) -> Answer:
    return {
        "executionArn": execution.arn,
        "stateMachineArn": execution.machine,
        "name": execution.name,
        "status": execution.status,
        "startDate": clock.epoch(execution.started),
        "stopDate": execution.stopped and clock.epoch(execution.stopped),
        "redriveCount": execution.redrive_count,
        "redriveDate": execution.redriven and clock.epoch(execution.redriven),
        "mapRunArn": execution.map_run,
    }


def list_executions(request: Request) -> Answer:
    """Answer ListExecutions."""
    machine, map_run = request.get("stateMachineArn"), request.get("mapRunArn")
    status, redriven = request.get("statusFilter"), request.get("redriveFilter")
    if (machine is None) == (map_run is None):
        message = "Specify either a stateMachineArn or a mapRunArn"
        raise ApiError("ValidationException", message)
    if map_run is None and (status == "PENDING_REDRIVE" or redriven is not None):
        message = "PENDING_REDRIVE and redriveFilter need a mapRunArn"
        raise ApiError("ValidationException", message)
    _ = store.machine(machine) if machine else store.map_run(map_run or "")
    size = limits.page_size(request, _PAGE)
    cursor = _decoded(request["nextToken"]) if request.get("nextToken") else None
    found = [
        execution
        for execution in list(store.executions.values())
        if (execution.map_run == map_run if map_run else execution.machine == machine)
        and status in (None, execution.status)
        and redriven in (None, "REDRIVEN" if execution.redrive_count else "NOT_REDRIVEN")
        and (cursor is None or _position(execution) < cursor)
    ]
    found.sort(key=_position, reverse=True)
    answer: Answer = {"executions": [_listed(each) for each in found[:size]]}
    if len(found) > size:
        answer["nextToken"] = page_token(_position(found[size - 1]))
    return answer


def _listed(execution: Execution) -> Answer:
    view = _summary(execution) | ({"itemCount": 1} if execution.map_run else {})
    return without_none(view)


def _position(execution: Execution) -> tuple[str, str]:
    return execution.stopped or execution.redriven or execution.started, execution.arn


def history(request: Request) -> Answer:
    """Answer GetExecutionHistory."""
    events = store.execution(request["executionArn"]).events
    size = limits.page_size(request, _PAGE)
    start, total = 0, len(events)
    if request.get("nextToken"):
        start, total = _decoded(request["nextToken"])
    listed = events[:total]
    if request.get("reverseOrder"):
        listed.reverse()
    with_data = request.get("includeExecutionData", True)
    answer: Answer = {
        "events": [_event(each, with_data=with_data) for each in listed[start : start + size]]
    }
    if start + size < total:
        answer["nextToken"] = page_token((start + size, total))
    return answer


def _event(event: dict[str, Any], *, with_data: bool) -> dict[str, Any]:
    shown = {**event, "timestamp": clock.epoch(event["timestamp"])}
    if with_data:
        return shown
    return {
        name: {key: each for key, each in value.items() if key not in ("input", "output")}
        if name.endswith("EventDetails")
        else value
        for name, value in shown.items()
    }


def _decoded(token: str) -> tuple[Any, Any]:
    try:
        first, second = position_of(token)
    except ValueError:
        raise ApiError("InvalidToken", "Invalid Token: 'Invalid token'") from None
    return first, second
