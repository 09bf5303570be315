"""Failures that are the job's own, verdicts that no redrive changes, and faults that heal."""

from collections.abc import Mapping
from typing import Any

import pytest

from demo.batch import Batch
from functions.domain.attribute_values import to_item
from ops.model import replays
from ops.model.failures import read_failed
from tests.e2e.faults.conftest import Show
from tests.e2e.faults.world import FaultyDeployment
from tests.e2e.waiting import eventually


def _put_on_record(world: FaultyDeployment, batch: Batch, *records: dict[str, object]) -> None:
    """Let a job have these records alone: each as the application writes it, but for this."""
    job = batch.job
    for submit_time in (job.submit_time, "2020-01-01T00:00:00Z"):
        world.deployed.dynamodb.delete_item(
            TableName=world.deployed.outputs["BatchJobsTableName"],
            Key=to_item({"intentId": job.intent_id, "submitTime": submit_time}),
        )
    for changes in records:
        world.put("BatchJobsTableName", {**job.attributes(), **changes})


@pytest.mark.parametrize(
    ("what", "error", "records", "status"),
    [
        ("is missing", "JobNotFound", [], None),
        (
            "is there twice",
            "JobAmbiguous",
            [{}, {"submitTime": "2020-01-01T00:00:00Z"}],
            "SUBMITTED",
        ),
        ("names no user", "JobInvalid", [{"userId": None}], "FAILED"),
    ],
)
def test_a_job_that_cannot_be_worked_with_is_told_and_cured(
    world: FaultyDeployment,
    show: Show,
    what: str,
    error: str,
    records: list[dict[str, object]],
    status: str | None,
) -> None:
    show(f"The job's record {what}", state="ResolveJob", error=error)
    batch = world.new_batch()
    _put_on_record(world, batch, *records)
    upload, arn = world.ingest(batch, ends="FAILED")
    facts = world.inbox.told(arn, "FAILED").facts
    assert (facts["failedState"], facts["error"]) == ("ResolveJob", error)
    assert world.observed(batch).job_record.get("status") == status
    _put_on_record(world, batch, {})
    world.redrive(arn)
    world.inbox.told(arn, "RECOVERED", redrives=1)
    assert world.differences(batch, upload) == []


@pytest.mark.parametrize(
    ("state", "error", "fault"),
    [
        (
            "ResolveJob",
            "ClientError",
            {"caller": "*ResolveJob*", "kind": "error", "code": "403", "status": 403},
        ),
        (
            "ClaimObject",
            "DynamoDB.AmazonDynamoDBException",
            {
                "caller": "states",
                "action": "dynamodb:UpdateItem",
                "kind": "error",
                "code": "DynamoDB.AmazonDynamoDBException",
            },
        ),
    ],
)
def test_an_object_that_fails_before_its_claim_marks_a_job_whose_others_are_done(
    world: FaultyDeployment, state: str, error: str, fault: dict[str, Any], show: Show
) -> None:
    what = f"Another object of a job that is done fails in {state}"
    show(what, state=state, error=error, cured="the job is completed, both objects counted")
    batch = world.new_batch()
    world.ingest(batch, ends="SUCCEEDED")
    before = world.observed(batch).job_record
    key = f"batch-output/{batch.job.job_id}/second.jsonl"
    with world.fault(**{"action": "s3:HeadObject", **fault}, having=["second.jsonl"]):
        world.deployed.s3.put_object(Bucket=world.deployed.bucket, Key=key, Body=b"{}\n" * 3)
        second = world.execution_for(key)
        assert world.until_ended(second) == "FAILED"
        facts = world.inbox.told(second, "FAILED").facts
        assert (facts["failedState"], facts["error"]) == (state, error)
    assert world.job_status(batch) == "FAILED"
    # What is computed again meanwhile does not forget it.
    total = before["resultStats"]["totalCount"] + 3
    world.put_manifest(batch.job.job_id, {"totalRecordCount": int(total)})
    eventually(
        lambda: world.observed(batch).job_record["ingestState"]["revision"] > _revision(before) + 1,
        "the manifest settles the job",
    )
    assert world.job_status(batch) == "FAILED"
    world.redrive(second)
    world.inbox.told(second, "RECOVERED", redrives=1)
    after = world.observed(batch).job_record
    assert after["status"] == "COMPLETED"
    assert after["ingestState"]["objects"] == after["ingestState"]["objectsDone"] == 2
    assert after["resultStats"]["totalCount"] == total


def _revision(record: Mapping[str, Any]) -> int:
    return int(record["ingestState"]["revision"])


@pytest.mark.parametrize(
    ("error", "word"), [("IncompleteLoad", "segment#"), ("IncompleteMigration", "chunk#")]
)
def test_a_verdict_is_not_redriven_but_names_the_replay_that_cures_it(
    world: FaultyDeployment, error: str, word: str, show: Show
) -> None:
    show(
        f"Workers say that they wrote their {word.strip('#')}'s row, and it is not there",
        state=error,
        error=error,
        cured="as undisturbed, after `ingest replay JOB`",
    )
    batch = world.new_batch()
    rule: dict[str, Any] = {"caller": "*", "action": "dynamodb:PutItem", "kind": "pretend"}
    with world.fault(**rule, having=[word]):
        upload, arn = world.ingest(batch, ends="FAILED")
    facts = world.inbox.told(arn, "FAILED").facts
    assert (facts["failedState"], facts["error"]) == (error, error)
    command = f"ingest replay {batch.job.job_id} --object {batch.key}"
    assert facts["command"] == command
    obstacle = read_failed(world.deployed, arn).obstacle
    assert obstacle is not None
    embedded = world.deployed.embedded
    assert embedded is not None
    assert obstacle.instead == f"{command} --data {embedded.data}"
    assert world.job_status(batch) == "FAILED"
    (found,) = replays.find(world.deployed, batch.job.job_id)
    again = replays.start(world.deployed, found, reason="what the message says")
    assert world.until_ended(again) == "SUCCEEDED"
    second_claim = f"claim {batch.key}, generation: Decimal('2') instead of 1"
    assert world.differences(batch, upload) == [second_claim]


@pytest.mark.parametrize(
    "kind",
    [
        "lost",
        "kill-after",
        *(
            pytest.param(kind, marks=pytest.mark.slow)
            for kind in ("closed", "timeout", "unanswered")
        ),
    ],
)
@pytest.mark.parametrize("action", ["dynamodb:BatchWriteItem", "s3:CopyObject"])
def test_a_fault_that_passes_is_healed_without_a_person(
    world: FaultyDeployment, kind: str, action: str, show: Show
) -> None:
    show(f"One call of {action}: {kind}", cured="heals without a person")
    batch = world.new_batch()
    with world.fault(caller="*", action=action, kind=kind, times=1):
        upload, arn = world.ingest(batch, ends="SUCCEEDED")
        (rule,) = world.faults()["faults"]
        assert rule["done"] == 1
    assert world.differences(batch, upload) == []
    assert world.inbox.of_execution(arn) == []
