"""ResubmitRejects: a settled job's rejects go to Bedrock once, wherever a run is interrupted."""

import io
from dataclasses import replace

import pytest

from functions.aws.resubmission.submission import Request, submit
from functions.domain.events import Event
from functions.resubmit_rejects.automatic import AutomaticResubmission
from ops.model.deployment import Deployment
from ops.model.resubmission import prepare
from tests.workflow.fake_telemetry import FakeTelemetry
from tests.workflow.memory.interruptions import Interruptions
from tests.workflow.resubmitting import JOB, REQUEST, RejectedJob, assert_the_next_run_finishes
from tests.workflow.rows import put_job

REJECTS = {"ModelError": 1, "Truncated": 1, "InvalidReceipt": 1}
AUTOMATIC = replace(REQUEST, model=None, most_records=2)


@pytest.fixture
def job() -> RejectedJob:
    return RejectedJob()


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


def test_what_the_same_model_may_answer_is_submitted_with_padding(
    job: RejectedJob, log: FakeTelemetry
) -> None:
    assert _run(job.deployed(), log) == "retry0000001"
    ids = [each["recordId"] for each in job.input()]
    assert ids == ["x", "y", "__pad__000001", "__pad__000002", "__pad__000003"]
    (record,) = job.retries()
    assert (record["retryOf"], record["modelId"]) == (JOB, "a.model")
    assert log.all(Event.REJECTS_RESUBMITTED) == [{"retry": "retry0000001"}]


def test_no_more_than_the_budget_is_submitted(job: RejectedJob, log: FakeTelemetry) -> None:
    _run(job.deployed(), log, request=replace(AUTOMATIC, most_records=1, minimum=1))
    assert [each["recordId"] for each in job.input()] == ["x"]


def test_a_run_that_is_killed_at_any_call_is_finished_by_the_next(log: FakeTelemetry) -> None:
    def run(on: Deployment) -> object:
        return _run(on, log)

    assert_the_next_run_finishes(run, run)


def test_a_job_is_retried_once_however_often_its_status_is_announced(
    job: RejectedJob, log: FakeTelemetry
) -> None:
    _run(job.deployed(), log)
    (record,) = job.retries()
    put_job(job.dynamodb, **{**record, "status": "COMPLETED"}, job=record["jobId"])
    assert _run(job.deployed(), log) is None
    assert _skipped(log) == "the job was retried before"
    assert len(job.bedrock.jobs) == 1


def test_a_job_that_a_person_had_retried_is_left_alone(
    job: RejectedJob, log: FakeTelemetry
) -> None:
    deployed = job.deployed()
    prepared = prepare(deployed, deployed.jobs.find(JOB), REQUEST, io.BytesIO())
    assert prepared is not None
    submit(deployed, prepared)
    assert _run(deployed, log) is None
    job.check_one_retry()


def test_a_retry_s_own_rejects_are_not_submitted(job: RejectedJob, log: FakeTelemetry) -> None:
    put_job(job.dynamodb, "retry-1", submitTime="later", retryOf=JOB)
    assert _run(job.deployed(), log, job="retry-1") is None
    assert _skipped(log) == "the job is a retry itself"
    assert not job.bedrock.jobs


def test_rejects_that_the_same_model_would_repeat_cost_no_call(
    job: RejectedJob, log: FakeTelemetry
) -> None:
    calls = Interruptions()
    assert _run(job.deployed(calls), log, rejects={"InvalidReceipt": 3}) is None
    assert _run(job.deployed(calls), log, rejects={}) is None
    assert calls.calls == []


def test_a_job_of_another_stack_is_left_alone(job: RejectedJob, log: FakeTelemetry) -> None:
    assert _run(job.deployed(), log, job="job-2") is None
    assert not job.bedrock.jobs


def test_nothing_is_submitted_while_answers_are_not_known(
    job: RejectedJob, log: FakeTelemetry
) -> None:
    job.claim("e", state="claimed")
    assert _run(job.deployed(), log) is None
    assert "not ingested to its end" in _skipped(log)
    assert not job.bedrock.jobs
