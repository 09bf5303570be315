"""Distributed Map states, their Map Runs and the redrive of these.

Pages of the Step Functions Developer Guide (docs.aws.amazon.com/step-functions/latest/dg/):
state-map-distributed.html, input-output-itemreader.html, input-output-resultwriter.html,
concepts-examine-map-run.html, redrive-map-run.html; of its API reference: API_DescribeMapRun.html,
API_ListExecutions.html.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from embedded_aws.tests.conftest import (
    Aws,
    Invoke,
    allow,
    eventually,
    map_state,
    only,
    result_writer,
    unique,
)

Machine = Callable[..., str]


@pytest.fixture
def machine(aws: Aws, bucket: str, invoke: Invoke) -> Machine:
    """Create a machine with one map over items in S3; each child runs `Prepare`, then `Work`."""

    def create(items: Any, *, role: str | None = None, **fields: Any) -> str:
        key = unique("items.json")
        aws.s3.put_object(Bucket=bucket, Key=key, Body=json.dumps(items).encode())
        each = _map_state(bucket, key, invoke, **(fields or {"MaxConcurrency": 2}))
        return aws.machine(only(each), role=role)

    return create


def _map_state(bucket: str, key: str, invoke: Invoke, **fields: Any) -> dict[str, Any]:
    states = {"Prepare": {"Type": "Pass", "Next": "Work"}, "Work": invoke()}
    return map_state({"Bucket": bucket, "Key": key}, states, **fields)


def _json(aws: Aws, bucket: str, key: str) -> Any:
    return json.loads(aws.s3.get_object(Bucket=bucket, Key=key)["Body"].read())


def _counts(run: dict[str, Any]) -> dict[str, int]:
    assert run["itemCounts"] == run["executionCounts"]
    return {name: count for name, count in run["itemCounts"].items() if count}


def _aborted(aws: Aws, execution: str) -> dict[str, Any]:
    """The only Map Run of an execution when it is aborted."""
    (run,) = eventually(
        lambda: [r for r in aws.map_runs(execution) if r["status"] == "ABORTED"], "aborted"
    )
    return dict(run)


def test_each_item_is_a_child_execution_with_a_history(aws: Aws, machine: Machine) -> None:
    """concepts-examine-map-run.html; API_ListExecutions.html, mapRunArn."""
    arn = machine([{"id": "a"}, {"id": "b"}, {"id": "c"}])
    done = aws.run(arn)
    assert [child["Payload"]["id"] for child in json.loads(done["output"])] == ["a", "b", "c"]
    (run,) = aws.map_runs(done["executionArn"])
    name = arn.rsplit(":", 1)[-1]
    assert f":mapRun:{name}/Items:" in run["mapRunArn"]
    assert run["status"] == "SUCCEEDED"
    assert run["executionArn"] == done["executionArn"]
    assert run["maxConcurrency"] == 2
    assert _counts(run) == {"succeeded": 3, "total": 3}
    listed = aws.states.list_executions(mapRunArn=run["mapRunArn"])["executions"]
    assert {child["mapRunArn"] for child in listed} == {run["mapRunArn"]}
    for child in aws.children(run["mapRunArn"]):
        assert f":execution:{name}/Items:" in child["executionArn"]
        assert child["stateMachineArn"] == f"{arn}/Items"
        assert child["mapRunArn"] == run["mapRunArn"]
        assert aws.event_types(child["executionArn"]) == [
            "ExecutionStarted", "PassStateEntered", "PassStateExited", "TaskStateEntered",
            "TaskScheduled", "TaskStarted", "TaskSucceeded", "TaskStateExited",
            "ExecutionSucceeded",
        ]  # fmt: skip
    assert aws.event_types(done["executionArn"]) == [
        "ExecutionStarted", "MapStateEntered", "MapStateStarted", "MapRunStarted",
        "MapRunSucceeded", "MapStateSucceeded", "MapStateExited", "ExecutionSucceeded",
    ]  # fmt: skip
    parents = aws.states.list_executions(stateMachineArn=arn)["executions"]
    assert [parent["executionArn"] for parent in parents] == [done["executionArn"]]


def test_item_selector_reads_item_index_input_and_context(aws: Aws, machine: Machine) -> None:
    """input-output-itemselector.html: $$.Map.Item.Index, $$.Map.Item.Value, the state's input."""
    selector = {
        "id.$": "States.Format('{}-{}', $.job, $$.Map.Item.Value.n)",
        "index.$": "$$.Map.Item.Index",
        "parent.$": "$$.Execution.Id",
    }
    done = aws.run(machine([{"n": 7}], ItemSelector=selector), {"job": "j"})
    (result,) = json.loads(done["output"])
    event = {"id": "j-7", "index": 0, "parent": done["executionArn"]}
    assert result["Payload"]["event"] == event


