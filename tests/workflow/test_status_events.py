"""The status event: as documented, at least once, whatever dies between record and event."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from functions.aws.status_events import StatusEventRefused
from functions.domain.status_events import MAX_UNANNOUNCED
from tests.workflow.fake_telemetry import FakeTelemetry
from tests.workflow.machine import JOB, JOB_KEY, Machine
from tests.workflow.memory.interruptions import Interruptions, WorkerDied, calls_of
from tests.workflow.searching import search_of

DOCS = Path(__file__).parents[2] / "docs"
SCHEMA = json.loads((DOCS / "status-event.schema.json").read_text("utf-8"))
KEY = f"batch-output/{JOB}/a.jsonl.out"
Deed = Callable[[Machine, str], object]


def _running() -> tuple[Machine, str]:
    machine = Machine()
    machine.write_record(status="SUBMITTED", pendingImageCount=2)
    execution, _ = machine.start(machine.upload(KEY, b"x"))
    machine.plan(execution, ranges=1)
    return machine, execution


def _complete(machine: Machine, execution: str) -> None:
    machine.finish(execution, successCount=2)


def _partly(machine: Machine, execution: str) -> None:
    machine.manifest(3)
    machine.finish(execution, successCount=2)


def _fail(machine: Machine, execution: str) -> None:
    machine.fail(execution)


def _end_without_results(machine: Machine, _execution: str) -> None:
    machine.end_at_bedrock("Expired", "it did not begin in time")


ENDS: dict[str, Deed] = {
    "COMPLETED": _complete,
    "PARTIALLY_COMPLETED": _partly,
    "FAILED": _fail,
    "FAILED at Bedrock": _end_without_results,
}


def _open(end: str) -> tuple[Machine, str]:
    """A job that is about to end; one that ends at Bedrock has no results."""
    if ENDS[end] is not _end_without_results:
        return _running()
    machine = Machine()
    machine.write_record(status="INGESTING", pendingImageCount=2)
    return machine, ""


@pytest.mark.parametrize("end", ENDS)
def test_each_status_is_announced_once_as_it_is_documented(end: str) -> None:
    machine, execution = _open(end)
    assert machine.bus.sent == []
    ENDS[end](machine, execution)
    (entry,), (detail,) = machine.bus.sent, machine.bus.details
    assert entry["Source"] == "batch-ingest"
    assert entry["DetailType"] == "Batch Ingest Job Status Change"
    assert "EventBusName" not in entry
    jsonschema.validate(detail, SCHEMA)
    record = machine.record
    assert detail["status"] == record["status"] == end.split(maxsplit=1)[0]
    assert detail["previousStatus"] == "INGESTING"
    assert (detail["jobId"], detail["intentId"]) == (JOB, JOB_KEY.intent_id)
    assert detail["resultStats"] == record["resultStats"]
    assert detail.get("completedAt") == record.get("completedAt")
    assert detail["revision"] == record["ingestState"]["revision"]
    assert "unannounced" not in record["ingestState"]
    assert "user-1" not in json.dumps(machine.bus.sent)


def test_settling_again_announces_nothing_and_a_change_has_a_higher_revision() -> None:
    machine, execution = _running()
    _fail(machine, execution)
    machine.settle()
    machine.redrive(execution)
    _complete(machine, execution)
    failed, completed = machine.bus.details
    assert [failed["status"], completed["status"]] == ["FAILED", "COMPLETED"]
    assert failed["revision"] < completed["revision"]


@pytest.mark.parametrize("searched", [False, True], ids=["retried", "searched"])
@pytest.mark.parametrize("moment", ["dies_before", "dies_after"])
@pytest.mark.parametrize("end", ENDS)
def test_no_crash_at_any_call_loses_the_event(end: str, moment: str, *, searched: bool) -> None:
    """The call is tried again; or never, once the record is written, and the search comes."""
    machine, execution = _open(end)
    calls = calls_of(lambda through: ENDS[end](machine.seen_through(through), execution))
    assert "put_events" in calls
    status = end.split(maxsplit=1)[0]
    for number in range(len(calls)):
        machine, execution = _open(end)
        death: Any = {moment: number}
        with pytest.raises(WorkerDied):
            ENDS[end](machine.seen_through(Interruptions(**death)), execution)
        if not searched or machine.record["status"] != status:
            ENDS[end](machine, execution)
        if searched:
            search_of(machine, FakeTelemetry()).run()
        assert machine.record["status"] == status
        assert "unannounced" not in machine.record["ingestState"], number
        jsonschema.validate(machine.bus.details[0], SCHEMA)
        assert {each["status"] for each in machine.bus.details} == {status}, number
        assert len({each["revision"] for each in machine.bus.details}) == 1
        assert 1 <= len(machine.bus.details) <= 2


def test_an_event_that_is_refused_is_kept_and_sent_before_the_next() -> None:
    machine, execution = _running()
    machine.bus.refuses = True
    with pytest.raises(StatusEventRefused):
        _fail(machine, execution)
    with pytest.raises(StatusEventRefused):
        machine.redrive(execution)
    machine.bus.refuses = False
    _complete(machine, execution)
    assert [each["status"] for each in machine.bus.details] == ["FAILED", "COMPLETED"]
    assert "unannounced" not in machine.record["ingestState"]


def test_what_is_kept_stays_small_however_long_events_are_refused() -> None:
    machine, execution = _running()
    machine.bus.refuses = True
    for _ in range(MAX_UNANNOUNCED + 5):
        for deed in (machine.fail, machine.redrive):
            with pytest.raises(StatusEventRefused):
                deed(execution)
    assert len(machine.record["ingestState"]["unannounced"]) == MAX_UNANNOUNCED


@pytest.mark.parametrize("theirs", ["x", [], [1], [{"status": "x"}], {"a": 1}])
def test_an_unannounced_status_of_another_writer_is_not_sent(
    machine: Machine, theirs: object
) -> None:
    machine.write_record(ingestState={"revision": 1, "unannounced": theirs})
    execution, _ = machine.start(machine.upload(KEY, b"x"))
    _complete(machine, execution)
    assert [each["status"] for each in machine.bus.details] == ["COMPLETED"]


def test_the_example_of_the_page_is_valid() -> None:
    page = (DOCS / "events.md").read_text("utf-8")
    (example,) = re.findall(r"```json\n(.*?)```", page, re.DOTALL)
    jsonschema.validate(json.loads(example), SCHEMA)
