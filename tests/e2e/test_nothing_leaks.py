"""No receipt text, image, model input or user id in a log, a payload, a metric or a message.

Marked values go in; runs end well, with rejects, with each failure that has a name, with services
that quote what they were given, and broken, killed, stopped and out of time; then everything that
people and machines can read of them is searched for the marks.
"""

import base64
import json
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import pytest
from typer.testing import CliRunner

from functions.domain.attribute_values import Item, to_item
from functions.domain.failures import Failure
from functions.domain.ledger_rows import claim_key
from ops import cli
from ops.commands import options
from tests.e2e import content
from tests.e2e.faults.conftest import world
from tests.e2e.faults.permissions import denied_to_trigger
from tests.e2e.faults.world import FaultyDeployment
from tests.e2e.grants.scenario import failed_attempts
from tests.e2e.held import JobRecord
from tests.e2e.waiting import SECONDS, eventually, executions
from tests.lines import RECEIPT, answered

__all__ = ["world"]

pytestmark = pytest.mark.causes_denials("states:StartExecution")

MARK = f"zq{uuid.uuid4().hex[:12]}"
USER = f"user-{MARK}"
STOPPED = "stopped by hand"


@dataclass
class _Ran:
    """Executions of every kind, and all that was said of them.

    Attributes:
        errors: By execution: its own error, or those of its map's children.
        queued: Bodies of messages that waited in queues.
    """

    world: FaultyDeployment
    arns: set[str] = field(default_factory=set)
    jobs: set[str] = field(default_factory=set)
    errors: dict[str, set[str]] = field(default_factory=dict)
    queued: list[str] = field(default_factory=list)

    def job(self, **changes: object) -> JobRecord:
        # Users of their own: jobs of one share its write budget, which a killed worker holds on to.
        job = JobRecord(user_id=f"{USER}-{uuid.uuid4().hex[:6]}")
        job.write(self.world.deployed, **changes)
        self.jobs.add(job.job_id)
        return job

    def upload(self, job: JobRecord, body: bytes | None = None) -> str:
        """Put a results object, and the images that it answers; the object's key."""
        deployed = self.world.deployed
        for number in (1, 2):
            image_id = f"image-{number}-{job.job_id}"
            key = f"uploads/{job.user_id}/{job.job_id}/{number} receipt.jpg"
            deployed.s3.put_object(Bucket=deployed.bucket, Key=key, Body=MARK.encode())
            image = {"imageId": image_id, "userId": job.user_id, "s3Key": key}
            self.world.put("PendingImagesTableName", image)
        lines = [_line(f"image-{number}-{job.job_id}") for number in (1, 2)]
        deployed.s3.put_object(
            Bucket=deployed.bucket, Key=job.key(), Body=body or b"".join([*lines, *_rejects()])
        )
        return job.key()

    def start(self, key: str, **more: object) -> str:
        """Start an execution by hand; its ARN."""
        described = {"key": key, "etag": "0" * 32}
        event = {
            "time": "2026-01-09T12:34:56Z",
            "detail": {"bucket": {"name": self.world.deployed.bucket}, "object": described},
            **more,
        }
        return self.world.deployed.step_functions.start_execution(
            stateMachineArn=self.world.deployed.state_machine, input=json.dumps(event)
        )["executionArn"]

    def started_for(self, *keys: str) -> dict[str, str]:
        """Wait until the executions of these objects have started; the ARN of each."""
        known = {arn: self.key_of(arn) for arn in executions(self.world.deployed) - self.arns}

        def started() -> bool:
            for arn in executions(self.world.deployed) - self.arns - set(known):
                known[arn] = self.key_of(arn)
            return set(keys) <= set(known.values())

        eventually(started, f"executions for {keys}", seconds=SECONDS)
        return {key: arn for arn, key in known.items() if key in keys}

    def all_end(self, status: str, *keys: str) -> dict[str, str]:
        """Wait until they have ended, all in the same way; the ARN of each."""
        found = self.started_for(*keys)
        assert {self.note(arn) for arn in found.values()} == {status}
        return found

    @contextmanager
    def held(self, job: JobRecord, **rule: str) -> Iterator[str]:
        """Upload results, and stop at a call about their job until the block ends; their key."""
        with self.world.fault(**rule, having=[job.job_id]):
            key = self.upload(job)
            self.world.until_held()
            yield key

    def key_of(self, arn: str) -> str:
        key: str = json.loads(self.world.describe(arn)["input"])["detail"]["object"]["key"]
        return key

    def note(self, arn: str) -> str:
        """Wait for an execution's end, and remember what it ended with; its status."""
        status = self.world.until_ended(arn)
        said = {str(self.world.describe(arn).get("error", status))}
        for child in map(self.world.describe, self.world.children(arn)):
            said |= {child["error"]} if "error" in child else set()
        self.arns.add(arn)
        self.errors[arn] = said
        return status