def test_no_items_is_success(aws: Aws, bucket: str, machine: Machine) -> None:
    """state-map-distributed.html: the Map Run processes all items of the dataset."""
    prefix = unique("results")
    done = aws.run(machine([], **result_writer(bucket, prefix)))
    assert done["status"] == "SUCCEEDED"
    (run,) = aws.map_runs(done["executionArn"])
    assert _counts(run) == {}
    details = json.loads(done["output"])["ResultWriterDetails"]
    files = _json(aws, bucket, details["Key"])["ResultFiles"]
    assert files == {"FAILED": [], "PENDING": [], "SUCCEEDED": []}


def test_never_runs_more_children_than_the_concurrency_allows(
    aws: Aws, machine: Machine, tmp_path: Path
) -> None:
    """state-map-distributed.html, MaxConcurrencyPath."""
    items = [
        {"id": str(n), "touch": str(tmp_path / f"at-{n}"), "until": str(tmp_path / f"go-{n}")}
        for n in range(4)
    ]
    arn = machine(items, MaxConcurrencyPath="$.plan.width")
    execution = aws.start(arn, {"plan": {"width": 3}})
    eventually(lambda: len(list(tmp_path.glob("at-*"))) == 3, "three children run")
    (run,) = aws.map_runs(execution)
    assert run["maxConcurrency"] == 3
    assert _counts(run) == {"running": 3, "pending": 1, "total": 4}
    for n in range(4):
        (tmp_path / f"go-{n}").touch()
    assert aws.ended(execution)["status"] == "SUCCEEDED"


def test_one_failure_fails_the_map_and_aborts_the_running(
    aws: Aws, machine: Machine, tmp_path: Path
) -> None:
    """state-map-distributed.html, failure thresholds; concepts-examine-map-run.html, Aborted and
    Pending. The function of an aborted child runs on.
    """
    held = {
        "id": "held",
        "touch": str(tmp_path / "started"),
        "until": str(tmp_path / "go"),
        "after": str(tmp_path / "ran-on"),
    }
    failing = {"id": "bad", "until": str(tmp_path / "started"), "raise": "Broken"}
    execution = aws.start(machine([held, failing, {"id": "never"}]))
    failed = aws.ended(execution)
    assert failed["error"] == "States.ExceedToleratedFailureThreshold"
    (run,) = aws.map_runs(execution)
    assert run["status"] == "FAILED"
    assert _counts(run) == {"failed": 1, "aborted": 1, "pending": 1, "total": 3}
    children = {child["status"]: child for child in aws.children(run["mapRunArn"])}
    assert children["FAILED"]["error"] == "Broken"
    assert children["FAILED"]["redriveStatus"] == "REDRIVABLE_BY_MAP_RUN"
    aborted = aws.event_types(children["ABORTED"]["executionArn"])
    assert aborted[-2:] == ["TaskStateAborted", "ExecutionAborted"]
    assert aws.event_types(execution)[-3:] == ["MapRunFailed", "MapStateFailed", "ExecutionFailed"]
    (tmp_path / "go").touch()
    eventually((tmp_path / "ran-on").exists, "the function of the aborted child ends")
    assert aws.event_types(children["ABORTED"]["executionArn"]) == aborted


