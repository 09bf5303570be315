"""What is redriven, what is not and why, and how the command ends."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from functions.aws.failed_state import FailedChild, FailedState, MapCounts
from functions.domain.attribute_values import to_item
from functions.domain.executions import Execution
from functions.domain.ledger_rows import claim_key
from ops.commands import redrive
from ops.errors import NothingFound, Refused
from ops.model.deployment import Deployment
from ops.model.failures import FailedExecution, read_failed
from tests.workflow.memory.dynamodb import MemoryDynamoDB

MACHINE = "arn:aws:states:us-east-1:1:stateMachine:BatchIngest"
ARN = "arn:aws:states:us-east-1:1:execution:BatchIngest:one"


class _Pages:
    def __init__(self, *pages: dict[str, Any]) -> None:
        self._pages = pages

    def paginate(self, **_: Any) -> tuple[dict[str, Any], ...]:
        return self._pages


class _StepFunctions:
    """As much of Step Functions as a redrive asks."""

    def __init__(self, *, state: str = "PlanRanges", **described: Any) -> None:
        self.state = state
        self.described = {
            "executionArn": ARN,
            "status": "FAILED",
            "startDate": datetime(2026, 3, 2, tzinfo=UTC),
            "error": "ClientError",
            "redriveStatus": "REDRIVABLE",
            **described,
        }
        self.redriven: list[str] = []

    def describe_execution(self, **_: Any) -> dict[str, Any]:
        return self.described

    def redrive_execution(self, *, executionArn: str, clientToken: str) -> None:  # noqa: N803
        assert clientToken
        self.redriven.append(executionArn)
        self.described = {**self.described, "status": "SUCCEEDED"}

    def get_paginator(self, operation: str) -> _Pages:
        if operation == "get_execution_history":
            entered = {"stateEnteredEventDetails": {"name": self.state}}
            return _Pages({"events": [entered]})
        if operation == "list_map_runs":
            return _Pages({"mapRuns": []})
        started = {"executionArn": ARN, "startDate": datetime(2026, 3, 2, tzinfo=UTC)}
        return _Pages({"executions": [started]})


def _deployed(client: _StepFunctions) -> Deployment:
    outputs = {"StateMachineArn": MACHINE}
    return Deployment("BatchIngest", "a place", "us-east-1", outputs, lambda _: client)


def test_a_failed_execution_is_redriven_and_followed_to_its_end() -> None:
    client = _StepFunctions()
    found = read_failed(_deployed(client), ARN)
    assert found.obstacle is None
    assert found.will_run == "PlanRanges, and what follows it"
    (done,) = redrive.restart(_deployed(client), [found])
    assert client.redriven == [ARN]
    assert redrive.until_ended(_deployed(client), done.arn) == "SUCCEEDED"


@pytest.mark.parametrize(
    ("described", "reason", "instead"),
    [
        ({"status": "SUCCEEDED"}, "has succeeded", "inspect"),
        ({"status": "RUNNING"}, "is running", "inspect"),
        ({"error": "TooManyRejects"}, "would fail again", "replay"),
        (
            {"redriveStatus": "NOT_REDRIVABLE", "redriveStatusReason": "period exceeded"},
            "period exceeded",
            "replay",
        ),
    ],
)
def test_what_cannot_be_redriven_says_why_and_what_to_do_instead(
    described: dict[str, Any], reason: str, instead: str
) -> None:
    obstacle = read_failed(_deployed(_StepFunctions(**described)), ARN).obstacle
    assert obstacle is not None
    assert reason in obstacle.reason
    assert obstacle.instead.startswith(f"ingest {instead}")


@pytest.mark.parametrize(
    ("state", "obstacle"), [("ResolveJob", False), ("PlanRanges", True), ("LoadRanges", True)]
)
def test_what_newer_content_has_superseded_is_redriven_only_where_it_may_still_claim(
    state: str, *, obstacle: bool
) -> None:
    key = "batch-output/job-1/a.jsonl"
    detail = {"bucket": {"name": "b"}, "object": {"key": key, "etag": "older"}}
    event = json.dumps({"time": "2026-03-02T00:00:00Z", "detail": detail})
    ledger = MemoryDynamoDB(ledger=("pk", "sk"), jobs=("intentId", "submitTime"))
    row = {"etag": "newer", "owner": "another", "generation": 2, "state": "done"}
    row |= {"eventTime": "2026-03-02T00:00:00Z", **claim_key("job-1", key).as_dict()}
    ledger.put_item(TableName="ledger", Item=to_item(row))
    made = {"stepfunctions": _StepFunctions(state=state, input=event), "dynamodb": ledger}
    outputs = {
        "StateMachineArn": MACHINE,
        "LedgerTableName": "ledger",
        "BatchJobsTableName": "jobs",
    }
    deployed = Deployment("BatchIngest", "a place", "us-east-1", outputs, made.__getitem__)
    found = read_failed(deployed, ARN).obstacle
    assert (found is not None) is obstacle
    assert found is None or "Another execution has the results object" in found.reason


def test_of_a_map_only_unfinished_items_run_again_and_the_childs_error_counts() -> None:
    each = FailedExecution(
        Execution.model_validate(
            {
                "executionArn": ARN,
                "startDate": datetime(2026, 3, 1, tzinfo=UTC),
                "status": "FAILED",
                "error": "States.ExceedToleratedFailureThreshold",
            }
        ),
        FailedState("LoadRanges", MapCounts(5, 2, 1), (FailedChild("b", "WriteThrottled", "c"),)),
        None,
        "ingest redrive one",
    )
    assert each.will_run == "3 of 8 items of LoadRanges, and what follows it"
    assert each.error == "WriteThrottled"
    assert each.cause == "c"


def test_all_failed_looks_back_as_far_as_it_is_told() -> None:
    deployed = _deployed(_StepFunctions())
    since = datetime(2026, 3, 1, tzinfo=UTC)
    assert redrive.find(deployed, execution=None, job=None, since=since)
    with pytest.raises(NothingFound):
        redrive.find(deployed, execution=None, job=None, since=datetime(2026, 3, 3, tzinfo=UTC))


@pytest.mark.parametrize("since", ["2", "d", "2w", "-2d", "2 d"])
def test_a_time_that_is_none_is_refused(since: str) -> None:
    with pytest.raises(Refused):
        redrive._moment(since)
