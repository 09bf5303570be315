"""A job with rejects that can be submitted again, and runs that are interrupted."""

import itertools
import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Self

from functions.aws.ledger import Ledger
from functions.aws.resubmission.submission import Request
from functions.domain.attribute_values import from_item
from functions.domain.counts import LoadCounts
from functions.domain.ledger_rows import object_partition
from functions.domain.ranges import Range
from functions.domain.segments import Segment
from ops.model.deployment import Deployment
from tests.workflow.aws_tables import BUCKET, TABLES, deployment_on
from tests.workflow.memory.dynamodb import MemoryDynamoDB
from tests.workflow.memory.errors import refusal
from tests.workflow.memory.interruptions import Interrupted, Interruptions, WorkerDied
from tests.workflow.memory.s3 import MemoryS3
from tests.workflow.rows import put_claim, put_job

JOB = "job-1"
KEY = "batch-output/job-1/a.jsonl.out"
ROLE = "arn:aws:iam::123456789012:role/batch"
REQUEST = Request(
    reasons=frozenset(),
    model="amazon.nova-lite-v1:0",
    role=ROLE,
    minimum=5,
    input_prefix="batch-input/",
    padding_prefix="__pad__",
)


class Bedrock:
    """Bedrock's batch jobs: one for each client request token.

    Attributes:
        compares: Whether another request with a known token is refused, or ignored.
    """

    def __init__(self) -> None:
        self.jobs: dict[str, dict[str, Any]] = {}
        self.compares = False

    def create_model_invocation_job(self, **request: Any) -> dict[str, Any]:
        for arn, job in self.jobs.items():
            if job["clientRequestToken"] == request["clientRequestToken"]:
                if self.compares and {**job, "submitTime": None} != {**request, "submitTime": None}:
                    raise refusal("ConflictException", "CreateModelInvocationJob")
                return {"jobArn": arn}
        number = len(self.jobs) + 1
        arn = f"arn:aws:bedrock:us-east-1:123456789012:model-invocation-job/retry{number:07}"
        self.jobs[arn] = {**request, "submitTime": datetime(2026, 11, 28, number, tzinfo=UTC)}
        return {"jobArn": arn}

    def get_model_invocation_job(self, **request: str) -> dict[str, Any]:
        if request["jobIdentifier"] not in self.jobs:
            raise refusal("ResourceNotFoundException", "GetModelInvocationJob")
        return self.jobs[request["jobIdentifier"]]

    def get_paginator(self, operation: str) -> Self:
        assert operation == "list_model_invocation_jobs"
        return self

    def paginate(self, **request: str) -> list[dict[str, Any]]:
        found = [
            {"jobArn": arn, "jobName": job["jobName"]}
            for arn, job in self.jobs.items()
            if request["nameContains"] in job["jobName"]
        ]
        return [{"invocationJobSummaries": found}]


@dataclass
class RejectedJob:
    """A job of which `x` and `y` were rejected with errors, and `z` by its prompt."""

    s3: MemoryS3 = field(default_factory=MemoryS3)
    dynamodb: MemoryDynamoDB = field(default_factory=lambda: MemoryDynamoDB(**TABLES))
    bedrock: Bedrock = field(default_factory=Bedrock)

    def __post_init__(self) -> None:
        put_job(self.dynamodb, modelId="a.model", traceId="t", status="COMPLETED")
        reasons = {"x": "ModelError", "y": "Truncated", "z": "InvalidReceipt"}
        lines, letters, offset = [], [], 0
        for image, reason in reasons.items():
            model_input = {"max_tokens": 9, "prompt": image}
            record = {"recordId": image, "modelInput": model_input, "error": {}}
            line = json.dumps(record).encode()
            place = {"offset": offset, "length": len(line)}
            letters.append({**place, "reason": reason, "recordId": image})
            lines.append(line)
            offset += len(line) + 1
        answer = self.s3.put_object(Bucket=BUCKET, Key=KEY, Body=b"\n".join(lines))
        body = b"".join(json.dumps(each).encode() + b"\n" for each in letters)
        self.s3.put_object(Bucket=BUCKET, Key="dead-letters/x", Body=body)
        counts = LoadCounts(rejects=dict.fromkeys(reasons.values(), 1))
        Ledger(self.dynamodb, "ledger").put_segment(  # type: ignore[arg-type]
            object_partition(JOB, KEY, 1),
            Segment(Range(0, offset), counts, "dead-letters/x"),
            expires=1,
        )
        self.claim(answer["ETag"].strip('"'), state="done", stats=counts.as_dict())

    def claim(self, etag: str, **row: object) -> None:
        put_claim(self.dynamodb, JOB, KEY, etag=etag, **row)

    def deployed(self, interruptions: Interruptions | None = None) -> Deployment:
        """Its deployment, whose clients may be interrupted."""
        clients: dict[str, Any] = {
            name: client
            if interruptions is None
            else Interrupted(client, interruptions, but=("exceptions",))
            for name, client in vars(self).items()
        }
        return deployment_on((clients["s3"], clients["dynamodb"]), bedrock=clients["bedrock"])

    def retries(self) -> list[dict[str, Any]]:
        """Those on record."""
        items = map(from_item, self.dynamodb.tables["batch-jobs"].values())
        return [each for each in items if "retryOf" in each]

    def input(self) -> list[dict[str, Any]]:
        """The records of the one job at Bedrock."""
        (job,) = self.bedrock.jobs.values()
        uri = job["inputDataConfig"]["s3InputDataConfig"]["s3Uri"]
        body = self.s3.objects[uri.removeprefix(f"s3://{BUCKET}/")].body
        return [json.loads(line) for line in body.splitlines()]

    def check_one_retry(self) -> None:
        """One job is at Bedrock, and it is on record."""
        assert len(self.bedrock.jobs) == 1
        assert [each["jobId"] for each in self.retries()] == ["retry0000001"]


def assert_the_next_run_finishes(
    run: Callable[[Deployment], object], again: Callable[[Deployment], object]
) -> None:
    """Kill a run before and after each of its calls; each time one job is made, and on record."""
    for moment in ("dies_before", "dies_after"):
        for at in itertools.count():
            job, death = RejectedJob(), Interruptions(**{moment: at})  # type: ignore[arg-type]
            with suppress(WorkerDied):
                run(job.deployed(death))
                break
            again(job.deployed())
            job.check_one_retry()
        assert at > 12
