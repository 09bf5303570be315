"""Jobs that the embedded Bedrock ends in every way: each is settled, truly, once, and announced."""

import json
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from demo.inference import job_role
from local import owner
from ops.model.deployment import Deployment
from tests.e2e.held import JobRecord
from tests.e2e.waiting import eventually
from tests.lines import ANSWER

SCHEMA = json.loads(
    (Path(__file__).parents[2] / "docs" / "status-event.schema.json").read_text("utf-8")
)
RECORDS = 4
TERMINAL = ("COMPLETED", "PARTIALLY_COMPLETED", "FAILED")


@dataclass
class Case:
    """How a job ends, how many of its records are answered, and what is true then."""

    end: str
    processed: int
    status: str
    is_good: bool = True
    manifest: str = "last"
    expected: int | None = None
    files: int = 1
    name: str = field(default_factory=lambda: f"ends-{uuid.uuid4().hex[:12]}")
    job: JobRecord = field(default_factory=JobRecord)

    @property
    def rule(self) -> dict[str, Any]:
        return {
            "jobName": self.name,
            "text": ANSWER,
            "errorShare": 0 if self.is_good else 1,
            "end": self.end,
            "processedShare": self.processed / RECORDS / self.files,
            "manifest": self.manifest,
            "minimumRecords": 1,
            "holdAt": "Submitted",
        }


CASES = [
    Case("Completed", 12, "COMPLETED", manifest="none", expected=12, files=3),
    Case("PartiallyCompleted", 2, "FAILED", is_good=False),
    Case("Stopped", 2, "PARTIALLY_COMPLETED", manifest="none"),
    Case("Failed", 2, "PARTIALLY_COMPLETED"),
    Case("Expired", 0, "FAILED"),
]
"""One of each end; every combination with every order of events is in tests/workflow."""


@pytest.fixture(scope="module")
def announced(deployed: Deployment) -> Iterator[str]:
    """A queue that hears every status event, as an application's would."""
    sqs, events = deployed.sqs, deployed.make_client("events")
    url = sqs.create_queue(QueueName=f"hears-{uuid.uuid4().hex[:8]}")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"][
        "QueueArn"
    ]
    allowed = {
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": arn,
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    pattern = {"source": ["batch-ingest"], "detail-type": ["Batch Ingest Job Status Change"]}
    name = f"hears-{uuid.uuid4().hex[:8]}"
    events.put_rule(Name=name, EventPattern=json.dumps(pattern))
    events.put_targets(Rule=name, Targets=[{"Id": "queue", "Arn": arn}])
    yield url
    events.remove_targets(Rule=name, Ids=["queue"])
    events.delete_rule(Name=name)


@pytest.fixture(scope="module")
def settled(deployed: Deployment, announced: str) -> dict[str, dict[str, Any]]:
    """The records of all jobs once none is open any more, by the jobs' names."""
    assert deployed.embedded is not None
    endpoint = deployed.embedded.endpoint
    for case in CASES:
        _submit(deployed, case)
    for case in CASES:
        owner.ask(endpoint, "bedrock", "DELETE", {"jobName": case.name})

    def all_ended() -> dict[str, dict[str, Any]] | None:
        time.sleep(1)
        found = {case.name: case.job.read(deployed) for case in CASES}
        said = {name: each.get("ingestState", {}) for name, each in found.items()}
        ended = all(
            each.get("status") in TERMINAL and "bedrock" in said[name]
            for name, each in found.items()
        )
        return found if ended else None

    found: dict[str, dict[str, Any]] = eventually(all_ended, "all jobs have ended", seconds=400)
    return found


def _submit(deployed: Deployment, case: Case) -> None:
    assert deployed.embedded is not None
    owner.ask(deployed.embedded.endpoint, "bedrock", "POST", case.rule)
    folder = f"batch-input/{case.name}/"
    for number in range(case.files):
        ids = [f"{case.name}-{number}-{n}" for n in range(RECORDS)]
        lines = [json.dumps({"recordId": each, "modelInput": {"messages": []}}) for each in ids]
        key = f"{folder}{number}.jsonl"
        deployed.s3.put_object(Bucket=deployed.bucket, Key=key, Body="\n".join(lines).encode())
    output = f"s3://{deployed.bucket}/batch-output/some/where/"
    arn = deployed.bedrock.create_model_invocation_job(
        jobName=case.name,
        roleArn=job_role(deployed),
        modelId="anthropic.claude-3-haiku-20240307-v1:0",
        inputDataConfig={"s3InputDataConfig": {"s3Uri": f"s3://{deployed.bucket}/{folder}"}},
        outputDataConfig={"s3OutputDataConfig": {"s3Uri": output}},
    )["jobArn"]
    case.job = JobRecord(job_id=arn.rpartition("/")[2])
    case.job.write(deployed, status="SUBMITTED", pendingImageCount=case.expected)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.end)
def test_a_job_has_the_status_that_is_true(settled: dict[str, Any], case: Case) -> None:
    record = settled[case.name]
    stats = record["resultStats"]
    assert record["status"] == case.status
    assert stats["totalCount"] == case.processed
    assert stats["successCount"] == (case.processed if case.is_good else 0)
    assert record["ingestState"]["bedrock"]["status"] == case.end
    assert ("completedAt" in record) is (case.status != "FAILED")
    if case.manifest == "last" and case.processed:
        errors = 0 if case.is_good else case.processed
        assert stats["bedrock"]["errorRecordCount"] == errors


def test_the_status_of_each_job_is_announced_and_a_job_of_three_files_once(
    deployed: Deployment, settled: dict[str, Any], announced: str
) -> None:
    heard: dict[str, list[dict[str, Any]]] = {}

    def all_heard() -> bool:
        answer = deployed.sqs.receive_message(
            QueueUrl=announced, MaxNumberOfMessages=10, WaitTimeSeconds=1
        )
        for message in answer.get("Messages", []):
            detail = json.loads(message["Body"])["detail"]
            jsonschema.validate(detail, SCHEMA)
            heard.setdefault(detail["jobId"], []).append(detail)
            deployed.sqs.delete_message(QueueUrl=announced, ReceiptHandle=message["ReceiptHandle"])
        return {case.job.job_id for case in CASES} <= heard.keys() and not answer.get("Messages")

    eventually(all_heard, "every job is announced")
    for case in CASES:
        last = max(heard[case.job.job_id], key=lambda each: each["revision"])
        assert last["status"] == settled[case.name]["status"], case
        assert last["intentId"] == case.job.intent_id
    (three_files,) = (case for case in CASES if case.files == 3)
    assert [each["status"] for each in heard[three_files.job.job_id]] == ["COMPLETED"]
