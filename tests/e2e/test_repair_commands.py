"""`ingest redrive`, `dead-events` and `rejects` as an operator types them, after real failures."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from typer.testing import Result

from ops.errors import ExitCode
from ops.model.deployment import Deployment
from ops.model.history import History
from tests.e2e.faults.permissions import denied
from tests.e2e.held import JobRecord, deliver
from tests.e2e.own_aws import data, deployed
from tests.e2e.waiting import eventually, next_execution
from tests.lines import ANSWER, answered

__all__ = ["data", "deployed"]  # these commands look at all that is on it


def _line(image_id: str, answer: str = ANSWER) -> bytes:
    return answered(image_id, answer, modelInput={"prompt": f"what is {image_id}?"})


def _job(deployed: Deployment) -> JobRecord:
    job = JobRecord()
    job.write(deployed)
    return job


def _failed(deployed: Deployment) -> tuple[JobRecord, History]:
    """A job whose one object could not be read."""
    job = _job(deployed)
    with denied(deployed, "LoadSegmentRole", "s3:GetObject"):
        history = deliver(deployed, job.key(), _line("image-1"))
    assert history.status == "FAILED"
    return job, history


def _rejected(deployed: Deployment) -> tuple[JobRecord, History]:
    """A job of which too much was rejected: a verdict."""
    job = _job(deployed)
    body = b"".join(_line(f"image-{n}", answer="I cannot read this.") for n in range(25))
    history = deliver(deployed, job.key(), body)
    assert history.status == "FAILED"
    return job, history


def _json(result: Result) -> Any:
    return json.loads(result.stdout)


class TestRedrive:
    def test_all_that_failed_is_redriven_and_what_cannot_be_says_what_to_do_instead(
        self, deployed: Deployment, data: Path, ingest: Callable[..., Result]
    ) -> None:
        failed = [_failed(deployed), _failed(deployed)]
        job, verdict = _rejected(deployed)

        unasked = ingest("redrive", "--all-failed", "--since", "2d")
        assert unasked.exit_code == ExitCode.REFUSED
        for _, history in failed:
            assert history.name in unasked.stdout
        assert "1 of 1 item of LoadRanges, and what follows it" in unasked.stdout
        assert "say --yes" in unasked.stderr

        done = ingest("redrive", "--all-failed", "--since", "2d", "--yes", "--json")
        assert done.exit_code == ExitCode.DONE, done.output
        said = {each["execution"]: each for each in _json(done)["executions"]}
        assert said.keys() == {verdict.arn, *(history.arn for _, history in failed)}
        for job_of, history in failed:
            each = said[history.arn]
            assert (each["redriven"], each["outcome"]) == (True, "SUCCEEDED")
            assert (each["failedState"], each["error"]) == ("LoadRanges", "AccessDenied")
            assert (each["job"], each["obstacle"]) == (job_of.job_id, None)
            assert job_of.transactions(deployed)
        left = said[verdict.arn]
        assert (left["redriven"], left["willRun"]) == (False, None)
        assert left["obstacle"]["instead"] == f"ingest rejects {job.job_id} --data {data}"

        again = ingest("redrive", "--all-failed", "--since", "2d", "--yes")
        assert again.exit_code == ExitCode.REFUSED
        assert "A redrive would fail again" in again.stdout

    def test_of_a_job(self, deployed: Deployment, ingest: Callable[..., Result]) -> None:
        job, mine = _failed(deployed)
        _, others = _failed(deployed)
        done = ingest("redrive", "--job", job.job_id, "--yes")
        assert done.exit_code == ExitCode.DONE, done.output
        assert f"{mine.name}: SUCCEEDED" in done.stdout
        assert others.name not in done.output
        assert ingest("redrive", others.name, "--yes").exit_code == ExitCode.DONE

    def test_that_fails_again_says_where_to_look(
        self, deployed: Deployment, data: Path, ingest: Callable[..., Result]
    ) -> None:
        _, history = _failed(deployed)
        with denied(deployed, "LoadSegmentRole", "s3:GetObject"):
            result = ingest("redrive", history.arn, "--yes")
        assert result.exit_code == ExitCode.JOB_FAILED
        assert f"look: ingest inspect {history.arn} --data {data}" in result.stdout
        assert ingest("redrive", history.arn, "--yes").exit_code == ExitCode.DONE


def _queued(deployed: Deployment) -> int:
    """Events in the trigger's dead-letter queue, those included that nobody can receive now."""
    found = deployed.sqs.get_queue_attributes(
        QueueUrl=deployed.outputs["TriggerDeadLetterQueueUrl"],
        AttributeNames=["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"],
    )["Attributes"]
    return sum(int(number) for number in found.values())


