"""Executions across a stop and a start, and what a redrive depends on that takes days on AWS.

Pages of the Step Functions Developer Guide (docs.aws.amazon.com/step-functions/latest/dg/):
redrive-executions.html, redrive-map-run.html. A stop is the embedded AWS's own.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from local import server
from tests.emulator.conftest import Aws, eventually

SETTINGS = {"INGEST_LOCAL_WAIT_SCALE": "0.01"}


@contextmanager
def _running(data: Path, **settings: str) -> Iterator[Aws]:
    started = server.start(data, settings=SETTINGS | settings)
    try:
        yield Aws(started.server)
    finally:
        server.stop(data)


def _map_machine(aws: Aws, items: list[dict[str, Any]]) -> str:
    aws.s3.create_bucket(Bucket="bucket")
    aws.s3.put_object(Bucket="bucket", Key="items.json", Body=json.dumps(items).encode())
    work = {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Parameters": {"FunctionName": aws.function(), "Payload.$": "$"},
        "End": True,
    }
    each = {
        "Type": "Map",
        "Label": "Items",
        "ItemReader": {
            "Resource": "arn:aws:states:::s3:getObject",
            "ReaderConfig": {"InputType": "JSON"},
            "Parameters": {"Bucket": "bucket", "Key": "items.json"},
        },
        "ItemProcessor": {
            "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
            "StartAt": "Work",
            "States": {"Work": work},
        },
        "MaxConcurrency": 1,
        "End": True,
    }
    definition = {"StartAt": "Each", "States": {"Each": each}}
    return aws.machine(definition, role=aws.machine_role())


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "aws"


def test_failed_executions_stay_redrivable_and_running_ones_become_so(
    data: Path, tmp_path: Path
) -> None:
    """redrive-map-run.html: only the unsuccessful children run again, after a restart too."""
    mended, go = tmp_path / "mended", tmp_path / "go"
    items = [{"id": "good"}, {"id": "bad", "unless": str(mended)}, {"id": "later"}]
    with _running(data) as aws:
        machine = _map_machine(aws, items)
        failed = aws.start(machine)
        aws.ended(failed)
        on = tmp_path / "on"
        held = [{"id": "held", "touch": str(on), "until": str(go)}]
        aws.s3.put_object(Bucket="bucket", Key="items.json", Body=json.dumps(held).encode())
        interrupted = aws.start(machine)
        eventually(on.exists, "the second execution is in its child")
        before = aws.history(failed)
    mended.touch()
    go.touch()
    with _running(data) as aws:
        assert aws.history(failed) == before
        assert aws.redriven(failed)["status"] == "SUCCEEDED"
        (run,) = aws.map_runs(failed)
        assert (run["redriveCount"], run["itemCounts"]["succeeded"]) == (1, 3)
        children = aws.children(run["mapRunArn"])
        assert sorted(child["redriveCount"] for child in children) == [0, 0, 1]
        closed = aws.ended(interrupted)
        assert (closed["status"], closed["error"]) == ("FAILED", "States.ServiceRestart")
        assert closed["redriveStatus"] == "REDRIVABLE"
        (run,) = aws.map_runs(interrupted)
        assert (run["status"], run["itemCounts"]["aborted"]) == ("ABORTED", 1)
        assert aws.redriven(interrupted)["status"] == "SUCCEEDED"


def test_the_redrivable_period_is_14_days_for_each_execution(
    data: Path, tmp_path: Path
) -> None:
    """redrive-executions.html, eligibility; redrive-map-run.html: the children's own close counts."""
    with _running(data) as aws:
        items = [{"id": "bad", "unless": str(tmp_path / "mended")}]
        execution = aws.start(_map_machine(aws, items))
        aws.ended(execution)
        (run,) = aws.map_runs(execution)
        (child,) = aws.children(run["mapRunArn"])
    (tmp_path / "mended").touch()

    _close_days_ago(data, {child["executionArn"]: 15, execution: 13})
    with _running(data) as aws:
        assert aws.ended(execution)["redriveStatus"] == "REDRIVABLE"
        (old,) = aws.children(run["mapRunArn"])
        assert old["redriveStatus"] == "NOT_REDRIVABLE"
        assert old["redriveStatusReason"] == "Execution redrivable period exceeded"
        (described,) = aws.map_runs(execution)
        assert described["executionCounts"]["failuresNotRedrivable"] == 1
        failed = aws.redriven(execution)
        assert failed["error"] == "States.ExceedToleratedFailureThreshold"
        assert aws.children(run["mapRunArn"])[0]["redriveCount"] == 0

    _close_days_ago(data, {execution: 15})
    with _running(data) as aws:
        described = aws.ended(execution)
        assert described["redriveStatus"] == "NOT_REDRIVABLE"
        assert described["redriveStatusReason"] == "Execution redrivable period exceeded"
        with pytest.raises(aws.states.exceptions.ExecutionNotRedrivable, match="period exceeded"):
            aws.states.redrive_execution(executionArn=execution)


def _close_days_ago(data: Path, days: dict[str, int]) -> None:
    """Rewrite when executions ended, in the state that a stopped emulator has saved."""
    (file,) = data.rglob("stepfunctions.json")
    saved = json.loads(file.read_text())
    executions = saved["payload"]["executions"]["data"].values()
    for execution in executions:
        if execution["executionArn"] in days:
            moment = datetime.now(UTC) - timedelta(days=days[execution["executionArn"]])
            execution["stopDate"] = moment.isoformat(timespec="milliseconds")
    file.write_text(json.dumps(saved))


@pytest.mark.parametrize(
    ("settings", "succeeded"), [({}, 2), ({"INGEST_LOCAL_REDRIVE_PENDING": "leave"}, 1)]
)
def test_items_never_started_by_both_readings(
    data: Path, tmp_path: Path, settings: dict[str, str], succeeded: int
) -> None:
    """redrive-map-run.html speaks of unsuccessful children alone; whether the items that were
    never started run too is not said, so a workflow must stand both.
    """
    mended = tmp_path / "mended"
    with _running(data, **settings) as aws:
        items = [{"id": "bad", "unless": str(mended)}, {"id": "never"}]
        execution = aws.start(_map_machine(aws, items))
        aws.ended(execution)
        (run,) = aws.map_runs(execution)
        assert run["itemCounts"]["pending"] == 1
        mended.touch()
        assert aws.redriven(execution)["status"] == "SUCCEEDED"
        (run,) = aws.map_runs(execution)
        assert run["itemCounts"]["succeeded"] == succeeded
        assert run["itemCounts"]["pending"] == 2 - succeeded
