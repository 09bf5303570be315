"""Executions across a stop and a start, and what a redrive depends on that takes days on AWS.

Pages of the Step Functions Developer Guide (docs.aws.amazon.com/step-functions/latest/dg/):
redrive-executions.html, redrive-map-run.html. AWS has no stop; while the embedded one is stopped,
the tests rewrite when executions ended, in its saved state. It starts again with the other reading
of what a redrive does with items that were never started.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from embedded_aws.tests import running
from embedded_aws.tests.conftest import Aws, eventually, map_state, only, task


@dataclass
class Restarted:
    """An emulator that was stopped and started, and executions from before."""

    aws: Aws
    failed: str
    """Of three children the first succeeded, the second failed, the third never started."""
    history: list[dict[str, Any]]
    """Of `failed`, before the stop."""
    interrupted: str
    """Its one child was in its task when the emulator was stopped."""
    child_expired: str
    """It failed 13 days ago, its one child 15 days ago."""
    expired: str
    """It failed 15 days ago."""


@pytest.fixture(scope="module")
def restarted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Restarted]:
    data, files = tmp_path_factory.mktemp("aws"), tmp_path_factory.mktemp("files")
    mended, on, go = (files / name for name in ("mended", "on", "go"))
    bad = {"id": "bad", "unless": str(mended)}
    settings = {"EMBEDDED_AWS_WAIT_SCALE": "0.01"}
    aws = Aws(running.start(data, settings=settings).server)
    try:
        machine = _map_machine(aws)
        failed = _start(aws, machine, [{"id": "good"}, bad, {"id": "never"}])
        child_expired = _start(aws, machine, [bad])
        expired = _start(aws, machine, [bad])
        for each in (failed, child_expired, expired):
            aws.ended(each)
        interrupted = _start(aws, machine, [{"id": "h", "touch": str(on), "until": str(go)}])
        eventually(on.exists, "the child is in its task")
        history = aws.history(failed)
        (run,) = aws.map_runs(child_expired)
        (child,) = aws.children(run["mapRunArn"])
    finally:
        running.stop(data)
    _set_end(data, {child_expired: 13, child["executionArn"]: 15, expired: 15})
    mended.touch()
    go.touch()
    settings["EMBEDDED_AWS_REDRIVE_PENDING"] = "leave"
    again = Aws(running.start(data, settings=settings).server)
    yield Restarted(again, failed, history, interrupted, child_expired, expired)
    running.stop(data)


def _map_machine(aws: Aws) -> str:
    aws.s3.create_bucket(Bucket="bucket")
    items = {"Bucket": "bucket", "Key.$": "$.key"}
    each = map_state(items, {"Work": task(aws.function())}, MaxConcurrency=1)
    definition = only(each)
    return aws.machine(definition)


def _start(aws: Aws, machine: str, items: list[dict[str, Any]]) -> str:
    body = json.dumps(items).encode()
    key = f"{abs(hash(body))}.json"
    aws.s3.put_object(Bucket="bucket", Key=key, Body=body)
    return aws.start(machine, {"key": key})


def _set_end(data: Path, days_ago: dict[str, int]) -> None:
    file = data / "state" / "stepfunctions.json"
    saved = json.loads(file.read_text())
    for execution in saved["payload"]["executions"]:
        if execution["arn"] in days_ago:
            ended = datetime.now(UTC) - timedelta(days=days_ago[execution["arn"]])
            execution["stopped"] = ended.isoformat(timespec="milliseconds")
    file.write_text(json.dumps(saved))


def test_a_failed_execution_is_redriven_after_a_restart(restarted: Restarted) -> None:
    """redrive-map-run.html speaks of unsuccessful children alone; whether items that were never
    started run too is not said, so a workflow must stand both. Here they are left pending.
    """
    aws = restarted.aws
    assert aws.history(restarted.failed) == restarted.history
    assert aws.redriven(restarted.failed)["status"] == "SUCCEEDED"
    (run,) = aws.map_runs(restarted.failed)
    counts = {name: count for name, count in run["itemCounts"].items() if count}
    assert counts == {"succeeded": 2, "pending": 1, "total": 3}
    children = aws.children(run["mapRunArn"])
    assert sorted(child["redriveCount"] for child in children) == [0, 1]


def test_items_that_a_redrive_reads_first_are_started(restarted: Restarted) -> None:
    """redrive-map-run.html, input on redrive: they are not items that an attempt left pending."""
    aws = restarted.aws
    execution = aws.start(_map_machine(aws), {"key": "late.json"})
    assert aws.ended(execution)["error"] == "States.ItemReaderFailed"
    aws.s3.put_object(Bucket="bucket", Key="late.json", Body=b'[{"id": "late"}]')
    assert aws.redriven(execution)["status"] == "SUCCEEDED"
    (run,) = aws.map_runs(execution)
    assert run["itemCounts"]["succeeded"] == 1


def test_an_interrupted_execution_has_failed_and_is_redrivable(restarted: Restarted) -> None:
    """The embedded AWS's own: an execution cannot outlive the process."""
    aws = restarted.aws
    closed = aws.ended(restarted.interrupted)
    assert (closed["status"], closed["error"]) == ("FAILED", "States.ServiceRestart")
    assert closed["redriveStatus"] == "REDRIVABLE"
    assert aws.event_types(restarted.interrupted)[-1] == "ExecutionFailed"
    (run,) = aws.map_runs(restarted.interrupted)
    assert (run["status"], run["itemCounts"]["aborted"]) == ("ABORTED", 1)
    assert aws.redriven(restarted.interrupted)["status"] == "SUCCEEDED"


def test_after_14_days_an_execution_cannot_be_redriven(restarted: Restarted) -> None:
    """redrive-executions.html, eligibility; API_RedriveExecution.html."""
    aws = restarted.aws
    described = aws.ended(restarted.expired)
    assert described["redriveStatus"] == "NOT_REDRIVABLE"
    assert described["redriveStatusReason"] == "Execution redrivable period exceeded"
    with pytest.raises(aws.states.exceptions.ExecutionNotRedrivable, match="period exceeded"):
        aws.states.redrive_execution(executionArn=restarted.expired)


def test_a_child_that_closed_over_14_days_ago_has_failed_for_good(restarted: Restarted) -> None:
    """redrive-map-run.html: a child might not be redrivable although its parent is."""
    aws = restarted.aws
    assert aws.ended(restarted.child_expired)["redriveStatus"] == "REDRIVABLE"
    (run,) = aws.map_runs(restarted.child_expired)
    assert run["executionCounts"]["failuresNotRedrivable"] == 1
    (child,) = aws.children(run["mapRunArn"])
    assert child["redriveStatus"] == "NOT_REDRIVABLE"
    failed = aws.redriven(restarted.child_expired)
    assert failed["error"] == "States.ExceedToleratedFailureThreshold"
    (child,) = aws.children(run["mapRunArn"])
    assert child["redriveCount"] == 0
