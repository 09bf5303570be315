"""Where an execution failed, from its history and its map runs."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from functions.aws.runtime.service_errors import THROTTLED, is_any
from functions.domain.attempts import Attempt, attempts_of
from functions.domain.causes import plain_cause
from functions.domain.map_items import MapItem
from functions.domain.service_failures import STEP_FUNCTIONS_MAP_FAILED

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

MAX_CHILDREN: Final = 5
"""Failed children that a message names; of the others it gives the number."""
_MAX_CAUSE: Final = 600
_MAX_ERROR: Final = 256
_UNKNOWN: Final = "(none)"


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
class MapCounts:
    """What became of a map's items."""

    succeeded: int
    failed: int
    unfinished: int

    @property
    def total(self) -> int:
        """Items of the map."""
        return self.succeeded + self.failed + self.unfinished


@dataclass(frozen=True)
class FailedState:
    """The state that was entered and not left.

    Attributes:
        items: What became of its items, if it is a map.
        children: Some failed children, if it is a map.
        attempts: Of its task; none if it is a map.
        is_partly_known: Step Functions throttled a look-up of items or children.
    """

    name: str
    items: MapCounts | None = None
    children: tuple[FailedChild, ...] = ()
    attempts: tuple[Attempt, ...] = ()
    is_partly_known: bool = False

    def lacks_children(self, error: str) -> bool:
        """Whether a child must have failed that Step Functions does not list yet.

        Its lists are eventually consistent:
        https://docs.aws.amazon.com/step-functions/latest/apireference/API_ListExecutions.html
        """
        return error == STEP_FUNCTIONS_MAP_FAILED and not self.children and not self.is_partly_known

    def error_behind(self, error: str) -> str:
        """The cause's error name: for a map's own error, that of a failed child."""
        return self.behind(error, "")[0]

    def behind(self, error: str, cause: str) -> tuple[str, str]:
        """Error and cause: for a map's own error, those of a failed child."""
        if error == STEP_FUNCTIONS_MAP_FAILED and self.children:
            return self.children[0].error, self.children[0].cause
        return error, cause


def find_failed_state(client: "SFNClient", execution: str) -> FailedState:
    """Read an execution's history backwards to the last state it entered.

    What a map's items did is a detail: where Step Functions throttles these look-ups, as it does
    when many executions fail at once, the state is returned with what was found until then.
    """
    pages = client.get_paginator("get_execution_history").paginate(
        executionArn=execution, reverseOrder=True, includeExecutionData=False
    )
    name, events = _UNKNOWN, []
    for event in (event for page in pages for event in page["events"]):
        if "stateEnteredEventDetails" in event:
            name = event["stateEnteredEventDetails"]["name"]
            break
        events.append(event)
    attempts = attempts_of(reversed(events))
    items: MapCounts | None = None
    children: list[FailedChild] = []
    is_throttled = False
    try:
        if (run := _latest_map_run(client, execution, name)) is not None:
            counts = _counts(client.describe_map_run(mapRunArn=run)["itemCounts"])
            if not counts.total:
                # The map could not read its list: there are no items to speak of.
                return FailedState(name, attempts=attempts)
            items = counts
            for child in _failed_children(client, run):
                children.append(_child(client, child))  # noqa: PERF401 - some, if it is throttled
    except ClientError as error:
        if not is_any(error, THROTTLED):
            raise
        is_throttled = True
    return FailedState(
        name, items, tuple(children), attempts=attempts, is_partly_known=is_throttled
    )


def _latest_map_run(client: "SFNClient", execution: str, state: str) -> str | None:
    runs = [
        run
        for page in client.get_paginator("list_map_runs").paginate(executionArn=execution)
        for run in page["mapRuns"]
        if f"/{state}:" in run["mapRunArn"]
    ]
    latest = max(runs, key=lambda run: run["startDate"], default=None)
    return latest and latest["mapRunArn"]


def _failed_children(client: "SFNClient", run: str) -> list[str]:
    listed = client.list_executions(mapRunArn=run, statusFilter="FAILED", maxResults=MAX_CHILDREN)[
        "executions"
    ]
    return [child["executionArn"] for child in listed]


def _counts(counts: Mapping[str, Any]) -> MapCounts:
    succeeded, failed = counts["succeeded"], counts["failed"] + counts["timedOut"]
    return MapCounts(succeeded, failed, counts["total"] - succeeded - failed)


def _child(client: "SFNClient", arn: str) -> FailedChild:
    child = client.describe_execution(executionArn=arn)
    return FailedChild(
        item=str(MapItem.of(child.get("input", ""))),
        error=child.get("error", "")[:_MAX_ERROR],
        cause=plain_cause(child.get("cause", ""))[:_MAX_CAUSE],
    )
