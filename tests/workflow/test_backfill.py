"""`ingest backfill`: which objects it finds, and the executions that it starts."""

import json
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from typer.testing import CliRunner

from functions.aws.unclaimed import UnclaimedFailures
from functions.domain.attribute_values import to_item
from functions.domain.claims import Claim, ClaimState
from functions.domain.inputs import read_event
from functions.domain.s3_event import ObjectCreated
from ops import cli
from ops.commands.backfill import backfill
from ops.errors import Refused
from ops.model import backlog
from ops.model.backlog import Left
from ops.model.deployment import Deployment
from tests.workflow.aws_tables import BUCKET, deployment_on
from tests.workflow.machine import JOB, START, Machine
from tests.workflow.memory.executions import MemoryExecutions
from tests.workflow.rows import put_claim, put_job

OLD = "batch-output/2024/05/job-1/in put+%2B.jsonl.out"
NEW = "batch-output/job-2/output.jsonl"


@pytest.fixture
def executions() -> MemoryExecutions:
    return MemoryExecutions()


@pytest.fixture
def deployed(aws: tuple[Any, Any], executions: MemoryExecutions) -> Deployment:
    s3, dynamodb = aws
    for job in ("job-1", "job-2"):
        put_job(dynamodb, job, intentId=job)
    for key in (OLD, NEW):
        s3.put_object(Bucket=BUCKET, Key=key, Body=b"{}")
    return deployment_on(aws, stepfunctions=executions)


def _found(deployed: Deployment, **options: Any) -> backlog.Backlog:
    return backlog.find(deployed, **{"prefix": "batch-output/", "since": None, **options})


def _keys(found: backlog.Backlog) -> list[str]:
    return [each.key for each in found.unannounced]


def _claim(deployed: Deployment, job: str, key: str, **row: Any) -> None:
    etag = deployed.s3.head_object(Bucket=BUCKET, Key=key)["ETag"].strip('"')
    put_claim(deployed.dynamodb, job, key, **{"state": "done", "etag": etag, **row})


def test_what_no_execution_has_claimed_is_found_however_old_it_is(deployed: Deployment) -> None:
    found = _found(deployed)
    assert _keys(found) == [OLD, NEW]
    assert [each.job_id for each in found.unannounced] == ["job-1", "job-2"]
    assert (found.jobs, found.size) == (2, 4)
    assert not found.left


def test_a_prefix_and_a_time_bound_it(deployed: Deployment) -> None:
    assert _keys(_found(deployed, prefix="batch-output/2024/")) == [OLD]
    assert _keys(_found(deployed, since=datetime.now(UTC) + timedelta(days=1))) == []
    assert _keys(_found(deployed, since=datetime.now(UTC) - timedelta(days=1))) == [OLD, NEW]


def test_claimed_content_is_left_and_content_that_replaced_it_is_not(deployed: Deployment) -> None:
    _claim(deployed, "job-1", OLD)
    _claim(deployed, "job-2", NEW, etag="of before")
    found = _found(deployed)
    assert _keys(found) == [NEW]
    assert found.left == {Left.CLAIMED: 1}


def test_what_failed_before_its_claim_is_left_to_a_redrive(deployed: Deployment) -> None:
    etag = deployed.s3.head_object(Bucket=BUCKET, Key=OLD)["ETag"].strip('"')
    failed = Claim(OLD, etag, "arn:one", 0, ClaimState.FAILED, START)
    UnclaimedFailures(deployed.ledger).fail(failed, "job-1", failure={}, now=START)
    found = _found(deployed)
    assert _keys(found) == [NEW]
    assert found.left == {Left.FAILED: 1}


