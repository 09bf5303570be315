"""Rejects that Bedrock answers again, round by round, by the commands of docs/rejects.md."""

from __future__ import annotations

import json
import re
import uuid
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from demo.inference import job_role
from functions.aws.resubmission.bedrock_retries import name_prefix
from functions.domain.attribute_values import to_item
from functions.domain.transactions import transaction_id
from local import owner
from ops.cli import app
from tests.e2e.held import JobRecord
from tests.e2e.waiting import eventually

if TYPE_CHECKING:
    from ops.model.deployment import Deployment

PAGE = Path(__file__).parents[2] / "docs" / "rejects.md"
RECORDS = 120
ANSWER = json.dumps(
    {
        "amount": 12,
        "type": "expense",
        "date": "2026-11-01",
        "merchant": "shop",
        "category": "other",
    }
)


class Loop:
    """A root job, and the person who has its rejects answered again."""

    def __init__(self, deployed: Deployment, data: Path) -> None:
        self.deployed, self.data = deployed, data
        self.name = f"loop-{uuid.uuid4().hex[:12]}"
        self.job = JobRecord()

    def rule(self, method: str, **rule: Any) -> None:
        assert self.deployed.embedded is not None
        owner.ask(self.deployed.embedded.endpoint, "bedrock", method, rule)

    def run_root(self) -> None:
        """The job's own answers: 12 % errors, 3 % truncated."""
        shares = {"errorShare": 0.12, "truncatedShare": 0.03, "seed": 5}
        self.rule("POST", jobName=self.name, text=ANSWER, holdAt="Submitted", **shares)
        key, bucket = f"batch-input/{self.name}.jsonl", self.deployed.bucket
        lines = [
            json.dumps({"recordId": f"image-{n}", "modelInput": {"messages": [], "max_tokens": 9}})
            for n in range(RECORDS)
        ]
        self.deployed.s3.put_object(Bucket=bucket, Key=key, Body="\n".join(lines).encode())
        arn = self.deployed.bedrock.create_model_invocation_job(
            jobName=self.name,
            roleArn=job_role(self.deployed),
            modelId="amazon.nova-lite-v1:0",
            inputDataConfig={"s3InputDataConfig": {"s3Uri": f"s3://{bucket}/{key}"}},
            outputDataConfig={"s3OutputDataConfig": {"s3Uri": f"s3://{bucket}/batch-output/"}},
        )["jobArn"]
        self.job = JobRecord(job_id=arn.rpartition("/")[2])
        self.job.write(self.deployed, pendingImageCount=RECORDS, status="SUBMITTED")
        self.rule("DELETE", jobName=self.name)
        self.until(self.job.job_id, "COMPLETED")

    def ingest(self, *words: str) -> str:
        done = CliRunner().invoke(app, [*words, "--data", str(self.data)])
        assert done.exit_code == 0, (words, done.output, done.exception)
        return done.stdout

    def open_rejects(self) -> dict[str, str]:
        found = json.loads(self.ingest("rejects", self.job.job_id, "--json"))
        return {each["recordId"]: each["reason"] for each in found["rejects"]}

    def resubmit(self, number: int, bad: dict[str, Any]) -> str:
        """A round whose records are all answered well but these; the retry's id."""
        name = f"{name_prefix(self.job.job_id)}{number}-*"
        # On AWS hours pass between a job's submission and its answers, here no time does.
        self.rule("POST", jobName=name, text=ANSWER, answers=bad, holdAt="Submitted")
        said = json.loads(self.ingest("resubmit", self.job.job_id, "--yes", "--json"))
        self.rule("DELETE", jobName=name)
        self.until(said["submitted"], "COMPLETED")
        return str(said["submitted"])

    def until(self, job_id: str, status: str) -> None:
        def is_so() -> bool:
            job = self.deployed.jobs.find(job_id)
            return job.written.status == status

        eventually(is_so, f"{job_id} is {status}")

    def edit(self, image: str) -> None:
        """As a person does."""
        self.deployed.dynamodb.update_item(
            TableName=self.deployed.outputs["TransactionsTableName"],
            Key=to_item(self.key(image)),
            UpdateExpression="SET amount = :amount, version = :two",
            ConditionExpression="attribute_exists(userId)",
            ExpressionAttributeValues=to_item({":amount": 999, ":two": 2}),
        )

    def key(self, image: str) -> dict[str, object]:
        return {
            "userId": self.job.user_id,
            "transactionId": transaction_id(self.job.job_id, image),
        }

    def asked_again(self) -> Counter[str]:
        """How often each record was submitted in retries, padding aside."""
        s3, bucket = self.deployed.s3, self.deployed.bucket
        prefix = f"batch-input/{name_prefix(self.job.job_id)}"
        listed = s3.list_objects_v2(Bucket=bucket, Prefix=prefix).get("Contents", [])
        bodies = [s3.get_object(Bucket=bucket, Key=each["Key"])["Body"].read() for each in listed]
        ids = [json.loads(line)["recordId"] for body in bodies for line in body.splitlines()]
        return Counter(each for each in ids if not each.startswith("__pad__"))


