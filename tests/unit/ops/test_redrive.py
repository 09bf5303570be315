"""What is redriven, what is not and why, and how the command ends."""

import json
from dataclasses import replace
from datetime import timedelta
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
from tests.workflow.aws_tables import TABLES, deployment_on
from tests.workflow.memory.dynamodb import MemoryDynamoDB
from tests.workflow.memory.executions import (
    EXECUTION,
    MACHINE,
    START,
    MemoryExecutions,
    OneExecution,
)
from tests.workflow.rows import put_claim

KEY = "batch-output/job-1/a.jsonl"
EVENT = json.dumps(
    {
        "time": "2026-03-02T00:00:00Z",
        "detail": {"bucket": {"name": "b"}, "object": {"key": KEY, "etag": "e"}},
    }
)
DAY = timedelta(days=1)


def _read(client: OneExecution, **claim: Any) -> FailedExecution:
    return read_failed(_deployed(client, **claim), EXECUTION)


def _deployed(client: Any, **claim: Any) -> Deployment:
    """A deployment with one execution, and the claim of its object."""
    tables = MemoryDynamoDB(**TABLES)
    if claim:
        put_claim(tables, "job-1", KEY, **{"owner": "another", "state": "done", **claim})
    return deployment_on((None, tables), stepfunctions=client)


def test_a_failed_execution_is_redriven() -> None:
    client = OneExecution()
    found = _read(client)
    assert found.obstacle is None
    assert found.will_run == "PlanRanges, and what follows it"
    (done,) = redrive.restart(_deployed(client), [found])
    assert client.redriven == [EXECUTION]
    assert not done.has_failed


def test_a_state_that_was_tried_again_says_how_often_and_why() -> None:
    client = OneExecution(error="AccessDenied")
    for error in ("Throttled", "Throttled", "AccessDenied"):
        details = {"taskFailedEventDetails": {"error": error}}
        client.tries += [{"type": "TaskScheduled"}, {"type": "TaskFailed", **details}]
    text = failure_text(_read(client)).plain
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
    obstacle = _read(OneExecution(**described)).obstacle
    assert obstacle is not None
    assert reason in obstacle.reason
    assert obstacle.instead.startswith(f"ingest {instead}")


@pytest.mark.parametrize(
    ("state", "obstacle"), [("ResolveJob", False), ("PlanRanges", True), ("LoadRanges", True)]
)
def test_what_newer_content_has_superseded_is_redriven_only_where_it_may_still_claim(
    state: str, *, obstacle: bool
) -> None:
    client = OneExecution(state=state, input=EVENT)
    found = _read(client, etag="newer").obstacle
    assert (found is not None) is obstacle
    assert found is None or "Another execution has taken the results object" in found.reason
    assert found is None or not found.leaves_work


def test_of_a_map_only_unfinished_items_run_again_and_the_childs_error_is_shown() -> None:
    each = failed_execution()
    assert each.will_run == "3 of 4 items of LoadRanges, and what follows it"
    assert each.error == "WriteThrottled"


@pytest.mark.parametrize("since", ["2", "d", "2w", "-2d", "2 d"])
def test_a_time_that_is_none_is_refused(since: str) -> None:
    with pytest.raises(Refused):
        moment(since)


OLD = {"startDate": START - 3 * DAY}


@pytest.mark.parametrize(
    ("pages", "found"),
    [
        ([[{}]], {"a"}),
        ([[OLD]], set()),
        ([[{**OLD, "redriveDate": START}]], {"a"}),
        ([[{**OLD, "stopDate": START}]], {"a"}),
        ([[{**OLD, "stopDate": START - 2 * DAY}, {**OLD, "redriveDate": START}]], {"b"}),
        # What Step Functions has forgotten ends the search: no further page is fetched.
        ([[{"startDate": START - 100 * DAY}], [{}]], set()),
    ],
)
def test_what_failed_or_failed_again_since_is_found(
    pages: list[list[dict[str, Any]]], found: set[str]
) -> None:
    client, names = OneExecution(), iter("ab")
    client.listed = [
        [{"executionArn": next(names), "startDate": START, **each} for each in page]
        for page in pages
    ]
    assert set(failed_since(_deployed(client), START - DAY)) == found


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
    client = OneExecution(state=state, input=EVENT, **described)
    deployed = _deployed(client, **{"owner": "another", **claim})
    with pytest.raises(NothingFound, match=r"nothing is left to redrive .*: 1 failed execution"):
        redrive.find(deployed, execution=None, job=None, since=START - DAY)
    (shown,) = redrive.find(deployed, execution="one", job=None, since=START)
    assert shown.obstacle is not None
    assert "inspect another" in shown.obstacle.instead


def test_an_input_that_is_no_event_is_nothing_to_redrive() -> None:
    client = OneExecution(state="ResolveJob", error="EventInvalid", input="{}")
    with pytest.raises(NothingFound):
        redrive.find(_deployed(client), execution=None, job=None, since=START - DAY)
    obstacle = _read(client).obstacle
    assert obstacle is not None
    assert "JOB" not in obstacle.instead


def test_the_hints_of_too_many_rejects_name_job_and_object() -> None:
    client = OneExecution(
        state="TooManyRejects",
        input=EVENT,
        error="TooManyRejects",
        cause=explain("TooManyRejects").sentence,
    )
    found = _read(client, owner=EXECUTION)
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
    client = OneExecution(error="States.Permissions", cause="no")
    deployed = _deployed(client)
    if is_embedded:
        endpoint = Endpoint("http://127.0.0.1:1", "secret")
        deployed = replace(deployed, embedded=server.Server(1, endpoint, Path("folder")))
    advice = read_failed(deployed, EXECUTION).advice
    assert ("ingest local up --revert-drift --data folder" in advice) is is_embedded
    assert ("make deploy" in advice) is not is_embedded