def test_stopping_the_parent_aborts_the_children(
    aws: Aws, machine: Machine, switch: Path, tmp_path: Path
) -> None:
    """redrive-map-run.html: the Map Run cancels children of type Standard."""
    items = [{"id": "a", "touch": str(tmp_path / "on"), "until": str(switch)}, {"id": "b"}]
    execution = aws.start(machine(items, MaxConcurrency=1))
    eventually((tmp_path / "on").exists, "the first child runs")
    aws.states.stop_execution(executionArn=execution)
    run = _aborted(aws, execution)
    assert _counts(run) == {"aborted": 1, "pending": 1, "total": 2}
    kinds = aws.event_types(execution)
    assert kinds[-3:] == ["MapRunAborted", "MapStateAborted", "ExecutionAborted"]
    switch.touch()
    redriven = aws.redriven(execution)
    assert redriven["status"] == "SUCCEEDED"
    (run,) = aws.map_runs(execution)
    assert (run["redriveCount"], _counts(run)) == (1, {"succeeded": 2, "total": 2})


def test_a_redrive_resumes_failed_children_at_their_failed_state(
    aws: Aws, machine: Machine, switch: Path
) -> None:
    """redrive-map-run.html: unsuccessful children, from the state that failed, in the same run."""
    items = [{"id": "good"}, {"id": "bad", "unless": str(switch)}, {"id": "later"}]
    execution = aws.run(machine(items, MaxConcurrency=1))["executionArn"]
    (before,) = aws.map_runs(execution)
    assert _counts(before) == {"succeeded": 1, "failed": 1, "pending": 1, "total": 3}
    histories = {
        child["executionArn"]: aws.event_types(child["executionArn"])
        for child in aws.children(before["mapRunArn"])
    }
    switch.touch()
    done = aws.redriven(execution)
    ids = [child["Payload"]["id"] for child in json.loads(done["output"])]
    assert ids == ["good", "bad", "later"]
    (after,) = aws.map_runs(execution)
    assert after["mapRunArn"] == before["mapRunArn"]
    assert after["redriveCount"] == 1
    assert after["redriveDate"] > after["startDate"]
    assert _counts(after) == {"succeeded": 3, "total": 3}
    children = aws.children(after["mapRunArn"])
    assert sorted(child["redriveCount"] for child in children) == [0, 0, 1]
    for child in children:
        now, then = aws.event_types(child["executionArn"]), histories.get(child["executionArn"])
        if child["redriveCount"] == 0:
            assert then in (None, now)
            continue
        assert then is not None
        assert now[len(then) :] == [
            "ExecutionRedriven", "TaskScheduled", "TaskStarted", "TaskSucceeded",
            "TaskStateExited", "ExecutionSucceeded",
        ]  # fmt: skip
    kinds = aws.event_types(execution)
    assert kinds.count("MapRunStarted") == kinds.count("MapStateEntered") == 1
    redriven = next(e for e in aws.history(execution) if e["type"] == "MapRunRedriven")
    details = {"mapRunArn": after["mapRunArn"], "redriveCount": 1}
    assert redriven["mapRunRedrivenEventDetails"] == details


def test_children_wait_for_their_redrive(
    aws: Aws, machine: Machine, switch: Path, tmp_path: Path
) -> None:
    """redrive-map-run.html: beyond the concurrency limit children are PENDING_REDRIVE."""
    start_together = {"until": str(tmp_path / "both")}
    items = [
        {"id": name, "touch": str(tmp_path / name), **start_together, "unless": str(switch)}
        for name in ("a", "b")
    ]
    execution = aws.start(machine(items))
    eventually(lambda: len(list(tmp_path.iterdir())) == 2, "both run")
    (tmp_path / "both").touch()
    aws.ended(execution)
    (run,) = aws.map_runs(execution)
    assert run["itemCounts"]["failed"] + run["itemCounts"]["aborted"] == 2
    (tmp_path / "both").unlink()
    for name in ("a", "b"):
        (tmp_path / name).unlink()
    aws.states.update_map_run(mapRunArn=run["mapRunArn"], maxConcurrency=1)
    aws.states.redrive_execution(executionArn=execution)
    eventually(lambda: len(list(tmp_path.iterdir())) == 1, "one runs")
    (run,) = aws.map_runs(execution)
    assert _counts(run) == {"running": 1, "pendingRedrive": 1, "total": 2}
    waiting = aws.states.list_executions(
        mapRunArn=run["mapRunArn"], statusFilter="PENDING_REDRIVE"
    )["executions"]
    assert len(waiting) == 1
    aws.states.stop_execution(executionArn=execution)
    run = _aborted(aws, execution)
    assert run["itemCounts"]["pendingRedrive"] == 0
    switch.touch()
    (tmp_path / "both").touch()
    assert aws.redriven(execution)["status"] == "SUCCEEDED"


