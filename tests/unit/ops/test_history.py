"""A history says which states were passed, how long they took, and what failed where."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from ops.model import history
from ops.model.history import History

START = datetime(2026, 4, 1, 12, 0, tzinfo=UTC)
ARN = "arn:aws:states:us-east-1:000000000000:execution:BatchIngest:one"
EVENT = {"detail": {"object": {"key": "batch-output/job1/a.jsonl"}}}


def entered(kind: str, name: str) -> dict[str, Any]:
    return {"type": f"{kind}StateEntered", "stateEnteredEventDetails": {"name": name}}


def exited(kind: str, name: str) -> dict[str, Any]:
    return {"type": f"{kind}StateExited", "stateExitedEventDetails": {"name": name}}


STARTED = {
    "type": "ExecutionStarted",
    "executionStartedEventDetails": {"input": json.dumps(EVENT)},
}
LOADING = [STARTED, entered("Task", "PlanRanges"), exited("Task", "PlanRanges")]
LOADING += [entered("Map", "LoadRanges")]


def of(*events: dict[str, Any]) -> History:
    """A history with a second between its events."""
    return history.from_events(
        ARN, [{**each, "timestamp": START + timedelta(seconds=n)} for n, each in enumerate(events)]
    )


def test_a_running_execution_is_in_the_state_that_it_has_not_left() -> None:
    found = of(*LOADING)
    assert (found.status, found.current, found.ended) == ("RUNNING", "LoadRanges", None)
    assert found.key == "batch-output/job1/a.jsonl"
    assert [(run.name, run.kind) for run in found.states] == [
        ("PlanRanges", "Task"),
        ("LoadRanges", "Map"),
    ]
    assert found.duration(now=START + timedelta(seconds=60)) == timedelta(seconds=60)


@pytest.mark.parametrize("status", ["FAILED", "TIMED_OUT", "ABORTED", "SUCCEEDED"])
def test_an_execution_that_has_ended_is_in_no_state(status: str) -> None:
    found = of(*LOADING, {"type": f"Execution{status.title().replace('_', '')}"})
    assert found.status == status
    assert found.has_failed == (status != "SUCCEEDED")
    assert found.current is None


def test_a_redrive_takes_the_failure_back_and_the_standstill_before_it_is_no_work() -> None:
    """A second passes between any two events: one of them from the failure to the redrive."""
    redriven = [{"type": "ExecutionFailed"}, {"type": "ExecutionRedriven"}]
    found = of(*LOADING, *redriven, exited("Map", "LoadRanges"), {"type": "ExecutionSucceeded"})
    assert (found.status, found.redrives) == ("SUCCEEDED", 1)
    assert found.stood_still == timedelta(seconds=1)
    assert found.duration(now=START) == timedelta(seconds=6)
    planning, loading = found.states
    assert loading.exited is not None
    assert found.duration_of(planning, now=START) == timedelta(seconds=1)
    assert found.duration_of(loading, now=START) == timedelta(seconds=2)


def test_a_state_that_is_passed_twice_is_there_twice() -> None:
    again = [exited("Map", "LoadRanges"), entered("Map", "LoadRanges")]
    runs = of(*LOADING, *again).states
    assert [run.name for run in runs] == ["PlanRanges", "LoadRanges", "LoadRanges"]
    assert [run.exited is None for run in runs] == [False, False, True]


def test_an_input_that_is_no_event_has_no_key() -> None:
    for text in ("[]", "nonsense", '{"detail": null}', '{"detail": {"object": {"key": 1}}}'):
        started = {"type": "ExecutionStarted", "executionStartedEventDetails": {"input": text}}
        assert of(started).key == ""


def test_a_history_of_several_pages_is_read_to_its_end() -> None:
    """Redrives and rounds add to it; its end is on the last page."""
    client = boto3.client("stepfunctions", region_name="us-east-1")
    pages: list[dict[str, Any]] = [
        {"events": [_numbered(1, STARTED)], "nextToken": "more"},
        {"events": [_numbered(2, {"type": "ExecutionSucceeded"})]},
    ]
    asked = {"executionArn": ARN, "maxResults": history.PAGE_EVENTS}
    with Stubber(client) as stub:
        stub.add_response("get_execution_history", pages[0], asked)
        stub.add_response("get_execution_history", pages[1], {**asked, "nextToken": "more"})
        assert history.read(client, ARN).status == "SUCCEEDED"


def _numbered(number: int, event: dict[str, Any]) -> dict[str, Any]:
    return {**event, "id": number, "timestamp": START}