class TestDeadEvents:
    def test_results_that_were_not_started_are_started_by_resending(
        self, deployed: Deployment, data: Path, ingest: Callable[..., Result]
    ) -> None:
        assert ingest("dead-events").exit_code == ExitCode.DONE
        job = _job(deployed)
        with denied(deployed, "TriggerRole", "states:StartExecution"):
            deployed.s3.put_object(Bucket=deployed.bucket, Key=job.key(), Body=_line("image-1"))
            (dead,) = _eventually_dead(ingest)
        assert (dead["of"], dead["job"], dead["about"]) == ("results", job.job_id, job.key())
        assert "states:StartExecution" in dead["reason"]
        assert dead["became"] is None
        listed = ingest("dead-events")
        assert listed.exit_code == ExitCode.JOB_FAILED
        assert f"ingest dead-events --resend --data {data}" in listed.stdout

        resent = ingest("dead-events", "--resend", "--json")
        assert resent.exit_code == ExitCode.DONE, resent.output
        (event,) = _json(resent)["events"]
        history = next_execution(deployed, key=job.key(), but=())
        assert (event["became"], history.status) == (history.arn, "SUCCEEDED")
        assert len(job.transactions(deployed)) == 1
        assert _json(ingest("dead-events", "--json")) == {"events": [], "left": 0}
        assert _queued(deployed) == 0

    def test_messages_of_outcomes_that_were_not_sent_are_sent_by_resending(
        self, deployed: Deployment, ingest: Callable[..., Result]
    ) -> None:
        with denied(deployed, "RecordOutcomeRole", "dynamodb:UpdateItem"):
            job, history = _failed(deployed)
            (dead,) = _eventually_dead(ingest)
            still = ingest("dead-events", "--resend")
        assert (dead["of"], dead["job"]) == ("outcomes", job.job_id)
        assert dead["about"] == f"FAILED {history.name}"
        assert "dynamodb:UpdateItem" in dead["reason"]
        assert still.exit_code == ExitCode.JOB_FAILED
        assert "dynamodb:UpdateItem" in still.stdout
        assert job.read(deployed)["status"] != "FAILED"

        assert ingest("dead-events", "--resend").exit_code == ExitCode.DONE
        assert job.read(deployed)["status"] == "FAILED"
        assert ingest("dead-events").exit_code == ExitCode.DONE
        assert ingest("redrive", history.arn, "--yes").exit_code == ExitCode.DONE


class TestRejects:
    def test_are_exported_as_input_of_a_new_job(
        self, deployed: Deployment, tmp_path: Path, ingest: Callable[..., Result]
    ) -> None:
        job = _job(deployed)
        broken = _line("image-1")[:-30] + b"\n"
        body = b"".join(
            (_line("image-0"), broken, _line("image-2", answer="sorry"), _line("image-3"))
        )
        assert deliver(deployed, job.key(), body).status == "SUCCEEDED"
        file = tmp_path / "again.jsonl"
        exported = ingest("rejects", job.job_id, "--export", str(file), "--json")
        assert exported.exit_code == ExitCode.DONE
        said = _json(exported)
        assert said["rejectsByReason"] == {"InvalidJson": 1, "NoJsonInText": 1}
        assert said["exported"] == 1
        assert [each["where"].rpartition("-")[0] for each in said["notExported"]] == [
            f"{job.key()} bytes {len(_line('image-0'))}"
        ]
        assert all("excerpt" not in each for each in said["rejects"])
        original = json.loads(_line("image-2"))
        lines = [json.loads(line) for line in file.read_bytes().splitlines()]
        assert lines == [{name: original[name] for name in ("recordId", "modelInput")}]
        assert file.stat().st_mode & 0o777 == 0o600


def _eventually_dead(ingest: Callable[..., Result]) -> list[dict[str, Any]]:
    def listed() -> list[dict[str, Any]]:
        events: list[dict[str, Any]] = _json(ingest("dead-events", "--json"))["events"]
        return events

    found: list[dict[str, Any]] = eventually(
        listed, "something is in a dead-letter queue", seconds=300.0
    )
    return found