def test_what_is_not_ours_is_counted(deployed: Deployment) -> None:
    record = {"intentId": "i", "submitTime": "s", "jobId": "job-3"}
    deployed.dynamodb.put_item(TableName="batch-jobs", Item=to_item(record))
    for key in (
        "batch-output/theirs/a.jsonl",
        "batch-output/theirs/b.jsonl",
        "batch-output/theirs/manifest.json.out",
        "batch-output/theirs/notes.txt",
        "batch-output/job-1/manifest.json.out",
        "batch-output/job-3/without-a-user.jsonl",
        f"batch-output/job-1/{'x' * 950}.jsonl",
        "batch-output/a#b/x.jsonl",
    ):
        deployed.s3.put_object(Bucket=BUCKET, Key=key, Body=b"{}")
    found = _found(deployed)
    assert _keys(found) == [OLD, NEW]
    assert found.left == {Left.NO_JOB: 2, Left.UNUSABLE: 3}
    assert found.strangers == {"batch-output/theirs/": 2}


def test_its_execution_gets_s3s_event(deployed: Deployment, executions: MemoryExecutions) -> None:
    deployed.s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    version = deployed.s3.put_object(Bucket=BUCKET, Key=OLD, Body=b"{ }")["VersionId"]
    chosen = _found(deployed).unannounced[0]
    assert backlog.start(deployed, chosen)
    (request,) = executions.requests
    event = read_event(json.loads(request["input"]))
    assert isinstance(event, ObjectCreated)
    assert (event.bucket, event.key, event.replay) == (BUCKET, OLD, None)
    assert event.detail.object.etag == chosen.etag
    assert event.detail.object.version_id == version
    assert event.time == chosen.created.replace(microsecond=0)
    assert len(request["name"]) <= 80


@pytest.mark.parametrize("has_ended", [False, True])
def test_to_start_it_again_starts_nothing(
    deployed: Deployment, executions: MemoryExecutions, *, has_ended: bool
) -> None:
    (first, _) = _found(deployed).unannounced
    arn = backlog.start(deployed, first)
    assert arn is not None
    if has_ended:
        executions.end(arn)
    (again, _) = _found(deployed).unannounced
    assert backlog.start(deployed, again) == (None if has_ended else arn)
    assert list(executions.now) == [arn]


def test_other_content_is_another_execution(
    deployed: Deployment, executions: MemoryExecutions
) -> None:
    before = _found(deployed).unannounced[0]
    backlog.start(deployed, before)
    deployed.s3.put_object(Bucket=BUCKET, Key=OLD, Body=b"other")
    assert backlog.start(deployed, before) is None, "its own event comes"
    backlog.start(deployed, _found(deployed).unannounced[0])
    assert len(executions.now) == 2


def test_an_object_that_is_gone_is_not_started(
    deployed: Deployment, executions: MemoryExecutions
) -> None:
    chosen = _found(deployed).unannounced[0]
    deployed.s3.delete_object(Bucket=BUCKET, Key=OLD)
    assert backlog.start(deployed, chosen) is None
    assert not executions.now


def test_an_event_that_comes_after_all_finds_the_claim(machine: Machine) -> None:
    key = f"batch-output/{JOB}/a.jsonl"
    late = machine.upload(key, b"x")
    listed = machine.s3.objects[key]
    found = backlog.Unannounced(JOB, key, listed.etag, 1, listed.created)
    first, _ = machine.start(found.event(late["detail"]["bucket"]["name"], version_id=""))
    _, state = machine.start(late)
    assert machine.claims()[key].owner == first
    assert state == "AlreadyClaimed"


class EndAtOnce(MemoryExecutions):
    """Executions that have ended in this way when they are looked at."""

    ending = "ExecutionSucceeded"

    def get_paginator(self, operation: str) -> Any:
        if operation == "get_execution_history":
            return SimpleNamespace(paginate=self._history)
        return super().get_paginator(operation)

    def _history(self, *, executionArn: str, **_: Any) -> list[dict[str, Any]]:  # noqa: N803
        details = {"input": self.now[executionArn]["input"]}
        began: dict[str, Any] = {
            "type": "ExecutionStarted",
            "executionStartedEventDetails": details,
        }
        events = [began, {"type": self.ending}]
        return [{"events": [{**each, "timestamp": START} for each in events]}]


