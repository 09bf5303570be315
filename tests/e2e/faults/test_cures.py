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
from tests.e2e.faults.conftest import Show
from tests.e2e.faults.world import FaultyDeployment
from tests.e2e.waiting import eventually

WRITES_JOB = {"action": "dynamodb:UpdateItem", "having": ["ingestState"]}


def _delivered_and(
    world: FaultyDeployment, batch: Batch, do: Callable[[str], None], **held: Any
) -> tuple[Upload, str]:
    """Deliver an object, and do something while a call of its execution waits."""
    with world.fault(**held, kind="hold"):
        upload = world.deliver(batch)
        arn = world.execution_of(batch)
        eventually(lambda: world.faults()["faults"][0]["done"], "a call waits")
        do(arn)
    return upload, arn


def _replayed(world: FaultyDeployment, batch: Batch, *, accept_rejects: bool = False) -> str:
    (found,) = replays.find(world.deployed, batch.job.job_id)
    return replays.start(
        world.deployed, found, reason="as the runbook says", accept_rejects=accept_rejects
    )


def _left_behind(world: FaultyDeployment, batch: Batch, upload: Upload) -> list[str]:
    """What differs from an undisturbed run, but that the claim is a replay's."""
    found = world.differences(batch, upload)
    (claimed,) = (each for each in found if f"claim {batch.key}, generation: " in each)
    return [each for each in found if each != claimed]


def _deleted(world: FaultyDeployment, batch: Batch, part: str) -> list[str]:
    """Delete files of a job under `work/`, those with a word in their keys."""
    s3, bucket = world.deployed.s3, world.deployed.bucket
    listed = s3.list_objects_v2(Bucket=bucket, Prefix=f"work/{batch.job.job_id}/")
    keys = [each["Key"] for each in listed["Contents"] if part in each["Key"]]
    for key in keys:
        s3.delete_object(Bucket=bucket, Key=key)
    return keys


def _overwritten(world: FaultyDeployment, batch: Batch, part: str) -> list[str]:
    """Put something else in the place of such files."""
    keys = _deleted(world, batch, part)
    for key in keys:
        world.deployed.s3.put_object(Bucket=world.deployed.bucket, Key=key, Body=b'{"cut o')
    return keys


@pytest.mark.parametrize(
    ("part", "held", "state"),
    [
        ("/images/", {"caller": "*VerifyLoad*", "action": "s3:PutObject"}, "MigrateImages"),
        pytest.param(
            "/chunks-0.json",
            {"caller": "*VerifyMigration*", "action": "dynamodb:Query"},
            "VerifyMigration",
            marks=pytest.mark.slow,
        ),
    ],
)
def test_a_file_that_is_overwritten_is_named_and_a_replay_writes_it_anew(
    world: FaultyDeployment, show: Show, part: str, held: dict[str, Any], state: str
) -> None:
    what = f"A person overwrites `work/…{part}…`"
    show(
        what,
        state=state,
        error="WorkFileDamaged",
        cured="as undisturbed, after `ingest replay JOB`",
    )
    batch = world.new_batch()
    damaged: list[str] = []
    upload, arn = _delivered_and(
        world, batch, lambda _: damaged.extend(_overwritten(world, batch, part)), **held
    )
    assert world.until_ended(arn) == "FAILED"
    told = world.inbox.told(arn, "FAILED")
    assert told.facts["failedState"] == state
    assert "WorkFileDamaged" in told.text
    assert any(key in told.text for key in damaged)
    assert "ingest replay" in told.text
    assert world.until_ended(_replayed(world, batch)) == "SUCCEEDED"
    assert _left_behind(world, batch, upload) == []