def _line(image_id: str, **receipt: object) -> bytes:
    marked = {"merchant": f"merchant {MARK}", "description": f"description {MARK}"}
    image = base64.b64encode(MARK.encode() * 50).decode()
    answer = json.dumps(RECEIPT | marked | receipt)
    return answered(image_id, answer, modelInput={"prompt": MARK, "image": image})


def _rejects() -> list[bytes]:
    return [
        _line("image-3", amount=-1),
        _line("image-4", date=MARK),
        _line("")[:-40] + b"\n",
        base64.b64encode(MARK.encode() * 50) + b'"}}\n',
        json.dumps({"recordId": "image-5", "output": {"text": f"sorry {MARK}"}}).encode() + b"\n",
        json.dumps({"modelInput": MARK, "modelOutput": {"generation": MARK}}).encode() + b"\n",
    ]


QUOTED = f"the item {{userId: {USER}, merchant: {MARK}}} is not valid"
DENIED = (
    "User: arn:aws:sts::000000000000:assumed-role/r/s is not authorized to perform: s3:GetObject "
    f'on resource: "arn:aws:s3:::bucket/uploads/{USER}/x receipt.jpg" because no policy allows it'
)
_WRITE = {"caller": "*LoadSegment*", "action": "dynamodb:Batch[EW]*"}
_COPY = {"caller": "*MigrateImages*", "action": "s3:CopyObject"}
_READ = {"caller": "*MigrateImages*", "action": "dynamodb:BatchGetItem"}
_STATE = {"caller": "*", "action": "dynamodb:PutItem", "kind": "pretend"}


def _says(code: str, message: str, status: int = 400) -> dict[str, Any]:
    return {"kind": "error", "code": code, "message": message, "status": status}


RULES: dict[str, dict[str, Any]] = {
    "DynamoDB quotes an item that it does not take": _WRITE | _says("ValidationException", QUOTED),
    "DynamoDB quotes a pending image": _READ | _says("ValidationException", QUOTED),
    "S3 denies an image by its name": _COPY | _says("AccessDenied", DENIED, 403),
    "S3 quotes what it was asked": _COPY | _says("InvalidArgument", QUOTED),
    "a connection breaks, of which the SDK names the address": _COPY | {"kind": "closed"},
    "a worker is killed": _WRITE | {"kind": "kill"},
    "a worker runs out of time": _WRITE | {"kind": "timeout"},
    "no segment is stated": _STATE,
    "no chunk is stated": _STATE,
}
WORDS = {"no segment is stated": "segment#", "no chunk is stated": "chunk#"}
REDRIVEN = "DynamoDB quotes an item that it does not take"


@pytest.fixture(scope="module")
def ran(world: FaultyDeployment) -> Iterator[_Ran]:
    ran = _Ran(world)
    known = executions(world.deployed)
    ran.arns |= known
    _by_faults(ran)
    _by_the_job_and_the_object(ran)
    _by_hand(ran)
    _by_a_damaged_file(ran)
    _throttled(ran)
    _out_of_time(ran)
    _untold(ran)
    _undelivered(ran)
    ran.arns -= known
    yield ran
    world.clear_faults()


