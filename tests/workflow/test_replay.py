"""`ingest replay`: what it says it will do, and the executions that it starts."""

import json
from typing import Any

import pytest

from functions.domain.inputs import read_event
from functions.domain.s3_event import ObjectCreated
from ops.commands.inspect import show
from ops.commands.replay import EFFECT, question, replay
from ops.console import acts
from ops.console.verdict import Act
from ops.errors import NothingFound, Refused
from ops.model import replays
from ops.model.deployment import Deployment
from ops.model.job_report import JobReport
from tests.workflow.aws_tables import BUCKET, deployment_on
from tests.workflow.memory.executions import MACHINE, MemoryExecutions
from tests.workflow.memory.queues import MemoryQueues
from tests.workflow.page_views import page_view
from tests.workflow.rows import put_claim, put_job

KEY = "batch-output/job-1/in put+%2B.jsonl.out"
OTHER = "batch-output/job-1/folder/output.jsonl"


@pytest.fixture
def machine() -> MemoryExecutions:
    return MemoryExecutions()


@pytest.fixture
def deployed(aws: tuple[Any, Any], machine: MemoryExecutions) -> Deployment:
    s3, dynamodb = aws
    put_job(dynamodb)
    for key in (KEY, OTHER, "batch-output/job-1/manifest.json.out", "batch-output/job-10/x.jsonl"):
        s3.put_object(Bucket=BUCKET, Key=key, Body=b"{}")
    return deployment_on(aws, stepfunctions=machine, sqs=MemoryQueues())


def _claim(aws: tuple[Any, Any], etag: str, state: str) -> None:
    claim = {"etag": etag, "generation": 2, "state": state, "sequencer": "00A1"}
    put_claim(aws[1], "job-1", KEY, **claim)


def test_the_results_objects_of_the_job_are_replayed_and_nothing_else(
    deployed: Deployment, machine: MemoryExecutions
) -> None:
    found = replays.find(deployed, "job-1")
    assert {each.key for each in found} == {KEY, OTHER}
    assert {each.progress for each in found} == {"never claimed"}
    assert [each.key for each in replays.find(deployed, "job-1", key=OTHER)] == [OTHER]
    assert machine.requests == []


@pytest.mark.parametrize("state", ["claimed", "done", "failed"])
def test_the_execution_gets_the_event_of_the_present_content_and_the_reason(
    aws: tuple[Any, Any], deployed: Deployment, machine: MemoryExecutions, state: str
) -> None:
    etag = aws[0].head_object(Bucket=BUCKET, Key=KEY)["ETag"].strip('"')
    _claim(aws, etag, state)
    (found,) = replays.find(deployed, "job-1", key=KEY)
    assert found.progress.startswith("generation 2, ")
    arn = replays.start(deployed, found, reason="better parser")
    (request,) = machine.requests
    assert arn.endswith(f":{request['name']}")
    assert (request["stateMachineArn"], len(request["name"]) <= 80) == (MACHINE, True)
    assert request["name"].startswith("replay-job-1-")
    event = json.loads(request["input"])
    assert event["detail"]["object"] == {
        "key": KEY,
        "size": 2,
        "etag": etag,
        "sequencer": "00A1",
    }
    assert event["replay"] == {"reason": "better parser"}
    read = read_event(event)
    assert isinstance(read, ObjectCreated)
    assert (read.displaces_up_to, read.detail.bucket.name) == ("~", BUCKET)


def test_an_execution_that_accepts_rejects_is_asked_for_in_its_event(
    deployed: Deployment, machine: MemoryExecutions
) -> None:
    (found,) = replays.find(deployed, "job-1", key=KEY)
    replays.start(deployed, found, reason="half are blank", accept_rejects=True)
    event = json.loads(machine.requests[0]["input"])
    assert event["replay"] == {"reason": "half are blank", "acceptRejects": True}
    read = read_event(event)
    assert isinstance(read, ObjectCreated)
    assert read.accepts_rejects


def test_other_content_than_was_claimed_has_no_place_in_the_order_of_events(
    aws: tuple[Any, Any], deployed: Deployment
) -> None:
    _claim(aws, "another", "failed")
    (found,) = replays.find(deployed, "job-1", key=KEY)
    assert "of other content" in found.progress
    assert "sequencer" not in found.event(BUCKET, {"reason": "r"})["detail"]["object"]


@pytest.mark.parametrize(
    ("job", "key"), [("job-2", None), ("job-10", None), ("job-1", "batch-output/job-1/no.jsonl")]
)
def test_what_is_not_there_is_said_and_nothing_starts(
    deployed: Deployment, machine: MemoryExecutions, job: str, key: str | None
) -> None:
    with pytest.raises(NothingFound):
        replays.find(deployed, job, key=key)
    assert machine.requests == []


def test_without_a_person_to_ask_nothing_starts(
    deployed: Deployment, machine: MemoryExecutions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ops.commands.options.chosen", lambda **_: deployed)
    with pytest.raises(Refused):
        replay("job-1")
    assert machine.requests == []
    replay("job-1", yes=True)
    assert len(machine.requests) == 2


def test_unclaimed_objects_are_named_with_the_command_that_starts_them(
    deployed: Deployment, capsys: pytest.CaptureFixture[str]
) -> None:
    show(deployed, JobReport("job-1", {"status": "SUBMITTED"}, (), None), as_json=False)
    shown = capsys.readouterr().out
    assert all(f"in the bucket   s3://{BUCKET}/{key}" in shown for key in (KEY, OTHER))
    assert deployed.command("replay", "job-1") in shown
    assert deployed.command("dead-events") in shown


def test_an_object_in_another_folder_is_found_by_its_key(
    aws: tuple[Any, Any], deployed: Deployment
) -> None:
    """Its event was lost, so that nothing has told where the job's folder is."""
    key = "batch-output/some/where/job-1/input.jsonl.out"
    aws[0].put_object(Bucket=BUCKET, Key=key, Body=b"{}")
    assert key not in {each.key for each in replays.find(deployed, "job-1")}
    (found,) = replays.find(deployed, "job-1", key=key)
    assert (found.key, found.job_id, found.claim) == (key, "job-1", None)
    with pytest.raises(NothingFound):
        replays.find(deployed, "job-1", key="batch-output/job-10/x.jsonl")


def test_the_page_asks_what_the_command_asks_and_does_what_it_does(
    aws: tuple[Any, Any], deployed: Deployment, machine: MemoryExecutions
) -> None:
    view = page_view("job-1")
    asked = acts.question(deployed, view, Act.REPLAY)
    found = replays.find(deployed, "job-1")
    assert (asked.asked, asked.texts) == (question(deployed, found), (EFFECT,))
    assert [name for name, _ in asked.rows] == [each.key for each in found]
    assert machine.requests == []
    aws[0].put_object(Bucket=BUCKET, Key=OTHER, Body=b"other content than was asked about")
    acts.perform(deployed, view, Act.REPLAY, subjects=asked.subjects, option=False)
    (request,) = machine.requests
    event = json.loads(request["input"])
    assert event["detail"]["object"]["key"] == KEY
    assert event["replay"] == {"reason": "replayed by hand"}
    with pytest.raises(Refused, match="no longer as it was"):
        acts.perform(deployed, view, Act.REPLAY, subjects=["others"], option=False)
    acts.perform(deployed, view, Act.REPLAY, subjects=asked.subjects, option=True)
    assert json.loads(machine.requests[1]["input"])["replay"]["acceptRejects"]
