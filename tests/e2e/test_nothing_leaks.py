"""No receipt text, image, model input or user id in a log, a payload, a metric or a message.

Marked values go in; runs end well, with rejects, with a verdict, and broken in a worker; then
everything that people and machines can read of them is searched for the marks.
"""

from __future__ import annotations

import base64
import json
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from functions.domain.attribute_values import to_item
from tests.e2e.faults.inbox import Inbox
from tests.e2e.held import JobRecord, deliver
from tests.e2e.waiting import executions, next_execution

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ops.deployment import Deployment

# A worker is broken by the name of a table that its role has nothing to do with.
pytestmark = pytest.mark.causes_denials("dynamodb:*")
MARK = f"zq{uuid.uuid4().hex[:12]}"


@dataclass(frozen=True)
class _Ran:
    """Executions of every kind, and all that was said of them."""

    arns: set[str]
    inbox: Inbox


@pytest.fixture(scope="module")
def ran(deployed: Deployment) -> _Ran:
    inbox = Inbox.subscribe(deployed)
    known = executions(deployed)
    _well(deployed)
    rejected = _with_too_many_rejects(deployed)
    redriven = _broken_in_a_worker(deployed)
    inbox.told(rejected, "FAILED")
    inbox.told(redriven, "FAILED")
    inbox.told(redriven, "RECOVERED", redrives=1)
    return _Ran(executions(deployed) - known, inbox)


def _job(deployed: Deployment) -> JobRecord:
    job = JobRecord(user_id=f"user-{MARK}")
    job.write(deployed)
    return job


def _line(image_id: str, **receipt: object) -> bytes:
    fields = {
        "amount": 5,
        "type": "expense",
        "date": "2026-01-09",
        "merchant": f"merchant {MARK}",
        "category": "fee",
        "description": f"description {MARK}",
    }
    record = {
        "recordId": image_id,
        "modelInput": {"prompt": MARK, "image": base64.b64encode(MARK.encode() * 50).decode()},
        "modelOutput": {"generation": json.dumps(fields | receipt)},
    }
    return json.dumps(record).encode() + b"\n"


def _well(deployed: Deployment) -> None:
    job = _job(deployed)
    image_id = f"image-{job.job_id}"
    key = f"uploads/{job.job_id}/receipt.jpg"
    deployed.s3.put_object(Bucket=deployed.bucket, Key=key, Body=MARK.encode())
    deployed.dynamodb.put_item(
        TableName=deployed.outputs["PendingImagesTableName"],
        Item=to_item({"imageId": image_id, "userId": job.user_id, "s3Key": key}),
    )
    rejects = [
        _line("image-2", amount=-1),
        _line("image-3", date=MARK),
        _line("")[:-40] + b"\n",
        json.dumps({"recordId": "image-4", "output": {"text": f"sorry {MARK}"}}).encode() + b"\n",
    ]
    history = deliver(deployed, job.key(), _line(image_id) + b"".join(rejects))
    assert history.status == "SUCCEEDED"


def _with_too_many_rejects(deployed: Deployment) -> str:
    job = _job(deployed)
    history = deliver(deployed, job.key(), _line("image-1", type=MARK) * 30)
    assert history.failure is not None
    return history.arn


def _broken_in_a_worker(deployed: Deployment) -> str:
    job = _job(deployed)
    functions = deployed.make_client("lambda")
    names = [each["FunctionName"] for each in functions.list_functions()["Functions"]]
    (name,) = (each for each in names if "LoadSegment" in each)
    variables = functions.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
    broken = variables | {"TRANSACTIONS_TABLE": "there-is-none"}
    functions.update_function_configuration(FunctionName=name, Environment={"Variables": broken})
    try:
        history = deliver(deployed, job.key(), _line("image-1"))
    finally:
        functions.update_function_configuration(
            FunctionName=name, Environment={"Variables": variables}
        )
    assert history.failure is not None
    assert history.failure.state == "LoadRanges"
    known = executions(deployed) - {history.arn}
    deployed.step_functions.redrive_execution(executionArn=history.arn)
    assert next_execution(deployed, key=job.key(), but=known).status == "SUCCEEDED"
    return history.arn


def test_no_log_line_holds_a_mark(deployed: Deployment, ran: _Ran) -> None:
    assert ran.arns
    assert _marked(_log_lines(deployed)) == []


def test_no_payload_or_history_holds_a_mark(deployed: Deployment, ran: _Ran) -> None:
    assert _marked(_history_events(deployed, ran.arns)) == []


def test_no_alarm_or_metric_holds_a_mark(deployed: Deployment, ran: _Ran) -> None:
    cloudwatch = deployed.make_client("cloudwatch")
    described = cloudwatch.describe_alarms()
    listed = cloudwatch.list_metrics()["Metrics"]
    assert _marked([json.dumps(each, default=str) for each in (described, listed)]) == []


def test_no_message_holds_a_mark(ran: _Ran) -> None:
    ran.inbox.fetch()
    assert _marked([each.subject + each.text for each in ran.inbox.messages]) == []


def _marked(texts: Any) -> list[str]:
    encoded = base64.b64encode(MARK.encode() * 3).decode()[:12]
    return [text for text in texts if MARK in text or encoded in text]


def _log_lines(deployed: Deployment) -> Iterator[str]:
    logs = deployed.make_client("logs")
    for group in logs.describe_log_groups()["logGroups"]:
        for page in logs.get_paginator("filter_log_events").paginate(
            logGroupName=group["logGroupName"]
        ):
            yield from (event["message"] for event in page["events"])


def _history_events(deployed: Deployment, arns: set[str]) -> Iterator[str]:
    client = deployed.step_functions
    for arn in arns:
        children = [
            child["executionArn"]
            for run in client.list_map_runs(executionArn=arn)["mapRuns"]
            for child in client.list_executions(mapRunArn=run["mapRunArn"])["executions"]
        ]
        for each in (arn, *children):
            yield json.dumps(client.describe_execution(executionArn=each), default=str)
            for page in client.get_paginator("get_execution_history").paginate(executionArn=each):
                yield from (json.dumps(event, default=str) for event in page["events"])
