"""`ingest inspect` shows the children of a map that failed or were tried again, and how often."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from ops.model.map_children import FOLLOWED, Child, ChildrenReader
from ops.view.children import as_json, children_table
from ops.view.terminal import out
from tests.workflow.aws_tables import deployment_on

EXECUTION = "arn:aws:states:us-east-1:123456789012:execution:BatchIngest:one"
RUN = "arn:aws:states:us-east-1:123456789012:mapRun:BatchIngest/LoadRanges:run"
AT = datetime(2026, 11, 28, tzinfo=UTC)


def _arn(name: str) -> str:
    return f"arn:aws:states:us-east-1:123456789012:execution:BatchIngest/LoadRanges:{name}"


def _events(*errors: str) -> list[dict[str, Any]]:
    """The history of a child whose function failed so often, and then did not."""
    found: list[dict[str, Any]] = []
    for error in (*errors, ""):
        found.append({"type": "TaskScheduled"})
        details = {"taskFailedEventDetails": {"resourceType": "lambda", "resource": "i"}}
        if error:
            details["taskFailedEventDetails"]["error"] = error
            found.append({"type": "TaskFailed", **details})
        else:
            found.append({"type": "TaskSucceeded"})
    return [
        {"id": n + 1, "timestamp": AT + timedelta(seconds=n), **event}
        for n, event in enumerate(found)
    ]


def _read(
    children: Sequence[tuple[str, Sequence[str]]], *, most: int, described: Sequence[int]
) -> tuple[Child, ...]:
    """Children by status, and what failed of each; and those that are described."""
    client = boto3.client("stepfunctions", region_name="us-east-1")
    listed = [
        {
            "executionArn": _arn(str(n)),
            "stateMachineArn": RUN,
            "name": str(n),
            "status": status,
            "startDate": AT,
        }
        for n, (status, _) in enumerate(children)
    ]
    run = {"executionArn": EXECUTION, "mapRunArn": RUN, "stateMachineArn": RUN, "startDate": AT}
    with Stubber(client) as stub:
        stub.add_response("list_map_runs", {"mapRuns": [run]})
        stub.add_response("list_executions", {"executions": listed})
        order = sorted(range(len(children)), key=lambda n: children[n][0] == "SUCCEEDED")
        for n in order[:FOLLOWED]:
            if children[n][0] == "SUCCEEDED":
                stub.add_response("get_execution_history", {"events": _events(*children[n][1])})
        for n in described:
            body = {"range": {"from": 10 * n, "to": 10 * n + 10}}
            stub.add_response(
                "describe_execution",
                {
                    "executionArn": _arn(str(n)),
                    "stateMachineArn": RUN,
                    "status": children[n][0],
                    "startDate": AT,
                    "input": json.dumps(body),
                    "error": "WriteThrottled",
                },
            )
        for n in described:
            if children[n][0] != "SUCCEEDED":
                stub.add_response("get_execution_history", {"events": _events(*children[n][1])})
        found = ChildrenReader(deployment_on(stepfunctions=client), EXECUTION).read_troubled(most)
        stub.assert_no_pending_responses()
    return found


def test_what_failed_or_was_tried_again_is_shown_with_its_attempts() -> None:
    found = _read(
        [("SUCCEEDED", []), ("FAILED", ["WriteThrottled"]), ("SUCCEEDED", ["Timeout", "Timeout"])],
        most=10,
        described=[1, 2],
    )
    assert [(each.item, each.status) for each in found] == [
        ("bytes 10-20", "FAILED"),
        ("bytes 20-30", "SUCCEEDED"),
    ]
    with out.capture() as captured:
        out.print(children_table(found))
    lines = [line.split(maxsplit=4) for line in captured.get().splitlines()[1:]]
    assert lines == [
        ["LoadRanges,", "bytes", "10-20", "FAILED", lines[0][4]],
        ["LoadRanges,", "bytes", "20-30", "SUCCEEDED", lines[1][4]],
    ]
    assert lines[0][4].startswith("Tried 2 times: 1 x WriteThrottled.")
    assert lines[1][4].startswith("Tried 3 times: 2 x Timeout.")
    shown = as_json(found[1])
    assert [each["error"] for each in shown["attempts"]] == ["Timeout", "Timeout", ""]


@pytest.mark.parametrize("most", [1, 3])
def test_so_many_are_shown_at_most(most: int) -> None:
    found = _read([("FAILED", [])] * 5, most=most, described=range(most))
    assert len(found) == most

    once, again = ("SUCCEEDED", list[str]()), ("SUCCEEDED", ["Timeout"])
    assert _read([once] * FOLLOWED + [again], most=10, described=[]) == ()
