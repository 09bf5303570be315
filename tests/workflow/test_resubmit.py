"""`ingest resubmit`: rejects go to Bedrock once, wherever a run is interrupted."""

from __future__ import annotations

import io
import json
import tempfile
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from functions.aws.ledger import Ledger
from functions.domain.attribute_values import from_item, to_item
from functions.domain.counts import LoadCounts
from functions.domain.ledger_rows import claim_key, object_partition
from functions.domain.ranges import Range
from functions.domain.receipts.reject import RejectReason
from functions.domain.segments import Segment
from ops.errors import NothingFound, Refused
from ops.model.bedrock_retries import BedrockRetries, RetryName, root_job
from ops.model.deployment import Deployment
from ops.model.resubmission import Request, prepare, submit
from tests.workflow.aws_tables import BUCKET
from tests.workflow.load_world import JOB_RECORD

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


class _Killed(Exception):  # noqa: N818 - what a Ctrl-C does
    """The run ends here."""


class _Bedrock:
    """Bedrock's batch jobs: one for each client request token."""

    def __init__(self) -> None:
        self.jobs: dict[str, dict[str, Any]] = {}

    def create_model_invocation_job(self, **request: Any) -> dict[str, Any]:
        for arn, job in self.jobs.items():
            if job["clientRequestToken"] == request["clientRequestToken"]:
                assert {**job, "submitTime": None} == {**request, "submitTime": None}
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

    def get_paginator(self, operation: str) -> _Bedrock:
        assert operation == "list_model_invocation_jobs"
        return self

    def paginate(self, **request: str) -> list[dict[str, Any]]:
        found = [
            {"jobArn": arn, "jobName": job["jobName"]}
            for arn, job in self.jobs.items()
            if request["nameContains"] in job["jobName"]
        ]
        return [{"invocationJobSummaries": found}]


class _Interrupted:
    """All clients of a run, which is killed before or after one of its calls."""

    def __init__(self, clients: dict[str, Any], *, at: int, after: bool) -> None:
        self.calls = 0
        self._clients, self._at, self._after = clients, at, after

    def client(self, service: str) -> Any:
        return _Client(self, self._clients[service])

    def call(self, method: Any, *given: Any, **named: Any) -> Any:
        self.calls += 1
        if self.calls == self._at and not self._after:
            raise _Killed
        answer = method(*given, **named)
        if self.calls == self._at:
            raise _Killed
        return answer


class _Client:
    def __init__(self, run: _Interrupted, client: Any) -> None:
        self._run, self._client = run, client

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._client, name)
        if name in ("exceptions", "meta"):
            return found
        return lambda *given, **named: self._run.call(found, *given, **named)


def _record(image: str) -> bytes:
    record = {"recordId": image, "modelInput": {"max_tokens": 9, "prompt": image}, "error": {}}
    return json.dumps(record).encode()


@pytest.fixture
def bedrock() -> _Bedrock:
    return _Bedrock()


@pytest.fixture
def deployed(aws: Aws, bedrock: _Bedrock) -> Deployment:
    """A job of which `x` and `y` were rejected with errors, and `z` by its prompt."""
    s3, dynamodb = aws
    dynamodb.put_item(
        TableName="batch-jobs",
        Item=to_item({**JOB_RECORD, "modelId": "a.model", "traceId": "t", "status": "COMPLETED"}),
    )
    reasons = {"x": "ModelError", "y": "Truncated", "z": "InvalidReceipt"}
    lines, letters, offset = [], [], 0
    for image, reason in reasons.items():
        line = _record(image)
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
    _claim(aws, etag, counts, state="done")
    outputs = {
        "BucketName": BUCKET,
        "BatchJobsTableName": "batch-jobs",
        "LedgerTableName": "ledger",
    }
    made = {"s3": s3, "dynamodb": dynamodb, "bedrock": bedrock}
    return Deployment("BatchIngest", "a test", "us-east-1", outputs, made.__getitem__)


def _claim(aws: Aws, etag: str, counts: LoadCounts | None, *, state: str) -> None:
    row = {
        **claim_key(JOB, KEY).as_dict(),
        "etag": etag,
        "owner": "arn:first",
        "generation": 1,
        "state": state,
        "eventTime": "2026-11-23T00:00:00Z",
    }
    stats = {} if counts is None else {"stats": counts.as_dict()}
    aws[1].put_item(TableName="ledger", Item=to_item({**row, **stats}))


def _run(deployed: Deployment, request: Request = REQUEST) -> str | None:
    """What the command does, its questions aside."""
    root = root_job(deployed, JOB)
    if found := BedrockRetries(deployed, root).write_missing_records():
        return found[-1]
    with tempfile.TemporaryFile() as file:
        prepared = prepare(deployed, root, request, file)
        return None if prepared is None else submit(deployed, prepared)


def _retries(aws: Aws) -> list[dict[str, Any]]:
    items = aws[1].scan(TableName="batch-jobs")["Items"]
    return [each for each in map(from_item, items) if "retryOf" in each]


