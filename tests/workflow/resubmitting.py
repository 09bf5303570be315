"""A job with rejects that can be submitted again, a Bedrock, and runs that are interrupted."""

import json
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Self

import pytest
from botocore.exceptions import ClientError

from functions.aws.ledger import Ledger
from functions.aws.resubmission.submission import Request
from functions.domain.attribute_values import from_item, to_item
from functions.domain.counts import LoadCounts
from functions.domain.ledger_rows import object_partition
from functions.domain.ranges import Range
from functions.domain.segments import Segment
from ops.model.deployment import Deployment
from tests.workflow.aws_tables import BUCKET, deployment_on
from tests.workflow.rows import put_claim, put_job

JOB = "job-1"
KEY = "batch-output/job-1/a.jsonl.out"
ROLE = "arn:aws:iam::123456789012:role/batch"
Aws = tuple[Any, Any]
REQUEST = Request(
    reasons=frozenset(),
    model="amazon.nova-lite-v1:0",
    role=ROLE,
    minimum=5,
    input_prefix="batch-input/",
    padding_prefix="__pad__",
)


class Killed(Exception):  # noqa: N818 - what a Ctrl-C does
    """The run ends here."""


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
                    error: Any = {"Error": {"Code": "ConflictException"}}
                    raise ClientError(error, "CreateModelInvocationJob")
                return {"jobArn": arn}
        number = len(self.jobs) + 1
        arn = f"arn:aws:bedrock:us-east-1:123456789012:model-invocation-job/retry{number:07}"
        self.jobs[arn] = {**request, "submitTime": datetime(2026, 11, 28, number, tzinfo=UTC)}
        return {"jobArn": arn}

    def get_model_invocation_job(self, **request: str) -> dict[str, Any]:
        if request["jobIdentifier"] not in self.jobs:
            error: Any = {"Error": {"Code": "ResourceNotFoundException"}}
            raise ClientError(error, "GetModelInvocationJob")
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


def _kill() -> None:
    raise Killed


class Interrupted:
    """All clients of a run, which is killed before or after one of its calls.

    Args:
        clients: By service.
        at: Which call, from 1.
        after: Whether the call is made first.
        by: What happens instead of a kill.
    """

    def __init__(
        self,
        clients: dict[str, Any],
        *,
        at: int,
        after: bool,
        by: Callable[[], object] = _kill,
    ) -> None:
        self.calls = 0
        self._clients, self._at, self._after, self._by = clients, at, after, by

    def client(self, service: str) -> Any:
        return _Client(self, self._clients[service])

    def call(self, method: Any, *given: Any, **named: Any) -> Any:
        self.calls += 1
        is_now = self.calls == self._at
        if is_now and not self._after:
            self._by()
        answer = method(*given, **named)
        if is_now and self._after:
            self._by()
        return answer


class _Client:
    def __init__(self, run: Interrupted, client: Any) -> None:
        self._run, self._client = run, client

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._client, name)
        if name in ("exceptions", "meta"):
            return found
        return lambda *given, **named: self._run.call(found, *given, **named)


def record_of(image: str) -> bytes:
    record = {"recordId": image, "modelInput": {"max_tokens": 9, "prompt": image}, "error": {}}
    return json.dumps(record).encode()


@pytest.fixture
def bedrock() -> Bedrock:
    return Bedrock()


@pytest.fixture
def deployed(aws: Aws, bedrock: Bedrock) -> Deployment:
    """A job of which `x` and `y` were rejected with errors, and `z` by its prompt."""
    s3, dynamodb = aws
    put_job(dynamodb, modelId="a.model", traceId="t", status="COMPLETED")
    reasons = {"x": "ModelError", "y": "Truncated", "z": "InvalidReceipt"}
    lines, letters, offset = [], [], 0
    for image, reason in reasons.items():
        line = record_of(image)
        letters.append({"offset": offset, "length": len(line), "reason": reason, "recordId": image})
        lines.append(line)
        offset += len(line) + 1
    etag = s3.put_object(Bucket=BUCKET, Key=KEY, Body=b"\n".join(lines))["ETag"].strip('"')
    body = b"".join(json.dumps(each).encode() + b"\n" for each in letters)
    s3.put_object(Bucket=BUCKET, Key="dead-letters/x", Body=body)
    counts = LoadCounts(rejects=dict.fromkeys(reasons.values(), 1))
    Ledger(dynamodb, "ledger").put_segment(
        object_partition(JOB, KEY, 1),
        Segment(Range(0, offset), counts, "dead-letters/x"),
        expires=1,
    )
    write_claim(aws, etag, counts, state="done")
    return deployment_on(aws, bedrock=bedrock)


def write_claim(aws: Aws, etag: str, counts: LoadCounts | None, *, state: str) -> None:
    stats = {} if counts is None else {"stats": counts.as_dict()}
    put_claim(aws[1], JOB, KEY, etag=etag, state=state, **stats)


def retries_on_record(aws: Aws) -> list[dict[str, Any]]:
    items = aws[1].scan(TableName="batch-jobs")["Items"]
    return [each for each in map(from_item, items) if "retryOf" in each]


def assert_the_next_run_finishes(
    aws: Aws,
    deployed: Deployment,
    bedrock: Bedrock,
    *,
    run: Callable[[Deployment], object],
    again: Callable[[Deployment], object],
    after: bool,
) -> None:
    """Kill a run at each of its calls in turn; each time one job is made, and is on record."""
    clients = {name: deployed.make_client(name) for name in ("s3", "dynamodb", "bedrock")}
    at = 0
    while True:
        at += 1
        killed = Interrupted(clients, at=at, after=after)
        once = Deployment("S", "a test", "us-east-1", deployed.outputs, killed.client)
        with suppress(Killed):
            run(once)
            break
        again(deployed)
        assert len(bedrock.jobs) == 1
        (record,) = retries_on_record(aws)
        assert record["jobId"] == "retry0000001"
        aws[1].delete_item(
            TableName="batch-jobs",
            Key=to_item({name: record[name] for name in ("intentId", "submitTime")}),
        )
        bedrock.jobs.clear()
    assert at > 12
