"""What a person breaks, and what the runbook's page says then: not simulated, but done."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from demo import flaws
from demo.batch import Batch
from functions.domain.attribute_values import from_item, to_item
from functions.domain.ledger_rows import object_partition
from functions.domain.timestamps import timestamp
from ops.commands.redrive import restart
from ops.model import replays
from ops.model.failures import read_failed
from ops.model.uploads import Upload
from tests.e2e import content
from tests.e2e.faults.conftest import Show
from tests.e2e.faults.world import FaultyDeployment

WRITES_JOB = {"action": "dynamodb:UpdateItem", "having": ["ingestState"]}


def _delivered_and(
    world: FaultyDeployment, batch: Batch, do: Callable[[str], None], **held: Any
) -> tuple[Upload, str]:
    """Deliver an object, and do something while a call of its execution waits."""
    with world.fault(**held, kind="hold"):
        upload = world.deliver(batch)
        arn = world.execution_of(batch)
        world.until_held()
        do(arn)
    return upload, arn


def _replay_cures(
    world: FaultyDeployment, batch: Batch, upload: Upload, *, accept_rejects: bool = False
) -> None:
    """A replay leaves what an undisturbed run does, but that the claim is its own."""
    (found,) = replays.find(world.deployed, batch.job.job_id)
    again = replays.start(
        world.deployed, found, reason="as the runbook says", accept_rejects=accept_rejects
    )
    assert world.until_ended(again) == "SUCCEEDED"
    (difference,) = world.differences(batch, upload)
    assert f"claim {batch.key}, generation: " in difference


def _delete(world: FaultyDeployment, batch: Batch, part: str) -> list[str]:
    """Delete the files of a job under `work/` that have this in their keys; their keys."""
    deployed = world.deployed
    found = [key for key in content.keys(deployed, f"work/{batch.job.job_id}/") if part in key]
    for key in found:
        deployed.s3.delete_object(Bucket=deployed.bucket, Key=key)
    return found


HELD_IN: dict[str, tuple[str, dict[str, Any]]] = {
    "/ranges-": ("LoadRanges", {"caller": "*PlanRanges*", **WRITES_JOB}),
    "/images/": ("MigrateImages", {"caller": "*VerifyLoad*", "action": "s3:PutObject"}),
    "/chunks-0.json": (
        "VerifyMigration",
        {"caller": "*VerifyMigration*", "action": "dynamodb:Query"},
    ),
}
"""By a part of a file's key: the state that reads it, and a call before it does."""
_SLOW = pytest.param("/chunks-0.json", marks=pytest.mark.slow)


@pytest.mark.parametrize("part", ["/images/", _SLOW])
def test_a_file_that_is_overwritten_is_named_and_a_replay_writes_it_again(
    world: FaultyDeployment, show: Show, part: str
) -> None:
    state, held = HELD_IN[part]
    show(
        f"A person overwrites `work/…{part}…`",
        state=state,
        error="WorkFileDamaged",
        cured="as undisturbed, after `ingest replay JOB`",
    )
    batch = world.new_batch()
    damaged: list[str] = []

    def overwrite(_: str) -> None:
        damaged.extend(_delete(world, batch, part))
        for key in damaged:
            world.deployed.s3.put_object(Bucket=world.deployed.bucket, Key=key, Body=b'{"cut o')

    upload, arn = _delivered_and(world, batch, overwrite, **held)
    assert "WorkFileDamaged" in _fails_naming(world, arn, state, damaged)
    _replay_cures(world, batch, upload)


@pytest.mark.parametrize("part", ["/ranges-", "/images/", _SLOW])
def test_a_file_that_is_gone_for_good_is_named_and_a_replay_writes_it_again(
    world: FaultyDeployment, show: Show, part: str
) -> None:
    state, held = HELD_IN[part]
    what = f"A person deletes `work/…{part}…` for good"
    show(what, state=state, cured="as undisturbed, after `ingest replay JOB`")
    batch = world.new_batch()
    gone: list[str] = []
    upload, arn = _delivered_and(
        world, batch, lambda _: gone.extend(_delete(world, batch, part)), **held
    )
    text = _fails_naming(world, arn, state, gone)
    assert f"(`ingest replay {batch.job.job_id} --object {batch.key}`)" in text
    restart(world.deployed, [read_failed(world.deployed, arn)])
    assert world.until_ended(arn) == "FAILED"
    _replay_cures(world, batch, upload)