def test_a_child_is_redriven_by_its_map_run_alone(aws: Aws, machine: Machine) -> None:
    """redrive-map-run.html: you redrive the parent."""
    execution = aws.run(machine([{"raise": "Broken"}]))["executionArn"]
    (run,) = aws.map_runs(execution)
    (child,) = aws.children(run["mapRunArn"])
    with pytest.raises(aws.states.exceptions.ExecutionNotRedrivable):
        aws.states.redrive_execution(executionArn=child["executionArn"])


def test_the_result_writer_writes_every_result(aws: Aws, bucket: str, machine: Machine) -> None:
    """input-output-resultwriter.html: files by status, the manifest, the state's output."""
    prefix = unique("results")
    done = aws.run(machine([{"id": "a"}, {"id": "b"}], **result_writer(bucket, prefix)))
    (run,) = aws.map_runs(done["executionArn"])
    key = f"{prefix}/{run['mapRunArn'].rsplit(':', 1)[-1]}/manifest.json"
    assert json.loads(done["output"]) == {
        "MapRunArn": run["mapRunArn"],
        "ResultWriterDetails": {"Bucket": bucket, "Key": key},
    }
    manifest = _json(aws, bucket, key)
    assert (manifest["DestinationBucket"], manifest["MapRunArn"]) == (bucket, run["mapRunArn"])
    (file,) = manifest["ResultFiles"]["SUCCEEDED"]
    rows = _json(aws, bucket, file["Key"])
    assert [json.loads(row["Output"])["Payload"]["id"] for row in rows] == ["a", "b"]
    assert {row["Status"] for row in rows} == {"SUCCEEDED"}
    assert {row["RedriveStatus"] for row in rows} == {"NOT_REDRIVABLE"}
    assert _counts(run) == {"succeeded": 2, "total": 2, "resultsWritten": 2}


def test_a_redriven_manifest_has_all_successes(
    aws: Aws, bucket: str, machine: Machine, switch: Path
) -> None:
    """input-output-resultwriter.html: all successes, the failures of one attempt."""
    prefix = unique("results")
    items = [{"id": "good"}, {"id": "bad", "unless": str(switch)}, {"id": "later"}]
    fields = {**result_writer(bucket, prefix), "MaxConcurrency": 1}
    execution = aws.run(machine(items, **fields))["executionArn"]
    (run,) = aws.map_runs(execution)
    key = f"{prefix}/{run['mapRunArn'].rsplit(':', 1)[-1]}/manifest.json"
    files = _json(aws, bucket, key)["ResultFiles"]
    (failed,) = _json(aws, bucket, files["FAILED"][0]["Key"])
    (pending,) = _json(aws, bucket, files["PENDING"][0]["Key"])
    assert (failed["Error"], failed["RedriveStatus"]) == ("Refused", "REDRIVABLE_BY_MAP_RUN")
    assert json.loads(pending["Input"]) == {"id": "later"}
    switch.touch()
    aws.redriven(execution)
    files = _json(aws, bucket, key)["ResultFiles"]
    assert files["FAILED"] == files["PENDING"] == []
    assert len(_json(aws, bucket, files["SUCCEEDED"][0]["Key"])) == 3