def _by_faults(ran: _Ran) -> None:
    """A job for each rule, all at once: a rule looks for its job's id in the call."""
    keys: dict[str, str] = {}
    for name, rule in RULES.items():
        job = ran.job()
        having = [word for word in (WORDS.get(name), job.job_id) if word]
        ran.world.add_fault(**rule, having=having)
        keys[name] = ran.upload(job)
    well = ran.upload(ran.job())
    found = ran.all_end("FAILED", *keys.values())
    ran.all_end("SUCCEEDED", well)
    ran.world.clear_faults()
    arn = found[keys[REDRIVEN]]
    ran.world.inbox.told(arn, "FAILED")
    ran.world.redrive(arn)
    ran.world.inbox.told(arn, "RECOVERED", redrives=1)


def _by_the_job_and_the_object(ran: _Ran) -> None:
    """Failures that the job's record, or the object, is the cause of."""
    deployed = ran.world.deployed
    gone, twice = JobRecord(user_id=USER), ran.job()
    twice.write(deployed, submitTime="2020-01-01T00:00:00Z")
    keys = [
        ran.upload(gone),
        ran.upload(twice),
        ran.upload(ran.job(userId=MARK * 200)),
        ran.upload(odd := _job_of_a_broken_ledger(ran)),
        ran.upload(ran.job(), _line("image", type=MARK) * 30),
    ]
    ran.all_end("FAILED", *keys)
    # What Python quoted of it was no user's, and commands may show it.
    ledger = deployed.ledger
    ledger.client.delete_item(TableName=ledger.table, Key=_broken_claim(odd.job_id))
    job = ran.job()
    for arn in (
        ran.start(job.key("nothing.jsonl")),
        ran.start(keys[-1]),
        ran.start(f"batch-output/{job.job_id}/{'x' * 900}.jsonl"),
    ):
        assert ran.note(arn) == "FAILED"


def _job_of_a_broken_ledger(ran: _Ran) -> JobRecord:
    """A job beside whose claims is one of a state that there is not: Python's error quotes it."""
    job, ledger = ran.job(), ran.world.deployed.ledger
    broken = {"etag": "e", "owner": "o", "generation": 1, "state": MARK}
    ledger.client.put_item(
        TableName=ledger.table, Item={**_broken_claim(job.job_id), **to_item(broken)}
    )
    return job


def _broken_claim(job_id: str) -> Item:
    return to_item(dict(claim_key(job_id, "broken").as_dict()))


def _by_hand(ran: _Ran) -> None:
    """An execution that a person stops, held where it has read images and records."""
    job = ran.job()
    with ran.held(job, **_COPY, kind="hold") as key:
        arn = ran.started_for(key)[key]
        ran.world.deployed.step_functions.stop_execution(executionArn=arn, error=STOPPED)
        assert ran.note(arn) == "ABORTED"


def _by_a_damaged_file(ran: _Ran) -> None:
    """A file of this system is overwritten before it is read, with what must not be quoted."""
    job, deployed = ran.job(), ran.world.deployed
    with ran.held(job, caller="*VerifyLoad*", action="s3:PutObject", kind="hold") as key:
        found = content.keys(deployed, f"work/{job.job_id}/")
        damaged = [each for each in found if "/images/" in each]
        for file in damaged:
            body = f'{{"{MARK}": "{USER}'.encode()
            deployed.s3.put_object(Bucket=deployed.bucket, Key=file, Body=body)
    ran.all_end("FAILED", key)
    for file in damaged:
        deployed.s3.delete_object(Bucket=deployed.bucket, Key=file)


def _throttled(ran: _Ran) -> None:
    """A worker tries until its time is over: it is given little here, and more if it is slow."""
    rule = _WRITE | _says("ProvisionedThroughputExceededException", QUOTED)
    for limit in (6, 30, 120):
        with ran.world.time_limit("LoadSegment", limit), ran.world.fault(**rule):
            (arn,) = ran.all_end("FAILED", ran.upload(ran.job())).values()
        if Failure.WRITE_THROTTLED in ran.errors[arn]:
            return


