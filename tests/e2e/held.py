"""Objects held against the reference: what was uploaded, and all that must have come of it."""

import json
import uuid
from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Self

from functions.domain.attribute_values import from_item, to_item
from ops.model.deployment import Deployment
from ops.model.history import History
from tests.e2e import content
from tests.e2e.waiting import executions, next_execution
from tests.reference import lines, transactions
from tests.reference.records import Padding, Reason, Reject


@dataclass(frozen=True)
class JobRecord:
    """A job of a test, as the application would have written it."""

    job_id: str = field(default_factory=lambda: f"job-{uuid.uuid4().hex[:12]}")
    user_id: str = field(default_factory=lambda: f"user-{uuid.uuid4().hex[:12]}")
    model_id: str | None = "amazon.nova-lite-v1:0"
    trace_id: str | None = "trace-1"

    @property
    def intent_id(self) -> str:
        return f"intent-{self.job_id}"

    def write(self, deployed: Deployment, **changes: object) -> None:
        attributes: dict[str, object] = {
            "intentId": self.intent_id,
            "submitTime": "2026-01-09T00:00:00Z",
            "jobId": self.job_id,
            "userId": self.user_id,
            "modelId": self.model_id,
            "traceId": self.trace_id,
        }
        deployed.dynamodb.put_item(
            TableName=deployed.outputs["BatchJobsTableName"], Item=to_item(attributes | changes)
        )

    def read(self, deployed: Deployment) -> dict[str, Any]:
        answer = deployed.dynamodb.get_item(
            TableName=deployed.outputs["BatchJobsTableName"],
            Key=to_item({"intentId": self.intent_id, "submitTime": "2026-01-09T00:00:00Z"}),
            ConsistentRead=True,
        )
        return from_item(answer["Item"])

    def transactions(self, deployed: Deployment) -> dict[str, dict[str, Any]]:
        """By id, each without `s3Key`."""
        pages = deployed.dynamodb.get_paginator("query").paginate(
            TableName=deployed.outputs["TransactionsTableName"],
            KeyConditionExpression="userId = :userId",
            ExpressionAttributeValues={":userId": {"S": self.user_id}},
            ConsistentRead=True,
        )
        items = [from_item(item) for page in pages for item in page["Items"]]
        return {item["transactionId"]: item for item in items}

    def key(self, name: str = "answers.jsonl.out") -> str:
        return f"batch-output/{self.job_id}/{name}"


@dataclass(frozen=True)
class Expected:
    """What the reference says of an object."""

    transactions: dict[str, dict[str, Any]]
    letters: dict[int, tuple[str, int, str | None]]
    """By offset: reason, length, record id."""
    total: int
    padding: int

    @classmethod
    def of(cls, body: bytes, job: JobRecord, *, event_time: str) -> Self:
        owner = transactions.Job(
            job_id=job.job_id,
            intent_id=job.intent_id,
            user_id=job.user_id,
            model_id=job.model_id,
            trace_id=job.trace_id,
        )
        context = transactions.Context(job=owner, event_time=event_time)
        stored: dict[str, dict[str, Any]] = {}
        letters: dict[int, tuple[str, int, str | None]] = {}
        total = padding = 0
        for line in lines.split(body):
            total += 1
            verdict = transactions.judge(line.content, context)
            if isinstance(verdict, Reject):
                letters[line.offset] = (verdict.reason.value, line.length, verdict.record_id)
            elif isinstance(verdict, Padding):
                padding += 1
            else:
                item = {
                    name: Decimal(value["N"]) if "N" in value else next(iter(value.values()))
                    for name, value in verdict.item.items()
                }
                stored[str(item["transactionId"])] = item
        return cls(stored, letters, total, padding)

    def rejects(self) -> dict[str, int]:
        return dict(Counter(reason for reason, _, _ in self.letters.values()))


def deliver(deployed: Deployment, key: str, body: bytes) -> History:
    """Upload an object, and wait for the end of the execution that its event starts."""
    known = executions(deployed)
    deployed.s3.put_object(Bucket=deployed.bucket, Key=key, Body=body)
    return next_execution(deployed, key=key, but=known)


def last_state(history: History) -> str:
    return history.states[-1].name


def assert_held(deployed: Deployment, job: JobRecord, history: History, body: bytes) -> Expected:
    """Compare all that came of an object with the reference."""
    assert history.status == "SUCCEEDED", history
    expected = Expected.of(body, job, event_time=history.event["time"])
    assert job.transactions(deployed) == expected.transactions
    assert _letters(deployed, job, history) == expected.letters
    stats = job.read(deployed)["resultStats"]
    assert stats["totalCount"] == expected.total
    assert stats["failureCount"] == len(expected.letters)
    assert stats["paddingCount"] == expected.padding
    assert stats["rejectsByReason"] == expected.rejects()
    assert stats["totalCount"] == (
        stats["successCount"]
        + stats["failureCount"]
        + stats["duplicateCount"]
        + stats["paddingCount"]
    )
    return expected


def _letters(
    deployed: Deployment, job: JobRecord, history: History
) -> dict[int, tuple[str, int, str | None]]:
    found: dict[int, tuple[str, int, str | None]] = {}
    key = history.event["detail"]["object"]["key"]
    etag = history.event["detail"]["object"]["etag"]
    prefix = f"dead-letters/{job.job_id}/{key.removeprefix(f'batch-output/{job.job_id}/')}/{etag}/"
    for letters in content.keys(deployed, prefix):
        for line in content.contents(deployed, letters).splitlines():
            letter = json.loads(line)
            assert letter["key"] == key
            assert letter["etag"] == etag
            assert isinstance(letter["details"], list)
            assert len(letter["excerpt"].encode()) <= 1024
            assert letter["offset"] not in found, "a record is rejected once"
            record_id = letter.get("recordId")
            if letter["reason"] in (Reason.INVALID_JSON, Reason.LINE_TOO_LONG):
                record_id = None  # As the line may give one away.
            found[letter["offset"]] = (letter["reason"], letter["length"], record_id)
    return found