def test_a_map_entered_twice_has_two_map_runs(
    aws: Aws, bucket: str, invoke: Invoke, switch: Path
) -> None:
    """redrive-map-run.html: the redriven Map Run is the one of the state that was not exited."""
    key = unique("items.json")
    items = [{"id": "a"}, {"id": "b"}]
    aws.s3.put_object(Bucket=bucket, Key=key, Body=json.dumps(items).encode())
    # In the second round one item fails until mended.
    selector = {"id.$": "$$.Map.Item.Value.id", "unless.$": "$.unless"}
    each = _map_state(bucket, key, invoke, ItemSelector=selector, ResultPath=None, Next="Count")
    definition = {
        "StartAt": "Each",
        "States": {
            "Each": each,
            "Count": {
                "Type": "Pass",
                "Parameters": {"round.$": "$.next", "next": 2, "unless": str(switch)},
                "Next": "Again?",
            },
            "Again?": {
                "Type": "Choice",
                "Choices": [{"Variable": "$.round", "NumericLessThan": 2, "Next": "Each"}],
                "Default": "Done",
            },
            "Done": {"Type": "Succeed"},
        },
    }
    execution = aws.start(aws.machine(definition), {"round": 0, "next": 1, "unless": "/"})
    assert aws.ended(execution)["status"] == "FAILED"
    first, second = aws.map_runs(execution)
    assert (first["status"], second["status"]) == ("SUCCEEDED", "FAILED")
    switch.touch()
    assert aws.redriven(execution)["status"] == "SUCCEEDED"
    first, second = aws.map_runs(execution)
    assert (first["redriveCount"], second["redriveCount"]) == (0, 1)


def test_a_list_that_cannot_be_read_has_a_map_run_that_a_redrive_continues(
    aws: Aws, bucket: str, invoke: Invoke
) -> None:
    """Recorded: localstack, test_map_item_reader_json_no_json_list_object (2023-09-21).

    redrive-map-run.html: the redrive reads the list again.
    """
    key = unique("late.json")
    aws.s3.put_object(Bucket=bucket, Key=key, Body=b"{}")
    definition = only(_map_state(bucket, key, invoke))
    execution = aws.start(aws.machine(definition))
    failed = aws.ended(execution)
    assert (failed["error"], failed["cause"]) == (
        "States.ItemReaderFailed",
        "Attempting to map over non-iterable node.",
    )
    assert aws.event_types(execution) == [
        "ExecutionStarted", "MapStateEntered", "MapStateStarted", "MapRunStarted", "MapRunFailed",
        "MapStateFailed", "ExecutionFailed",
    ]  # fmt: skip
    assert aws.history(execution)[2]["mapStateStartedEventDetails"] == {"length": 0}
    (run,) = aws.map_runs(execution)
    assert run["status"] == "FAILED"
    assert set(run["itemCounts"].values()) == {0}
    aws.s3.put_object(Bucket=bucket, Key=key, Body=b'[{"id": "late"}]')
    assert aws.redriven(execution)["status"] == "SUCCEEDED"
    (again,) = aws.map_runs(execution)
    assert (again["mapRunArn"], again["redriveCount"]) == (run["mapRunArn"], 1)
    assert again["itemCounts"]["succeeded"] == 1
    assert "MapRunRedriven" in aws.event_types(execution)


@pytest.mark.parametrize(
    ("items", "fields", "error"),
    [
        ([{"bytes": 200_000}, {"bytes": 200_000}], {}, "States.DataLimitExceeded"),
        ([{"id": "a"}], {"OutputPath": "$.absent"}, "States.Runtime"),
    ],
)
def test_a_result_that_cannot_be_used_starts_a_new_map_run_when_redriven(
    aws: Aws, machine: Machine, items: list[Any], fields: dict[str, Any], error: str
) -> None:
    """redrive-map-run.html: a new Map Run after States.DataLimitExceeded, and after a JSON data
    interpolation error.
    """
    failed = aws.run(machine(items, **fields))
    assert failed["error"] == error
    aws.redriven(failed["executionArn"])
    assert [run["redriveCount"] for run in aws.map_runs(failed["executionArn"])] == [0, 0]