@pytest.mark.parametrize(
    ("ending", "code"),
    [("ExecutionSucceeded", 0), ("ExecutionFailed", 4), ("ExecutionAborted", 4)],
)
@pytest.mark.usefixtures("deployed")
def test_followed_to_the_end_it_ends_as_the_executions_do(
    aws: tuple[Any, Any], ending: str, code: int
) -> None:
    executions = EndAtOnce()
    executions.ending = ending
    for job in ("job-1", "job-2"):
        put_job(aws[1], job, intentId=job, status="FAILED")
    command = ["backfill", "--watch", "--yes", "--rate", "100"]
    place = deployment_on(aws, stepfunctions=executions)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("ops.model.deployment.find", lambda **_: place)
        ended = CliRunner().invoke(cli.app, command)
    assert len(executions.now) == 2, ended.output
    assert ended.exit_code == code, ended.output


class TestCommand:
    @pytest.fixture(autouse=True)
    def _chosen(self, deployed: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("ops.model.deployment.find", lambda **_: deployed)

    def test_all_are_started(
        self, executions: MemoryExecutions, capsys: pytest.CaptureFixture[str]
    ) -> None:
        backfill(yes=True, rate=100)
        assert len(executions.now) == 2
        shown = capsys.readouterr().out
        assert "2 results objects of 2 jobs to ingest under batch-output/: 4 bytes" in shown
        assert "Started 2 executions." in shown

    def test_what_was_started_before_and_never_claimed_is_named(
        self,
        deployed: Deployment,
        executions: MemoryExecutions,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        arn = backlog.start(deployed, _found(deployed).unannounced[0])
        assert arn is not None
        executions.end(arn, "ABORTED")
        backfill(yes=True, rate=100)
        shown = capsys.readouterr().out
        assert "1 object not started" in shown
        assert "Started 1 execution." in shown

    def test_unasked_nothing_is_started(self, executions: MemoryExecutions) -> None:
        with pytest.raises(Refused, match=r"^Ingest 2 objects on a test\? .* say --yes"):
            backfill()
        assert not executions.now

    def test_a_dry_run_only_shows(
        self, executions: MemoryExecutions, capsys: pytest.CaptureFixture[str]
    ) -> None:
        backfill(dry_run=True, as_json=True)
        said = json.loads(capsys.readouterr().out)
        assert [each["object"] for each in said["unannounced"]] == [OLD, NEW]
        assert said["started"] == 0
        assert not executions.now

    def test_what_costs_more_than_allowed_is_refused(self, executions: MemoryExecutions) -> None:
        with pytest.raises(Refused, match="more than --max-cost"):
            backfill(yes=True, max_cost=0.0001)
        assert not executions.now
        backfill(yes=True, max_cost=1.0, rate=100)
        assert len(executions.now) == 2

    def test_a_prefix_outside_of_results_is_refused(self) -> None:
        with pytest.raises(Refused):
            backfill(prefix="uploads/")

    @pytest.mark.parametrize("interruption", [KeyboardInterrupt, OSError])
    def test_after_an_interruption_the_rest_is_started_and_nothing_twice(
        self,
        executions: MemoryExecutions,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
        interruption: type[BaseException],
    ) -> None:
        start = backlog.start

        def interrupted(place: Deployment, each: backlog.Unannounced) -> str | None:
            arn = start(place, each)
            if each.key == OLD:
                raise interruption  # its answer is lost
            return arn

        monkeypatch.setattr(backlog, "start", interrupted)
        with pytest.raises(interruption):
            backfill(yes=True, rate=100, since="9d")
        assert "ingest backfill --since 9d --rate 100 --at-a-time 25" in capsys.readouterr().err
        monkeypatch.setattr(backlog, "start", start)
        backfill(yes=True, rate=100)
        assert len(executions.now) == 2