def _fails_naming(world: FaultyDeployment, arn: str, state: str, keys: list[str]) -> str:
    """The message of an execution that fails in a state of one of some files."""
    assert world.until_ended(arn) == "FAILED"
    message = world.inbox.told(arn, "FAILED")
    assert message.facts["failedState"] == state
    assert any(key in message.text for key in keys)
    assert "ingest replay" in message.text
    return message.text


def test_a_map_whose_results_a_person_deletes_needs_no_cure(
    world: FaultyDeployment, show: Show
) -> None:
    show("A person deletes the results of the maps", cured="nothing fails")

    def delete_results(_: str) -> None:
        assert _delete(world, batch, "-results/")

    batch = world.new_batch()
    held = {"caller": "*VerifyMigration*", "action": "dynamodb:Query"}
    upload, arn = _delivered_and(world, batch, delete_results, **held)
    assert world.until_ended(arn) == "SUCCEEDED"
    assert world.differences(batch, upload) == []


def test_too_many_rejects_end_as_they_are_by_a_replay_that_accepts_them(
    world: FaultyDeployment, show: Show
) -> None:
    show(
        "25 of 40 records are rejects",
        state="TooManyRejects",
        error="TooManyRejects",
        cured="as undisturbed, after `ingest replay JOB --accept-rejects`",
    )
    batch = world.new_batch(records=40, flawed={flaws.MODEL_ERROR: 25})
    upload, arn = world.ingest(batch, ends="FAILED")
    facts = world.inbox.told(arn, "FAILED").facts
    assert facts["failedState"] == "TooManyRejects"
    assert facts["command"] == f"ingest rejects {batch.job.job_id}"
    _replay_cures(world, batch, upload, accept_rejects=True)
    assert world.job_status(batch) == "COMPLETED"


def _make_old(world: FaultyDeployment, batch: Batch) -> None:
    """Make the claim, and all that was written for it, eight hours older than it is."""
    ledger, by = world.deployed.outputs["LedgerTableName"], timedelta(hours=8)
    job_id = batch.job.job_id

    def change(row: dict[str, Any], **values: object) -> None:
        world.deployed.dynamodb.update_item(
            TableName=ledger,
            Key=to_item({"pk": row["pk"], "sk": row["sk"]}),
            UpdateExpression="SET " + ", ".join(f"#{name} = :{name}" for name in values),
            ExpressionAttributeNames={f"#{name}": name for name in values},
            ExpressionAttributeValues=to_item({f":{name}": values[name] for name in values}),
        )

    old = timestamp(datetime.now(UTC) - by)
    claim = {"pk": f"job#{job_id}", "sk": f"claim#{batch.key}"}
    change(claim, claimedAt=old, eventTime=old)
    rows = world.deployed.dynamodb.query(
        TableName=ledger,
        KeyConditionExpression="pk = :pk",
        ExpressionAttributeValues={":pk": {"S": object_partition(job_id, batch.key, 1)}},
    )["Items"]
    for row in map(from_item, rows):
        change(row, ttl=int(row["ttl"] - by.total_seconds()))


def test_an_execution_that_hangs_is_found_stopped_and_redriven(
    world: FaultyDeployment, show: Show
) -> None:
    what = "LoadSegment is silent for hours: the search finds it, and a person stops the execution"
    show(what, state="LoadRanges", cured="the job is completed")

    def find_and_stop(arn: str) -> None:
        before = world.search()["stuckJobs"]
        _make_old(world, batch)
        assert world.search()["stuckJobs"] == before + 1
        logs = world.deployed.make_client("logs").filter_log_events(
            logGroupName=f"/aws/lambda/{world.deployed.stack}-FindStuckJobs",
            filterPattern="job_stuck",
        )["events"]
        (line,) = (each["message"] for each in logs if batch.job.job_id in each["message"])
        assert json.loads(line)["cure"].startswith(f"ingest inspect {arn}; if it has ended, ")
        world.deployed.step_functions.stop_execution(executionArn=arn)
        assert world.until_ended(arn) == "ABORTED"
        world.inbox.told(arn, "ABORTED")

    batch = world.new_batch()
    held = {"caller": "*LoadSegment*", "action": "s3:GetObject"}
    _, arn = _delivered_and(world, batch, find_and_stop, **held)
    world.redrive(arn)
    assert world.job_status(batch) == "COMPLETED"
    world.inbox.told(arn, "RECOVERED", redrives=1)