@pytest.mark.parametrize(
    ("part", "held", "state"),
    [
        ("/ranges-", {"caller": "*PlanRanges*", **WRITES_JOB}, "LoadRanges"),
        ("/images/", {"caller": "*VerifyLoad*", "action": "s3:PutObject"}, "MigrateImages"),
        pytest.param(
            "/chunks-0.json",
            {"caller": "*VerifyMigration*", "action": "dynamodb:Query"},
            "VerifyMigration",
            marks=pytest.mark.slow,
        ),
    ],
)
def test_a_file_that_is_gone_for_good_is_named_and_a_replay_writes_it_anew(
    world: FaultyDeployment, show: Show, part: str, held: dict[str, Any], state: str
) -> None:
    what = f"A person deletes `work/…{part}…` for good"
    show(what, state=state, cured="as undisturbed, after `ingest replay JOB`")
    batch = world.new_batch()
    gone: list[str] = []
    upload, arn = _delivered_and(
        world, batch, lambda _: gone.extend(_deleted(world, batch, part)), **held
    )
    assert world.until_ended(arn) == "FAILED"
    told = world.inbox.told(arn, "FAILED")
    assert told.facts["failedState"] == state
    assert any(key in told.text for key in gone)
    assert f"(`ingest replay {batch.job.job_id} --object {batch.key}`)" in told.text
    restart(world.deployed, [read_failed(world.deployed, arn)])
    assert world.until_ended(arn) == "FAILED"
    assert world.until_ended(_replayed(world, batch)) == "SUCCEEDED"
    assert _left_behind(world, batch, upload) == []


def test_a_map_whose_results_somebody_deletes_needs_no_cure(
    world: FaultyDeployment, show: Show
) -> None:
    show("A person deletes the results of the maps", cured="nothing fails")

    def delete_results(_: str) -> None:
        assert _deleted(world, batch, "-results/")

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
    upload = world.deliver(batch)
    arn = world.execution_of(batch)
    assert world.until_ended(arn) == "FAILED"
    facts = world.inbox.told(arn, "FAILED").facts
    assert facts["failedState"] == "TooManyRejects"
    assert facts["command"] == f"ingest rejects {batch.job.job_id}"
    assert world.until_ended(_replayed(world, batch, accept_rejects=True)) == "SUCCEEDED"
    assert world.job_status(batch) == "COMPLETED"
    assert _left_behind(world, batch, upload) == []


def _make_old(world: FaultyDeployment, batch: Batch) -> None:
    """Make the claim, and all that was written for it, eight hours older than it is."""
    ledger, by = world.deployed.outputs["LedgerTableName"], timedelta(hours=8)
    job_id = batch.job.job_id

    def change(key: dict[str, Any], what: str, value: object, **names: str) -> None:
        world.deployed.dynamodb.update_item(
            TableName=ledger,
            Key=to_item(key),
            UpdateExpression=f"SET {what}",
            ExpressionAttributeValues=to_item({":value": value}),
            **({"ExpressionAttributeNames": names} if names else {}),  # type: ignore[arg-type]
        )

    claim = {"pk": f"job#{job_id}", "sk": f"claim#{batch.key}"}
    change(claim, "claimedAt = :value, eventTime = :value", timestamp(datetime.now(UTC) - by))
    rows = world.deployed.dynamodb.query(
        TableName=ledger,
        KeyConditionExpression="pk = :pk",
        ExpressionAttributeValues={":pk": {"S": object_partition(job_id, batch.key, 1)}},
    )["Items"]
    for row in map(from_item, rows):
        key = {"pk": row["pk"], "sk": row["sk"]}
        change(key, "#ttl = :value", int(row["ttl"] - by.total_seconds()), **{"#ttl": "ttl"})


def test_an_execution_that_hangs_is_found_stopped_and_redriven(
    world: FaultyDeployment, show: Show
) -> None:
    what = "LoadSegment is silent for hours: the search finds it, and a person stops the execution"
    show(what, state="LoadRanges", cured="the job is completed")
    functions, search = world.deployed.make_client("lambda"), world.function("FindStuckJobs")

    def stuck() -> int:
        answer = functions.invoke(FunctionName=search, Payload=b"{}")
        return int(json.loads(answer["Payload"].read())["stuckJobs"])

    def find_and_stop(arn: str) -> None:
        before = stuck()
        _make_old(world, batch)
        assert stuck() == before + 1
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
    restart(world.deployed, [read_failed(world.deployed, arn)])
    assert world.until_ended(arn) == "SUCCEEDED"
    assert world.job_status(batch) == "COMPLETED"
    world.inbox.told(arn, "RECOVERED", redrives=1)
