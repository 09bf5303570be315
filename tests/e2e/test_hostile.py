"""A few of the hostile cases through everything that is deployed; the others are in tests/hostile.

What belongs to another user lies beside, and is compared whole before and after.
"""

import json
from typing import Any

import pytest

from functions.domain.attribute_values import from_item, to_item
from functions.domain.transactions import transaction_id
from ops.model.deployment import Deployment
from ops.model.history import History
from tests.e2e.held import JobRecord, assert_held, deliver, last_state, output_of
from tests.e2e.waiting import eventually, executions, next_execution

RECEIPT = {
    "amount": 1,
    "type": "income",
    "date": "2026-01-09",
    "merchant": "m",
    "category": "fee",
}
NAMES = {
    "words of the definition": "$.job {} ${LedgerTableName} States.Format('{}', $)",
    "quotes and backslashes": 'it\'s "a\\job" `id` $(reboot)',
    "an address's": "a%2e%2e?versionId=x&y=z;#+ +",
    "another script, and reversed": "領収書 \u202egpj.é",
    "a parent folder": "..",
}


def _line(image_id: str) -> bytes:
    record = {"recordId": image_id, "output": {"text": json.dumps(RECEIPT)}}
    return json.dumps(record).encode() + b"\n"


def _victim(deployed: Deployment) -> JobRecord:
    """Another user's job: ingested, with an image that is not to be touched."""
    victim = JobRecord()
    victim.write(deployed)
    deployed.s3.put_object(
        Bucket=deployed.bucket, Key=f"uploads/{victim.user_id}/secret.jpg", Body=b"theirs"
    )
    assert deliver(deployed, victim.key(), _line("their-image")).status == "SUCCEEDED"
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
        table = deployed.outputs[f"{name}TableName"]
        pages = deployed.dynamodb.get_paginator("scan").paginate(TableName=table)
        rows = [repr(from_item(item)) for page in pages for item in page["Items"]]
        found[name] = sorted(row for row in rows if job.job_id in row or job.user_id in row)
    pages_of_keys = deployed.s3.get_paginator("list_objects_v2").paginate(Bucket=deployed.bucket)
    keys = [each["Key"] for page in pages_of_keys for each in page.get("Contents", [])]
    found["bucket"] = {
        key: deployed.s3.get_object(Bucket=deployed.bucket, Key=key)["Body"].read()
        for key in keys
        if job.job_id in key or job.user_id in key
    }
    assert all(found.values())
    return found


def _started(deployed: Deployment, event: dict[str, Any]) -> History:
    known = executions(deployed)
    deployed.step_functions.start_execution(
        stateMachineArn=deployed.state_machine, input=json.dumps(event)
    )
    return next_execution(deployed, key=event["detail"]["object"]["key"], but=known)


def _event(deployed: Deployment, key: str, **described: Any) -> dict[str, Any]:
    return {
        "detail-type": "Object Created",
        "time": "2026-01-09T12:34:56Z",
        "detail": {
            "bucket": {"name": deployed.bucket},
            "object": {"key": key, "etag": "0" * 32, **described},
        },
    }


@pytest.mark.parametrize("case", NAMES)
def test_a_name_that_means_something_elsewhere_is_a_name_here(
    deployed: Deployment, case: str
) -> None:
    victim = _victim(deployed)
    before = _everything_of(deployed, victim)
    name = NAMES[case]
    job = JobRecord(job_id=f"{name.replace('/', '').replace('#', '')} {victim.job_id[-6:]}")
    job.write(deployed)
    body = _line(f"image {name}") + _line(f"image-{victim.job_id}") + b"no json\n"
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


def test_hand_made_events_end_by_name_and_touch_nothing(deployed: Deployment) -> None:
    victim = _victim(deployed)
    before = _everything_of(deployed, victim)
    lie = _event(deployed, victim.key())
    other = _event(deployed, victim.key())
    other["detail"]["bucket"]["name"] = "somebody-elses-bucket"
    deleted = {**_event(deployed, victim.key()), "detail-type": "Object Deleted"}
    ended = {
        "a lie about the content": _started(deployed, lie),
        "a time that never was": _started(deployed, {**lie, "time": "9999-12-31T23:59:59Z"}),
        "an order beyond all": _started(deployed, _event(deployed, victim.key(), sequencer="~")),
        "another bucket": _started(deployed, other),
        "a deletion": _started(deployed, deleted),
    }
    errors = {what: each.failure.error for what, each in ended.items() if each.failure}
    assert errors == {
        "a lie about the content": "ResultsObjectChanged",
        "a time that never was": "EventInvalid",
        "an order beyond all": "EventInvalid",
    }
    for what in ("another bucket", "a deletion"):
        assert last_state(ended[what]) == "Ignored"
        assert output_of(deployed, ended[what])["reason"]
    after = _everything_of(deployed, victim)
    # That the first of them failed is told, and marks nothing that is the victim's claim.
    for table in ("PendingImages", "Transactions", "bucket"):
        assert after[table] == before[table]
    claim = deployed.ledger.claim(victim.job_id, victim.key())
    assert claim is not None
    assert claim.state == "done"
    assert victim.read(deployed)["status"] == "COMPLETED"


@pytest.mark.causes_denials("states:DescribeExecution")
def test_a_forged_end_of_another_machines_execution_is_denied(deployed: Deployment) -> None:
    victim = _victim(deployed)
    before = _everything_of(deployed, victim)
    functions = deployed.make_client("lambda")
    (name,) = (
        each["FunctionName"]
        for page in functions.get_paginator("list_functions").paginate()
        for each in page["Functions"]
        if each["FunctionName"].startswith(f"{deployed.stack}-WorkersRecordOutcome")
    )
    other = deployed.execution_arn("x").replace(":execution:", ":execution:other-")
    detail = {"executionArn": other, "stateMachineArn": "other", "status": "FAILED"}
    answer = functions.invoke(FunctionName=name, Payload=json.dumps({"detail": detail}).encode())
    assert answer["FunctionError"]
    assert "AccessDenied" in answer["Payload"].read().decode()
    assert _everything_of(deployed, victim) == before


def test_an_object_of_rubbish_is_told_and_settles_as_its_own_job(deployed: Deployment) -> None:
    victim = _victim(deployed)
    before = _everything_of(deployed, victim)
    job = JobRecord()
    job.write(deployed)
    body = b"1\n" * 20_000 + b"[" * 3_000_000 + b"\n" + b"\xff" * 1_000_000
    history = deliver(deployed, job.key(), body)
    assert history.failure is not None
    assert history.failure.error == "TooManyRejects"
    assert _everything_of(deployed, victim) == before
