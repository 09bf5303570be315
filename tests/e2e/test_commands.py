"""`ingest submit` and `ingest inspect` on the embedded AWS, as a newcomer would type them."""

import json
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

from ops.errors import ExitCode
from ops.model.deployment import Deployment
from tests.e2e.waiting import executions, next_execution
from tests.lines import answered

FAILED = {"recordId": "image-2", "error": {"errorCode": 400, "errorMessage": "too blurred"}}


@pytest.fixture
def job() -> str:
    return f"try{uuid.uuid4().hex[:10]}"


@pytest.fixture
def results(tmp_path: Path) -> Path:
    file = tmp_path / "my results.jsonl"
    file.write_bytes(answered("image-1") + json.dumps(FAILED).encode())
    return file


def outcome(result: Result) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(result.stdout)
    return value


@pytest.mark.usefixtures("deployed")
def test_a_file_of_ones_own_for_a_job_of_ones_own(
    ingest: Callable[..., Result], results: Path, job: str
) -> None:
    submitted = ingest("submit", str(results), "--job", job, "--create-job", "--watch", "--json")

    assert submitted.exit_code == ExitCode.DONE, submitted.output
    (found,) = outcome(submitted)["objects"]
    assert found["key"] == f"batch-output/{job}/my results.jsonl"
    assert (found["successCount"], found["rejectsByReason"]) == (1, {"ModelError": 1})
    assert found["imagesLeftByReason"] == {"ImageUnknown": 1}
    assert outcome(submitted)["job"]["status"] == "COMPLETED"

    inspected = ingest("inspect", job, "--json")
    assert outcome(inspected) == outcome(submitted)
    watched = ingest("watch", job, "--json")
    assert outcome(watched) == outcome(submitted)
    by_name = outcome(submitted)["execution"]["executionArn"].rpartition(":")[2]
    assert outcome(ingest("inspect", by_name, "--json")) == outcome(submitted)

    again = ingest("submit", str(results), "--job", job, "--watch")
    assert again.exit_code == ExitCode.DONE
    assert "ingested before" in again.output


@pytest.mark.usefixtures("deployed")
def test_a_job_that_is_not_there_is_named_before_anything_is_uploaded(
    ingest: Callable[..., Result], results: Path, job: str
) -> None:
    refused = ingest("submit", str(results), "--job", job)
    assert refused.exit_code == ExitCode.NOT_FOUND
    assert job in refused.output
    assert "--create-job" in refused.output


def test_a_failed_execution_begins_with_its_cause_and_cure(
    deployed: Deployment, ingest: Callable[..., Result], job: str
) -> None:
    known = executions(deployed)
    key = f"batch-output/{job}/output.jsonl"
    deployed.s3.put_object(Bucket=deployed.bucket, Key=key, Body=b"{}")
    failed = next_execution(deployed, key=key, but=known)

    inspected = ingest("inspect", failed.arn)

    assert inspected.exit_code == ExitCode.JOB_FAILED
    head = "\n".join(inspected.output.splitlines()[:8])
    assert "Failed in ResolveJob: JobNotFound" in head
    assert "redrive the execution" in head


def test_what_fails_before_its_claim_is_found_and_shown_too(
    deployed: Deployment, ingest: Callable[..., Result], results: Path, job: str
) -> None:
    record = {"intentId": {"S": job}, "submitTime": {"S": "2026-01-01"}, "jobId": {"S": job}}
    table = deployed.outputs["BatchJobsTableName"]
    deployed.dynamodb.put_item(TableName=table, Item=record)  # it has no userId

    submitted = ingest("submit", str(results), "--job", job, "--watch")

    assert submitted.exit_code == ExitCode.JOB_FAILED
    assert "Failed in ResolveJob: JobInvalid" in submitted.output
