"""A job at the embedded Bedrock, and the person who has its rejects answered again."""

import json
import uuid
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from functions.aws.resubmission.bedrock_retries import name_prefix
from functions.domain.attribute_values import to_item
from functions.domain.transactions import transaction_id
from ops.cli import app
from ops.model.deployment import Deployment
from tests.e2e import bedrock_jobs, content
from tests.e2e.held import JobRecord
from tests.e2e.waiting import eventually
from tests.lines import ANSWER

RECORDS = 120
_PATIENCE = 900.0
"""Seconds: a slow machine may load ten thousand records."""
SHARES: dict[str, Any] = {"errorShare": 0.12, "truncatedShare": 0.03}


class Loop:
    """A root job, and the person who has its rejects answered again."""

    def __init__(self, deployed: Deployment, data: Path) -> None:
        self.deployed, self.data = deployed, data
        self.name = f"loop-{uuid.uuid4().hex[:12]}"
        self.job = JobRecord()

    def rule(self, method: str, **rule: Any) -> None:
        bedrock_jobs.rule(self.deployed, method, **rule)

    def run_root(self, *, records: int = RECORDS, bad: Mapping[str, Any] | None = None) -> None:
        """The job's own answers: 12 % errors, 3 % truncated, and the bad ones."""
        rule = {"text": ANSWER, "answers": bad or {}, "holdAt": "Submitted", "seed": 5, **SHARES}
        self.rule("POST", jobName=self.name, **rule)
        ids = [f"image-{n}" for n in range(records)]
        job_id = bedrock_jobs.submit(self.deployed, self.name, ids, model="amazon.nova-lite-v1:0")
        self.job = JobRecord(job_id=job_id)
        self.job.write(self.deployed, pendingImageCount=records, status="SUBMITTED")
        self.rule("DELETE", jobName=self.name)
        self.until(self.job.job_id, "COMPLETED")

    def ingest(self, *words: str) -> str:
        done = CliRunner().invoke(
            app, [*words, "--data", str(self.data), "--stack", self.deployed.stack]
        )
        assert done.exit_code == 0, (words, done.output, done.exception)
        return done.stdout

    def stats(self) -> dict[str, Any]:
        found: dict[str, Any] = self.job.read(self.deployed)["resultStats"]
        return found

    def open_rejects(self) -> dict[str, str]:
        found = json.loads(self.ingest("rejects", self.job.job_id, "--json"))
        return {each["recordId"]: each["reason"] for each in found["rejects"]}

    def counted_rejects(self) -> dict[str, str]:
        """What is open, once the root's record counts it."""
        still_open = self.open_rejects()
        eventually(
            lambda: self.stats()["failureCount"] == len(still_open), "the root counts the answers"
        )
        return still_open

    def resubmit(self, number: int, bad: Mapping[str, Any], **shares: Any) -> str:
        """A round whose records are answered well, but the bad ones and shares; the retry's id."""
        name = f"{name_prefix(self.job.job_id)}{number}-*"
        self.rule("POST", jobName=name, text=ANSWER, answers=bad, holdAt="Submitted", **shares)
        said = json.loads(self.ingest("resubmit", self.job.job_id, "--yes", "--json"))
        self.rule("DELETE", jobName=name)
        self.until(said["submitted"], "COMPLETED")
        return str(said["submitted"])

    def until(self, job_id: str, status: str) -> None:
        def is_so() -> bool:
            job = self.deployed.jobs.find(job_id)
            return job.written.status == status

        eventually(is_so, f"{job_id} is {status}", seconds=_PATIENCE)

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
        found = content.keys(self.deployed, f"batch-input/{name_prefix(self.job.job_id)}")
        bodies = [content.contents(self.deployed, key) for key in found]
        ids = [json.loads(line)["recordId"] for body in bodies for line in body.splitlines()]
        return Counter(each for each in ids if not each.startswith("__pad__"))

    def ringing(self) -> set[str]:
        """The names of the stack's alarms that ring, without the stack's name."""
        alarms = self.deployed.make_client("cloudwatch").get_paginator("describe_alarms")
        pages = alarms.paginate(StateValue="ALARM")
        found = [each["AlarmName"] for page in pages for each in page["MetricAlarms"]]
        own = f"{self.deployed.stack}-"
        return {name.removeprefix(own) for name in found if name.startswith(own)}