@pytest.fixture
def loop(deployed: Deployment, data: Path) -> Loop:
    started = Loop(deployed, data)
    started.run_root()
    return started


def test_two_rounds_cure_what_can_be_cured_and_keep_what_a_person_edited(loop: Loop) -> None:
    rejected = loop.open_rejects()
    assert Counter(rejected.values()) == {"ModelError": 14, "Truncated": 4}
    first = next(f"image-{n}" for n in range(RECORDS) if f"image-{n}" not in rejected)
    loop.edit(first)
    stubborn, *late = sorted(rejected)[:5]
    error = {"error": {"errorCode": 500, "errorMessage": "busy"}}
    loop.resubmit(1, dict.fromkeys((stubborn, *late), error))
    eventually(lambda: len(loop.open_rejects()) == 5, "the root counts the retry's answers")
    cured = next(image for image in rejected if image not in (stubborn, *late))
    loop.edit(cured)
    loop.resubmit(2, {stubborn: {"text": "I see no receipt."}})

    assert loop.open_rejects() == {stubborn: "NoJsonInText"}

    def stats() -> dict[str, Any]:
        found: dict[str, Any] = loop.job.read(loop.deployed)["resultStats"]
        return found

    eventually(lambda: stats()["successCount"] == RECORDS - 1, "the root's record says so")
    assert (stats()["totalCount"], stats()["failureCount"]) == (RECORDS, 1)
    assert (stats()["missingCount"], stats()["unexpectedCount"]) == (0, 0)
    assert loop.job.read(loop.deployed)["status"] == "COMPLETED"
    items = loop.job.transactions(loop.deployed)
    images = {f"image-{n}" for n in range(RECORDS)}
    assert {item["imageId"] for item in items.values()} == images - {stubborn}
    assert {item["jobId"] for item in items.values()} == {loop.job.job_id}
    edited = {item["imageId"] for item in items.values() if item["amount"] == 999}
    assert edited == {first, cured}
    assert loop.asked_again() == Counter(rejected.keys()) + Counter([stubborn, *late])


def test_the_commands_of_the_page_work_as_they_are_written(loop: Loop) -> None:
    name = f"{name_prefix(loop.job.job_id)}*"
    loop.rule("POST", jobName=name, text=ANSWER, holdAt="Submitted")
    blocks = re.findall(r"^```\n(.*?)^```", PAGE.read_text("utf-8"), re.DOTALL | re.MULTILINE)
    commands = [line for block in blocks for line in block.splitlines()]
    assert [each.split()[1] for each in commands] == [
        "rejects",
        "resubmit",
        "resubmit",
        "inspect",
        "rejects",
    ]
    said = []
    for command in commands:
        if command.startswith("ingest inspect"):
            loop.rule("DELETE", jobName=name)
            eventually(lambda: not loop.open_rejects(), "the retry's answers are ingested")
        said.append(loop.ingest(*command.replace("JOB", loop.job.job_id).split()[1:]))
    assert "18 rejected records" in said[1]
    assert "82 of padding" in " ".join(said[1].split())
    assert "No reject is open" in said[-1]
