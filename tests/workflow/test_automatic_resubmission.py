"""ResubmitRejects: a settled job's rejects go to Bedrock once, wherever a run is interrupted."""

import json
from dataclasses import replace
from typing import Any

import pytest

from functions.aws.resubmission.submission import Request, submit
from functions.domain.attribute_values import to_item
from functions.domain.events import Event
from functions.resubmit_rejects.automatic import AutomaticResubmission
from ops.model.deployment import Deployment
from ops.model.resubmission import prepare
from tests.workflow.aws_tables import BUCKET
from tests.workflow.fake_telemetry import FakeTelemetry
from tests.workflow.resubmitting import (
    JOB,
    REQUEST,
    Aws,
    Bedrock,
    Interrupted,
    assert_the_next_run_finishes,
    retries_on_record,
    write_claim,
)
from tests.workflow.rows import JOB_RECORD

REJECTS = {"ModelError": 1, "Truncated": 1, "InvalidReceipt": 1}
AUTOMATIC = replace(REQUEST, model=None, most_records=2)


@pytest.fixture
def log() -> FakeTelemetry:
    return FakeTelemetry()


def _run(
    deployed: Deployment,
    log: FakeTelemetry,
    *,
    request: Request = AUTOMATIC,
    job: str = JOB,
    rejects: dict[str, int] = REJECTS,
) -> str | None:
    return AutomaticResubmission(deployed, request, log).run(job, rejects=rejects)


def _skipped(log: FakeTelemetry) -> str:
    (facts,) = log.all(Event.RESUBMISSION_SKIPPED)
    return str(facts["reason"])


def _input(aws: Aws, bedrock: Bedrock) -> list[dict[str, Any]]:
    (job,) = bedrock.jobs.values()
    key = job["inputDataConfig"]["s3InputDataConfig"]["s3Uri"].removeprefix(f"s3://{BUCKET}/")
    body = aws[0].get_object(Bucket=BUCKET, Key=key)["Body"].read()
    return [json.loads(line) for line in body.splitlines()]


def test_what_the_same_model_may_answer_is_submitted_with_padding(
    aws: Aws, deployed: Deployment, bedrock: Bedrock, log: FakeTelemetry
) -> None:
    assert _run(deployed, log) == "retry0000001"
    ids = [each["recordId"] for each in _input(aws, bedrock)]
    assert ids == ["x", "y", "__pad__000001", "__pad__000002", "__pad__000003"]
    (record,) = retries_on_record(aws)
    assert (record["retryOf"], record["modelId"]) == (JOB, "a.model")
    assert log.all(Event.REJECTS_RESUBMITTED) == [{"retry": "retry0000001"}]


def test_no_more_than_the_budget_is_submitted(
    aws: Aws, deployed: Deployment, bedrock: Bedrock, log: FakeTelemetry
) -> None:
    _run(deployed, log, request=replace(AUTOMATIC, most_records=1, minimum=1))
    assert [each["recordId"] for each in _input(aws, bedrock)] == ["x"]


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_a_run_that_is_killed_at_any_call_is_finished_by_the_next(
    aws: Aws, deployed: Deployment, bedrock: Bedrock, log: FakeTelemetry, *, after: bool
) -> None:
    def run(on: Deployment) -> object:
        return _run(on, log)

    assert_the_next_run_finishes(aws, deployed, bedrock, run=run, again=run, after=after)


def test_a_job_is_retried_once_however_often_its_status_is_announced(
    aws: Aws, deployed: Deployment, bedrock: Bedrock, log: FakeTelemetry
) -> None:
    _run(deployed, log)
    (record,) = retries_on_record(aws)
    aws[1].put_item(TableName="batch-jobs", Item=to_item({**record, "status": "COMPLETED"}))
    assert _run(deployed, log) is None
    assert _skipped(log) == "the job was retried before"
    assert len(bedrock.jobs) == 1


def test_a_job_that_a_person_had_retried_is_left_alone(
    aws: Aws, deployed: Deployment, bedrock: Bedrock, log: FakeTelemetry, tmp_path: Any
) -> None:
    with (tmp_path / "input").open("w+b") as file:
        prepared = prepare(deployed, deployed.jobs.find(JOB), REQUEST, file)
        assert prepared is not None
        submit(deployed, prepared)
    assert _run(deployed, log) is None
    assert len(bedrock.jobs) == len(retries_on_record(aws)) == 1


def test_a_retry_s_own_rejects_are_not_submitted(
    aws: Aws, deployed: Deployment, bedrock: Bedrock, log: FakeTelemetry
) -> None:
    retry = {**JOB_RECORD, "submitTime": "later", "jobId": "retry-1", "retryOf": JOB}
    aws[1].put_item(TableName="batch-jobs", Item=to_item(retry))
    assert _run(deployed, log, job="retry-1") is None
    assert _skipped(log) == "the job is a retry itself"
    assert not bedrock.jobs


def test_rejects_that_the_same_model_would_repeat_cost_no_call(
    aws: Aws, deployed: Deployment, log: FakeTelemetry
) -> None:
    clients = Interrupted({"s3": None, "dynamodb": None, "bedrock": None}, at=1, after=False)
    idle = Deployment("S", "a test", "us-east-1", deployed.outputs, clients.client)
    assert _run(idle, log, rejects={"InvalidReceipt": 3}) is None
    assert _run(idle, log, rejects={}) is None
    assert clients.calls == 0


def test_a_job_of_another_stack_is_left_alone(
    deployed: Deployment, bedrock: Bedrock, log: FakeTelemetry
) -> None:
    assert _run(deployed, log, job="job-2") is None
    assert not bedrock.jobs


def test_nothing_is_submitted_while_answers_are_not_known(
    aws: Aws, deployed: Deployment, bedrock: Bedrock, log: FakeTelemetry
) -> None:
    write_claim(aws, "e", None, state="claimed")
    assert _run(deployed, log) is None
    assert "not ingested to its end" in _skipped(log)
    assert not bedrock.jobs
