"""What `ingest inspect` and a bare `ingest` say of jobs that are open or ended at Bedrock."""

import json
from typing import Any

import pytest

from ops.commands.inspect import look_up
from ops.commands.jobs import show_open_jobs
from ops.model import job_list
from ops.model.deployment import Deployment
from ops.model.job_heads import read_heads
from ops.model.remarks import remarks
from tests.workflow.aws_tables import deployment_on
from tests.workflow.memory.executions import EXECUTION, OneExecution
from tests.workflow.memory.queues import MemoryQueues
from tests.workflow.test_job_list import put_broken_job, put_dated_job

Aws = tuple[Any, Any]


def _ended(job_id: str) -> dict[str, Any]:
    """Bedrock's event, as in
    https://docs.aws.amazon.com/bedrock/latest/userguide/monitoring-eventbridge-how-it-works.html.
    """
    arn = f"arn:aws:bedrock:us-east-1:123456789012:model-invocation-job/{job_id}"
    return {
        "detail-type": "Batch Inference Job State Change",
        "time": "2026-11-28T00:00:00Z",
        "detail": {"batchJobArn": arn, "status": "Expired"},
    }


@pytest.fixture
def queue() -> MemoryQueues:
    return MemoryQueues()


@pytest.fixture
def deployed(aws: Aws, queue: MemoryQueues) -> Deployment:
    execution = OneExecution(status="SUCCEEDED", input=json.dumps(_ended("job-1")))
    return deployment_on(aws, sqs=queue, stepfunctions=execution)


def test_events_of_an_open_job_that_were_not_delivered_are_counted_and_left_in_the_queue(
    aws: Aws, deployed: Deployment, queue: MemoryQueues
) -> None:
    put_dated_job(aws, "job-1", "SUBMITTED")
    created = {"object": {"key": "batch-output/job-1/a.jsonl.out"}}
    queue.bodies += map(json.dumps, [{"detail": created}, _ended("job-1"), _ended("job-2")])
    (remark,) = remarks(deployed, look_up(deployed, "job-1"))
    assert remark == (
        "The dead-letter queue holds 2 events of it: "
        f"`{deployed.command('dead-events --resend')}` delivers again."
    )
    assert not queue.hidden


@pytest.mark.parametrize("status", ["COMPLETED", "PARTIALLY_COMPLETED"])
def test_a_job_that_has_settled_is_not_looked_for_in_the_queue(
    aws: Aws, deployed: Deployment, queue: MemoryQueues, status: str
) -> None:
    put_dated_job(aws, "job-1", status)
    queue.bodies.append(json.dumps(_ended("job-1")))
    assert remarks(deployed, look_up(deployed, "job-1")) == []


def test_a_job_is_found_by_bedrock_s_arn(aws: Aws, deployed: Deployment) -> None:
    put_dated_job(aws, "job-1", "COMPLETED")
    report = look_up(deployed, "arn:aws:bedrock:us-east-1:1:model-invocation-job/job-1")
    assert (report.job_id, report.status) == ("job-1", "COMPLETED")


def test_how_a_job_ended_at_bedrock_is_said(aws: Aws, deployed: Deployment) -> None:
    ended = {"status": "Expired", "message": "it did not begin in time"}
    put_dated_job(aws, "job-1", "FAILED", ingestState={"revision": 1, "bedrock": ended})
    report = look_up(deployed, "job-1")
    assert remarks(deployed, report) == ["Bedrock ended it as Expired: it did not begin in time"]


def test_an_execution_that_bedrock_s_event_has_started_shows_its_job(
    aws: Aws, deployed: Deployment
) -> None:
    put_dated_job(aws, "job-1", "FAILED")
    report = look_up(deployed, EXECUTION)
    assert (report.job_id, report.status) == ("job-1", "FAILED")
    assert report.history is not None


def test_an_execution_of_another_application_s_job_shows_none(deployed: Deployment) -> None:
    report = look_up(deployed, EXECUTION)
    assert (report.job_id, report.record) == ("", None)


def test_without_a_command_each_job_that_needs_a_look_has_one(
    aws: Aws, deployed: Deployment, capsys: pytest.CaptureFixture[str]
) -> None:
    put_dated_job(aws, "done", "COMPLETED")
    put_dated_job(aws, "waits", "SUBMITTED")
    put_dated_job(aws, "refused", "FAILED", resultStats={"failureCount": 3, "totalCount": 3})
    put_broken_job(aws)
    show_open_jobs(deployed)
    said = capsys.readouterr().out.splitlines()
    commands = {line.strip() for line in said if line.startswith("  ")}
    assert commands == {
        deployed.command("inspect", "waits"),
        deployed.command("rejects", "refused"),
        deployed.command("redrive --job", "broken"),
    }


def test_without_a_command_nothing_open_is_said(
    aws: Aws, deployed: Deployment, capsys: pytest.CaptureFixture[str]
) -> None:
    put_dated_job(aws, "done", "COMPLETED")
    show_open_jobs(deployed)
    assert "No job is open, and none has failed." in capsys.readouterr().out


@pytest.mark.parametrize(("jobs", "is_cut"), [(10, False), (11, True)])
def test_without_a_command_it_is_said_if_more_are_open_than_are_shown(
    aws: Aws, deployed: Deployment, capsys: pytest.CaptureFixture[str], jobs: int, is_cut: bool
) -> None:
    for number in range(jobs):
        put_dated_job(aws, f"waits-{number}", "SUBMITTED")
    put_dated_job(aws, "done", "COMPLETED")
    show_open_jobs(deployed)
    said = capsys.readouterr()
    assert said.out.count(deployed.command("inspect")) == 10
    assert ("more are open" in said.err) is is_cut


def test_without_a_command_no_more_is_said_than_was_read(
    aws: Aws,
    deployed: Deployment,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    put_dated_job(aws, "done", "COMPLETED")

    def in_part(*arguments: Any, **named: Any) -> Any:
        return read_heads(*arguments, **named)[0], False

    monkeypatch.setattr(job_list, "read_heads", in_part)
    show_open_jobs(deployed)
    said = capsys.readouterr()
    assert "No job of those read is open, and none has failed." in said.out
    assert "only its first 20 MB were read" in said.err
