"""Where an execution failed, from its history and its map runs."""

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

MAX_CHILDREN: Final = 5
"""Failed children that a message names; it says how many more there are."""
_MAX_CAUSE: Final = 600
_UNKNOWN: Final = "(unknown)"


@dataclass(frozen=True)
class FailedChild:
    """A map's child that failed.

    Attributes:
        item: What it worked on: the range or the chunk of its input.
    """

    item: str
    error: str
    cause: str


@dataclass(frozen=True)
class FailedState:
    """The state that was entered and never left.

    Attributes:
        children: Some failed children, if it is a map.
        failed_children: How many there are.
    """

    name: str
    children: tuple[FailedChild, ...] = ()
    failed_children: int = 0


def find_failed_state(client: "SFNClient", execution: str) -> FailedState:
    """Read an execution's history backwards to the last state it entered."""
    pages = client.get_paginator("get_execution_history").paginate(
        executionArn=execution, reverseOrder=True, includeExecutionData=False
    )
    name = next(
        (
            event["stateEnteredEventDetails"]["name"]
            for page in pages
            for event in page["events"]
            if "stateEnteredEventDetails" in event
        ),
        _UNKNOWN,
    )
    runs = client.list_map_runs(executionArn=execution)["mapRuns"]
    latest = max(runs, key=lambda run: run["startDate"], default=None)
    if latest is None or f"/{name}:" not in latest["mapRunArn"]:
        return FailedState(name)
    counts = client.describe_map_run(mapRunArn=latest["mapRunArn"])["itemCounts"]
    failed = client.list_executions(
        mapRunArn=latest["mapRunArn"], statusFilter="FAILED", maxResults=MAX_CHILDREN
    )["executions"]
    children = tuple(_child(client, child["executionArn"]) for child in failed)
    return FailedState(name, children, counts["failed"] + counts["timedOut"])


def _child(client: "SFNClient", arn: str) -> FailedChild:
    child = client.describe_execution(executionArn=arn)
    return FailedChild(
        item=_item(child.get("input", "")),
        error=child.get("error", ""),
        cause=child.get("cause", "")[:_MAX_CAUSE],
    )


def _item(text: str) -> str:
    try:
        work: Any = json.loads(text)
    except ValueError:
        return ""
    if span := work.get("range"):
        return f"bytes {span.get('from')}-{span.get('to')}"
    if chunk := work.get("chunk"):
        return f"chunk {chunk.get('number')}"
    return ""