def _is_past(moment: float) -> bool:
    return time.monotonic() > moment


def _out_of_time(ran: _Ran) -> None:
    """A worker reads until three quarters of its time are over; its next attempt is quick."""
    rule = {"caller": "*LoadSegment*", "action": "s3:GetObject", "kind": "hold"}
    for limit in (16, 120):  # a slow one needs more for what follows
        with ran.world.time_limit("LoadSegment", limit), ran.held(ran.job(), **rule) as key:
            over = time.monotonic() + limit * 3 / 4
            eventually(partial(_is_past, over), "the time to write is over")
            ran.world.clear_faults()
            (arn,) = ran.all_end("SUCCEEDED", key).values()
        ran.errors[arn] |= set(failed_attempts(ran.world, arn))
        if Failure.SEGMENT_OUT_OF_TIME in ran.errors[arn]:
            return


def _untold(ran: _Ran) -> None:
    """A failure that nobody can be told: its event waits in a queue."""
    job = JobRecord(user_id=USER)
    rule = {"caller": "*RecordOutcome*", "action": "states:DescribeExecution", "kind": "timeout"}
    with ran.world.fault(**rule):
        ran.all_end("FAILED", ran.upload(job))
        ran.queued += eventually(lambda: _waiting(ran, "OutcomeDeadLetters"), "an outcome waits")


def _undelivered(ran: _Ran) -> None:
    """Results that no execution is started for: their event waits in a queue."""
    with denied_to_trigger(ran.world.deployed):
        ran.upload(ran.job())
        ran.queued += eventually(lambda: _waiting(ran, "TriggerDeadLetters"), "an event waits")


def _waiting(ran: _Ran, queue: str) -> list[str]:
    answer = ran.world.deployed.sqs.receive_message(
        QueueUrl=ran.world.queue(queue),
        MaxNumberOfMessages=10,
        VisibilityTimeout=0,
        MessageAttributeNames=["All"],
    )
    return [json.dumps(each, default=str) for each in answer.get("Messages", [])]


def test_every_failure_that_has_a_name_was_made_to_happen(ran: _Ran) -> None:
    seen = set().union(*ran.errors.values())
    assert seen >= {failure.value for failure in Failure}
    assert seen >= {
        "AccessDenied",
        "ClientError",
        "ConnectionClosedError",
        "Runtime.ExitError",
        "Sandbox.Timedout",
        "ValueError",
        STOPPED,
    }


def test_no_log_line_holds_a_mark(ran: _Ran) -> None:
    lines = list(_log_lines(ran.world))
    assert any("segment_loaded" in line for line in lines)
    assert any("[ERROR] ValueError" in line for line in lines)
    assert _marked(lines) == []


def test_no_payload_or_history_holds_a_mark(ran: _Ran) -> None:
    events = list(_history_events(ran))
    assert len(events) > 500
    assert _marked(events) == []


def test_no_alarm_or_metric_holds_a_mark(ran: _Ran) -> None:
    cloudwatch = ran.world.deployed.make_client("cloudwatch")
    described = cloudwatch.describe_alarms()
    listed = cloudwatch.list_metrics()["Metrics"]
    assert any("FailedState" in json.dumps(each) for each in listed)
    assert _marked([json.dumps(each, default=str) for each in (described, listed)]) == []


def test_no_message_holds_a_mark(ran: _Ran) -> None:
    failed = [arn for arn, said in ran.errors.items() if said & set(Failure)]
    assert failed
    ran.world.inbox.fetch()
    messages = [each.subject + each.text for each in ran.world.inbox.messages]
    assert sum("What to do" in each for each in messages) > len(RULES)
    assert _marked(messages) == []


def test_nothing_that_waits_in_a_queue_holds_a_mark(ran: _Ran) -> None:
    assert len(ran.queued) >= 2
    assert _marked(ran.queued) == []


def test_no_row_of_the_ledger_holds_a_mark(ran: _Ran) -> None:
    rows = list(map(repr, content.rows(ran.world.deployed, "LedgerTableName")))
    assert any("segment#" in row for row in rows)
    assert _marked(rows) == []