def test_the_machines_time_limit_aborts_the_children(
    aws: Aws, machine: Machine, switch: Path
) -> None:
    """redrive-map-run.html: the Map Run cancels its children when the parent times out."""
    arn = machine([{"id": "held", "until": str(switch)}])
    definition = json.loads(aws.states.describe_state_machine(stateMachineArn=arn)["definition"])
    aws.states.update_state_machine(
        stateMachineArn=arn, definition=json.dumps(definition | {"TimeoutSeconds": 1})
    )

    def aborted_child() -> str | None:
        """An execution that timed out while its child ran; None if a busy machine began none."""
        execution = aws.start(arn)
        assert aws.ended(execution)["status"] == "TIMED_OUT"
        started = aws.map_runs(execution)
        if not started or not aws.children(started[0]["mapRunArn"]):
            return None
        run = _aborted(aws, execution)
        assert _counts(run) == {"aborted": 1, "total": 1}
        return execution

    execution = eventually(aborted_child, "a child runs within a second")
    switch.touch()
    # Each redrive has a second, too.
    eventually(lambda: aws.redriven(execution)["status"] == "SUCCEEDED", "a redrive is in time")
    (run,) = aws.map_runs(execution)
    assert run["redriveCount"] >= 1


def test_children_are_listed_by_status_and_by_redrive(
    aws: Aws, machine: Machine, switch: Path
) -> None:
    """API_ListExecutions.html: statusFilter, redriveFilter, pages."""
    items = [{"id": "good"}, {"id": "bad", "unless": str(switch)}]
    execution = aws.run(machine(items, MaxConcurrency=1))["executionArn"]
    (run,) = aws.map_runs(execution)

    def listed(**filters: Any) -> int:
        answer = aws.states.list_executions(mapRunArn=run["mapRunArn"], **filters)
        return len(answer["executions"])

    assert (listed(statusFilter="FAILED"), listed(statusFilter="SUCCEEDED")) == (1, 1)
    assert listed(redriveFilter="REDRIVEN") == 0
    switch.touch()
    aws.redriven(execution)
    assert (listed(redriveFilter="REDRIVEN"), listed(redriveFilter="NOT_REDRIVEN")) == (1, 1)
    first = aws.states.list_executions(mapRunArn=run["mapRunArn"], maxResults=1)
    second = aws.states.list_executions(
        mapRunArn=run["mapRunArn"], maxResults=1, nextToken=first["nextToken"]
    )
    assert "nextToken" not in second
    assert first["executions"][0]["executionArn"] != second["executions"][0]["executionArn"]
    with pytest.raises(aws.states.exceptions.ClientError, match="ValidationException"):
        aws.states.list_executions(
            stateMachineArn=execution.rsplit(":", 1)[0].replace(":execution:", ":stateMachine:"),
            statusFilter="PENDING_REDRIVE",
        )


@pytest.mark.parametrize(
    ("action", "error"),
    [
        ("s3:GetObject", "States.ItemReaderFailed"),
        ("s3:PutObject", "States.ResultWriterFailed"),
        ("states:StartExecution", "States.Permissions"),
    ],
)
def test_the_machines_role_is_needed_to_run_a_map(
    aws: Aws, bucket: str, machine: Machine, action: str, error: str
) -> None:
    """iam-policies-eg-dist-map.html; redrive-map-run.html: add the permission and redrive."""
    role = aws.everything_but(action)
    fields = result_writer(bucket, unique("results"))
    execution = aws.start(machine([{"id": "a"}], role=role, **fields))
    failed = aws.ended(execution)
    assert failed["error"] == error
    assert action in failed["cause"]
    aws.set_policy(role, allow("*"))
    assert aws.redriven(execution)["status"] == "SUCCEEDED"


def test_the_machines_role_is_needed_to_redrive_children(
    aws: Aws, machine: Machine, switch: Path
) -> None:
    """redrive-map-run.html, "IAM permission to redrive a Map Run"."""
    role = aws.everything_but("states:RedriveExecution")
    execution = aws.run(machine([{"unless": str(switch)}], role=role))["executionArn"]
    switch.touch()
    denied = aws.redriven(execution)
    assert denied["status"] == "FAILED"
    assert "states:RedriveExecution" in denied["cause"]
    assert "/Items:" in denied["cause"]
    aws.set_policy(role, allow("*"))
    assert aws.redriven(execution)["status"] == "SUCCEEDED"