def test_rejects_are_padded_submitted_and_put_on_record(
    aws: Aws, deployed: Deployment, bedrock: _Bedrock
) -> None:
    assert _run(deployed) == "retry0000001"
    (job,) = bedrock.jobs.values()
    uri = job["inputDataConfig"]["s3InputDataConfig"]["s3Uri"]
    key = uri.removeprefix(f"s3://{BUCKET}/")
    body = aws[0].get_object(Bucket=BUCKET, Key=key)["Body"].read()
    records = [json.loads(line) for line in io.BytesIO(body)]
    assert [each["recordId"] for each in records] == [
        "x",
        "y",
        "z",
        "__pad__000001",
        "__pad__000002",
    ]
    assert [each["modelInput"]["max_tokens"] for each in records] == [9, 9, 9, 1, 1]
    assert job["outputDataConfig"] == {
        "s3OutputDataConfig": {"s3Uri": f"s3://{BUCKET}/batch-output/"}
    }
    assert _retries(aws) == [
        {
            "intentId": JOB_RECORD["intentId"],
            "submitTime": "2026-11-28T01:00:00.000Z",
            "jobId": "retry0000001",
            "userId": JOB_RECORD["userId"],
            "modelId": "amazon.nova-lite-v1:0",
            "traceId": "t",
            "pendingImageCount": 5,
            "retryOf": JOB,
            "status": "SUBMITTED",
        }
    ]


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_a_run_that_is_killed_at_any_call_is_finished_by_the_next(
    aws: Aws, deployed: Deployment, bedrock: _Bedrock, *, after: bool
) -> None:
    clients = {name: deployed.make_client(name) for name in ("s3", "dynamodb", "bedrock")}
    at = 0
    while True:
        at += 1
        killed = _Interrupted(clients, at=at, after=after)
        once = Deployment("S", "a test", "us-east-1", deployed.outputs, killed.client)
        try:
            _run(once)
        except _Killed:
            pass
        else:
            break
        try:
            _run(deployed)
        except Refused as refusal:
            assert "has not ended" in str(refusal)  # noqa: PT017 - the killed run had finished
        assert len(bedrock.jobs) == 1
        (record,) = _retries(aws)
        assert record["jobId"] == "retry0000001"
        aws[1].delete_item(
            TableName="batch-jobs",
            Key=to_item({name: record[name] for name in ("intentId", "submitTime")}),
        )
        bedrock.jobs.clear()
    assert at > 12


def test_nothing_is_submitted_while_a_retry_is_under_way(
    aws: Aws, deployed: Deployment, bedrock: _Bedrock
) -> None:
    _run(deployed)
    with pytest.raises(Refused, match="retry0000001 of this job has not ended"):
        _run(deployed)
    (record,) = _retries(aws)
    aws[1].put_item(TableName="batch-jobs", Item=to_item({**record, "status": "FAILED"}))
    assert _run(deployed) == "retry0000002"
    tokens = {job["clientRequestToken"] for job in bedrock.jobs.values()}
    assert len(tokens) == len(_retries(aws)) == 2


@pytest.mark.parametrize("state", ["claimed", "failed"])
def test_nothing_is_submitted_while_answers_are_not_known(
    aws: Aws, deployed: Deployment, bedrock: _Bedrock, state: str
) -> None:
    _claim(aws, "e", None, state=state)
    with pytest.raises(Refused, match="not ingested to its end"):
        _run(deployed)
    assert not bedrock.jobs


def test_a_job_without_results_has_nothing_to_submit(aws: Aws, deployed: Deployment) -> None:
    aws[1].delete_item(TableName="ledger", Key=to_item(dict(claim_key(JOB, KEY).as_dict())))
    with pytest.raises(NothingFound):
        _run(deployed)


@pytest.mark.parametrize(
    ("reasons", "model", "images"),
    [
        ((), None, {"x", "y"}),
        ((), "another.model", {"x", "y", "z"}),
        (("InvalidReceipt",), None, {"z"}),
        (("Refused",), None, set()),
    ],
)
def test_what_the_same_model_would_answer_again_needs_a_reason_or_another_model(
    deployed: Deployment, reasons: tuple[str, ...], model: str | None, images: set[str]
) -> None:
    chosen = Request(
        frozenset(map(RejectReason, reasons)), model, ROLE, 1, "batch-input/", "__pad__"
    )
    file = io.BytesIO()
    prepared = prepare(deployed, root_job(deployed, JOB), chosen, file)
    if prepared is None:
        assert not images
        return
    assert {json.loads(line)["recordId"] for line in file.getvalue().splitlines()} == images
    assert sum(prepared.left.values()) == 3 - len(images)


def test_a_name_says_what_the_record_needs_and_fits() -> None:
    name = RetryName("job" * 20, 99, 50_000)
    assert len(str(name)) <= 63
    assert RetryName.parse(str(name), root_id=name.root_id) == name
    assert RetryName.parse(str(name), root_id="another") is None
