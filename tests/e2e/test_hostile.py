"""A few of the hostile cases through everything that is deployed; the others are in tests/hostile.

What belongs to another user lies beside, and is compared whole before and after.
"""

from typing import Any

import pytest

from functions.domain.attribute_values import to_item
from functions.domain.transactions import transaction_id
from ops.model.deployment import Deployment
from tests.e2e import content
from tests.e2e.calling import invoke
from tests.e2e.held import JobRecord, assert_held, deliver
from tests.e2e.waiting import eventually
from tests.lines import answered

NAMES = {
    "words of the definition": "$.job {} ${LedgerTableName} States.Format('{}', $)",
    "another script, and reversed": "領収書 \u202egpj.é",
    "a parent folder": "..",
}


def _victim(deployed: Deployment) -> JobRecord:
    """Another user's job: ingested, with an image that is not to be touched."""
    victim = JobRecord()
    victim.write(deployed)
    deployed.s3.put_object(
        Bucket=deployed.bucket, Key=f"uploads/{victim.user_id}/secret.jpg", Body=b"theirs"
    )
    assert deliver(deployed, victim.key(), answered("their-image")).status == "SUCCEEDED"
    eventually(lambda: _is_told(deployed, victim), "the message about the image that was left")
    image = {
        "imageId": f"image-{victim.job_id}",
        "userId": victim.user_id,
        "s3Key": f"uploads/{victim.user_id}/secret.jpg",
    }
    deployed.dynamodb.put_item(
        TableName=deployed.outputs["PendingImagesTableName"], Item=to_item(image)
    )
    return victim


def _is_told(deployed: Deployment, job: JobRecord) -> bool:
    """Whether the last row of the job's settled load is written: all that comes of it is there."""
    rows = deployed.dynamodb.query(
        TableName=deployed.outputs["LedgerTableName"],
        KeyConditionExpression="pk = :pk",
        ExpressionAttributeValues=to_item({":pk": f"settled#{job.job_id}"}),
        ConsistentRead=True,
    )["Items"]
    return any("toldAt" in row for row in rows)


def _everything_of(deployed: Deployment, job: JobRecord) -> dict[str, Any]:
    """All items of all tables, and all objects, that have the job's or its user's id in them."""
    names = ("BatchJobs", "PendingImages", "Transactions", "Ledger")
    found: dict[str, Any] = {}
    for name in names:
        rows = list(map(repr, content.rows(deployed, f"{name}TableName")))
        found[name] = sorted(row for row in rows if job.job_id in row or job.user_id in row)
    found["bucket"] = {
        key: content.contents(deployed, key)
        for key in content.keys(deployed)
        if job.job_id in key or job.user_id in key
    }
    assert all(found.values())
    return found


@pytest.mark.parametrize("case", NAMES)
def test_a_name_that_means_something_elsewhere_is_a_name_here(
    deployed: Deployment, case: str
) -> None:
    victim = _victim(deployed)
    before = _everything_of(deployed, victim)
    name = NAMES[case]
    job = JobRecord(job_id=f"{name.replace('/', '').replace('#', '')} {victim.job_id[-6:]}")
    job.write(deployed)
    body = answered(f"image {name}") + answered(f"image-{victim.job_id}") + b"no json\n"
    history = deliver(deployed, job.key(f"{name}/{name}.jsonl.out"), body)
    assert_held(deployed, job, history, body)
    left = job.read(deployed)["resultStats"]["imagesLeftByReason"]
    assert left == {"ImageUnknown": 1, "ImageOwnerMismatch": 1}
    after = _everything_of(deployed, victim)
    mine = {transaction_id(job.job_id, f"image-{victim.job_id}"), job.job_id}
    assert after["bucket"] == before["bucket"]
    for table, rows in before.items():
        if table != "bucket":
            others = [row for row in after[table] if not any(each in row for each in mine)]
            assert others == rows, table


@pytest.mark.causes_denials("states:DescribeExecution")
def test_a_forged_end_of_another_machines_execution_is_denied(deployed: Deployment) -> None:
    victim = _victim(deployed)
    before = _everything_of(deployed, victim)
    other = deployed.execution_arn("x").replace(":execution:", ":execution:other-")
    detail = {"executionArn": other, "stateMachineArn": "other", "status": "FAILED"}
    answer = invoke(deployed, "RecordOutcome", {"detail": detail})
    assert answer["errorType"]
    assert "AccessDenied" in str(answer)
    assert _everything_of(deployed, victim) == before
