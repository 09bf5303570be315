"""What is redriven, what is not and why, and how the command ends."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from functions.aws.failed_state import FailedState
from functions.domain.executions import Execution
from functions.domain.service_failures import explain
from local import server
from local.endpoint import Endpoint
from ops.commands import redrive
from ops.commands.options import moment
from ops.errors import NothingFound, Refused
from ops.model.deployment import Deployment
from ops.model.failures import FailedExecution, failed_since, read_failed
from ops.view.failure import failure_text
from tests.unit.ops.reports import failed_execution
from tests.workflow.memory.dynamodb import MemoryDynamoDB
from tests.workflow.memory.executions import MACHINE, MemoryExecutions
from tests.workflow.rows import put_claim

ARN = "arn:aws:states:us-east-1:1:execution:BatchIngest:one"


class _Pages:
    def __init__(self, *pages: dict[str, Any]) -> None:
        self._pages = pages

    def paginate(self, *, statusFilter: str = "FAILED", **_: Any) -> tuple[dict[str, Any], ...]:  # noqa: N803
        return self._pages if statusFilter == "FAILED" else ()


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
        self.tries: list[dict[str, Any]] = []
        """Events of the history after the state was entered."""
        self.listed: list[list[dict[str, Any]]] = [
            [{"executionArn": ARN, "startDate": datetime(2026, 3, 2, tzinfo=UTC)}]
        ]
        self.answers: list[dict[str, Any]] = []
        """What DescribeExecution says before it says what is so."""

    def describe_execution(self, **_: Any) -> dict[str, Any]:
        return self.answers.pop(0) if self.answers else self.described

    def redrive_execution(self, *, executionArn: str, clientToken: str) -> None:  # noqa: N803
        assert clientToken
        self.redriven.append(executionArn)
        self.described = {**self.described, "status": "SUCCEEDED", "redriveCount": 1}

    def get_paginator(self, operation: str) -> _Pages:
        if operation == "get_execution_history":
            entered = {"stateEnteredEventDetails": {"name": self.state}}
            return _Pages({"events": [*reversed(self.tries), entered]})
        if operation == "list_map_runs":
            return _Pages({"mapRuns": []})
        return _Pages(*({"executions": page} for page in self.listed))


def _deployed(client: _StepFunctions) -> Deployment:
    outputs = {"StateMachineArn": MACHINE}
    return Deployment("BatchIngest", "a place", "us-east-1", outputs, lambda _: client)


def test_a_failed_execution_is_redriven() -> None:
    client = _StepFunctions()
    found = read_failed(_deployed(client), ARN)
    assert found.obstacle is None
    assert found.will_run == "PlanRanges, and what follows it"
    (done,) = redrive.restart(_deployed(client), [found])
    assert client.redriven == [ARN]
    assert not done.has_failed


def test_a_state_that_was_tried_again_says_how_often_and_why() -> None:
    client = _StepFunctions(error="AccessDenied")
    at = datetime(2026, 3, 2, tzinfo=UTC)
    for error in ("Throttled", "Throttled", "AccessDenied"):
        details = {"taskFailedEventDetails": {"error": error}}
        client.tries += [
            {"type": "TaskScheduled", "timestamp": at},
            {"type": "TaskFailed", "timestamp": at, **details},
        ]
    client.tries.append({"type": "ExecutionFailed", "timestamp": at})
    text = failure_text(read_failed(_deployed(client), ARN)).plain
    assert "\n  Tried 3 times: 2 x Throttled, 1 x AccessDenied.\n" in text


def test_many_are_redriven_at_a_pace() -> None:
    """Five fail for want of a place: no more than two run at a time."""
    machine = MemoryExecutions()
    arns = []
    for n in range(5):
        request = {"stateMachineArn": MACHINE, "name": str(n), "input": "{}"}
        arns.append(machine.start_execution(**request)["executionArn"])
        machine.end(arns[-1], "FAILED")
    running: list[int] = []

    class Redriving(MemoryExecutions):
        def redrive_execution(self, **request: Any) -> None:
            super().redrive_execution(**request)
            running.append(len(self.listed()))

        def list_executions(self, **request: Any) -> dict[str, Any]:
            for arn in self.listed():
                self.end(arn)  # what runs has ended when it is looked at
            return super().list_executions(**request)

    client: Any = Redriving(now=machine.now, seen=machine.seen)
    deployed = _deployed(client)
    chosen = [_described(client.describe_execution(executionArn=arn)) for arn in arns]
    done = redrive.restart(deployed, chosen, rate=100, at_a_time=2, again="")
    assert [each.arn for each in done] == arns
    assert max(running) == 2
    assert {each["redriveCount"] for each in client.now.values()} == {1}


def _described(described: dict[str, Any]) -> FailedExecution:
    return FailedExecution(
        Execution.model_validate(described),
        FailedState("PlanRanges"),
        cause="",
        advice="",
        obstacle=None,
        redrive="",
    )


@pytest.mark.parametrize(
    ("described", "reason", "instead"),
    [
        ({"status": "SUCCEEDED"}, "has succeeded", "inspect"),
        ({"status": "RUNNING"}, "is running", "inspect"),
        ({"error": "TooManyRejects"}, "would fail again", "rejects"),
        ({"error": "IncompleteLoad"}, "would fail again", "replay"),
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
    client = _StepFunctions(state=state, input=EVENT)
    found = read_failed(_with_claim(client, etag="newer"), ARN).obstacle
    assert (found is not None) is obstacle
    assert found is None or "Another execution has taken the results object" in found.reason
    assert found is None or not found.leaves_work


def test_of_a_map_only_unfinished_items_run_again_and_the_childs_error_is_shown() -> None:
    each = failed_execution()
    assert each.will_run == "3 of 4 items of LoadRanges, and what follows it"
    assert each.error == "WriteThrottled"


def test_all_failed_looks_back_as_far_as_since_says() -> None:
    deployed = _deployed(_StepFunctions())
    since = datetime(2026, 3, 1, tzinfo=UTC)
    assert redrive.find(deployed, execution=None, job=None, since=since)
    with pytest.raises(NothingFound):
        redrive.find(deployed, execution=None, job=None, since=datetime(2026, 3, 3, tzinfo=UTC))


@pytest.mark.parametrize("since", ["2", "d", "2w", "-2d", "2 d"])
def test_a_time_that_is_none_is_refused(since: str) -> None:
    with pytest.raises(Refused):
        moment(since)


NOW = datetime(2026, 3, 2, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.mark.parametrize("changed", ["redriveDate", "stopDate"])
def test_an_old_execution_that_failed_again_is_a_new_failure(changed: str) -> None:
    client = _StepFunctions()
    client.listed = [[{"executionArn": ARN, "startDate": NOW - 3 * DAY, changed: NOW}]]
    assert set(failed_since(_deployed(client), NOW - DAY)) == {ARN}


def test_what_was_last_touched_before_is_not_listed() -> None:
    client = _StepFunctions()
    client.listed = [
        [{"executionArn": ARN, "startDate": NOW - 3 * DAY, "stopDate": NOW - 2 * DAY}],
        [{"executionArn": "two", "startDate": NOW - 9 * DAY, "redriveDate": NOW}],
    ]
    assert set(failed_since(_deployed(client), NOW - DAY)) == {"two"}


def test_pages_that_can_hold_nothing_more_are_not_fetched() -> None:
    client = _StepFunctions()
    forgotten = {"executionArn": "old", "startDate": NOW - 100 * DAY}
    client.listed = [[forgotten], [{"executionArn": "unread"}]]
    assert list(failed_since(_deployed(client), NOW)) == []


def _with_claim(client: _StepFunctions, **claim: Any) -> Deployment:
    ledger = MemoryDynamoDB(ledger=("pk", "sk"), jobs=("intentId", "submitTime"))
    put_claim(ledger, "job-1", KEY, **{"owner": "another", "state": "done", **claim})
    made = {"stepfunctions": client, "dynamodb": ledger}
    outputs = {
        "StateMachineArn": MACHINE,
        "LedgerTableName": "ledger",
        "BatchJobsTableName": "jobs",
    }
    return Deployment("BatchIngest", "a place", "us-east-1", outputs, made.__getitem__)


KEY = "batch-output/job-1/a.jsonl"
EVENT = json.dumps(
    {
        "time": "2026-03-02T00:00:00Z",
        "detail": {"bucket": {"name": "b"}, "object": {"key": KEY, "etag": "e"}},
    }
)


@pytest.mark.parametrize(
    ("described", "state", "claim"),
    [
        ({"error": "JobNotFound"}, "ResolveJob", {}),
        ({"error": "TooManyRejects"}, "TooManyRejects", {}),
        ({"error": "NoSuchKey"}, "MigrateImages", {}),
        ({"error": "ResultsObjectChanged"}, "ResolveJob", {"etag": "newer"}),
        ({"error": "ResultsObjectChanged"}, "LoadRanges", {"etag": "newer"}),
    ],
)
def test_what_another_execution_has_cured_leaves_the_list(
    described: dict[str, Any], state: str, claim: dict[str, Any]
) -> None:
    client = _StepFunctions(state=state, input=EVENT, **described)
    deployed = _with_claim(client, **claim)
    with pytest.raises(NothingFound, match=r"nothing is left to redrive .*: 1 failed execution"):
        redrive.find(deployed, execution=None, job=None, since=NOW - DAY)
    (shown,) = redrive.find(deployed, execution="one", job=None, since=NOW)
    assert shown.obstacle is not None
    assert "inspect another" in shown.obstacle.instead


def test_an_input_that_is_no_event_is_nothing_to_redrive() -> None:
    client = _StepFunctions(state="ResolveJob", error="EventInvalid", input="{}")
    with pytest.raises(NothingFound):
        redrive.find(_deployed(client), execution=None, job=None, since=NOW - DAY)
    obstacle = read_failed(_deployed(client), ARN).obstacle
    assert obstacle is not None
    assert "JOB" not in obstacle.instead


def test_the_hints_of_too_many_rejects_name_job_and_object() -> None:
    client = _StepFunctions(
        state="TooManyRejects",
        input=EVENT,
        error="TooManyRejects",
        cause=explain("TooManyRejects").sentence,
    )
    found = read_failed(_with_claim(client, owner=ARN), ARN)
    assert found.obstacle is not None
    assert found.obstacle.instead == "ingest rejects job-1"
    assert found.obstacle.leaves_work
    assert "`ingest rejects job-1`" in found.cause
    assert f"`ingest replay job-1 --object {KEY} --accept-rejects`" in found.cause
    assert "`ingest resubmit job-1`" in found.cause
    assert found.is_explained
    assert failure_text(found).plain.count("A redrive would fail again.") == 1


@pytest.mark.parametrize("is_embedded", [True, False])
def test_what_was_changed_by_hand_is_put_back_where_it_was_changed(*, is_embedded: bool) -> None:
    client = _StepFunctions(error="States.Permissions", cause="no")
    deployed = _deployed(client)
    if is_embedded:
        endpoint = Endpoint("http://127.0.0.1:1", "secret")
        deployed = replace(deployed, embedded=server.Server(1, endpoint, Path("folder")))
    advice = read_failed(deployed, ARN).advice
    assert ("ingest local up --revert-drift --data folder" in advice) is is_embedded
    assert ("make deploy" in advice) is not is_embedded