def test_what_is_written_to_a_jobs_record_holds_no_mark(ran: _Ran) -> None:
    written = [
        repr([item.get(name) for name in ("status", "resultStats", "completedAt")])
        for item in content.rows(ran.world.deployed, "BatchJobsTableName")
    ]
    assert written
    assert _marked(written) == []


def _files(ran: _Ran, prefix: str) -> dict[str, str]:
    deployed = ran.world.deployed
    found = content.keys(deployed, prefix)
    return {key: content.contents(deployed, key).decode() for key in found}


def test_no_file_of_a_plan_or_of_a_maps_results_holds_a_mark(ran: _Ran) -> None:
    files = _files(ran, "work/")
    assert any(key.endswith("SUCCEEDED_0.json") for key in files)
    assert any(key.endswith("FAILED_0.json") for key in files)
    assert _marked([*files, *files.values()]) == []


def test_no_dead_letter_holds_what_was_asked_of_the_model(ran: _Ran) -> None:
    """They hold what it answered: that is what they are for."""
    bodies = _files(ran, "dead-letters/").values()
    assert any(MARK in body for body in bodies)
    assert [body for body in bodies if _image() in body] == []


COMMANDS: dict[str, Callable[[str, str], tuple[str, ...]]] = {
    "inspect a job": lambda job, _: ("inspect", job),
    "inspect an execution": lambda _, arn: ("inspect", arn),
    "redrive, asked": lambda _, arn: ("redrive", arn),
    "redrive a job, asked": lambda job, _: ("redrive", "--job", job),
    "replay, asked": lambda job, _: ("replay", job),
    "rejects": lambda job, _: ("rejects", job, "--all"),
    "dead-events": lambda *_: ("dead-events",),
}


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("more", [(), ("--json",)], ids=["for people", "for programs"])
def test_no_command_shows_a_mark_unless_excerpts_are_asked_for(
    ran: _Ran, monkeypatch: pytest.MonkeyPatch, command: str, more: tuple[str, ...]
) -> None:
    monkeypatch.setattr(options, "chosen", lambda **_: ran.world.deployed)
    shown = []
    for arn in _failed(ran)[: 1 if command == "dead-events" else None]:
        arguments = COMMANDS[command](ran.key_of(arn).split("/")[1], arn)
        shown.append(CliRunner().invoke(cli.app, [*arguments, *more]).output)
    assert any(shown)
    assert _marked(shown) == []


def test_excerpts_are_shown_on_request(ran: _Ran, monkeypatch: pytest.MonkeyPatch) -> None:
    """Or else nothing above would have been found either."""
    monkeypatch.setattr(options, "chosen", lambda **_: ran.world.deployed)
    (arn,) = (arn for arn, said in ran.errors.items() if Failure.TOO_MANY_REJECTS in said)
    job_id = ran.key_of(arn).split("/")[1]
    shown = CliRunner().invoke(cli.app, ["rejects", job_id, "--excerpts"]).output
    assert MARK in shown


def _failed(ran: _Ran) -> list[str]:
    """An execution of each error."""
    by_error = {min(said): arn for arn, said in ran.errors.items()}
    return sorted(by_error.values())


def _image() -> str:
    return base64.b64encode(MARK.encode() * 3).decode()[:12]


def _marked(texts: Any) -> list[str]:
    return [text for text in texts if MARK in text or _image() in text]


def _log_lines(world: FaultyDeployment) -> Iterator[str]:
    logs = world.deployed.make_client("logs")
    for group in logs.describe_log_groups()["logGroups"]:
        for page in logs.get_paginator("filter_log_events").paginate(
            logGroupName=group["logGroupName"]
        ):
            yield from (event["message"] for event in page["events"])


def _history_events(ran: _Ran) -> Iterator[str]:
    for arn in ran.arns:
        for each in (arn, *ran.world.children(arn)):
            told = (ran.world.describe(each), *ran.world.history(each))
            yield from (json.dumps(event, default=str) for event in told)
