"""However Bedrock ends a job, and in whatever order its events come, the job ends, and truly."""

import itertools
import math
from dataclasses import replace
from typing import Any

import pytest

from functions.domain.bedrock_jobs import BedrockStatus
from functions.domain.object_keys import manifest_key, results_folder
from tests.workflow.machine import BUCKET, JOB, Machine

OBJECTS: dict[str, list[tuple[int, int]]] = {
    "none": [],
    "good": [(3, 0)],
    "bad": [(0, 3)],
    "mixed": [(2, 1)],
    "two good": [(3, 0), (2, 0)],
    "good and bad": [(3, 0), (0, 2)],
    "empty": [(0, 0)],
}
MANIFESTS = ("none", "all", "more")
EXPECTED = ("unsaid", "all", "more")
TERMINAL = {"COMPLETED", "PARTIALLY_COMPLETED", "FAILED"}
COMBINATIONS = list(itertools.product(BedrockStatus, OBJECTS, MANIFESTS, EXPECTED))


def _true_status(end: BedrockStatus, objects: str, manifest: str, expected: str) -> str:
    """By the contract's sentences, for a job whose every event has come."""
    counts = OBJECTS[objects]
    good, bad = sum(g for g, _ in counts), sum(b for _, b in counts)
    says = manifest if manifest != "none" else expected
    if end in ("Failed", "Stopped", "Expired") and good == 0:
        return "FAILED"
    if bad and not good:
        return "FAILED"
    if says == "unsaid":
        cut = end in ("Stopped", "Expired", "PartiallyCompleted")
        return "PARTIALLY_COMPLETED" if cut else "COMPLETED"
    return "COMPLETED" if says == "all" else "PARTIALLY_COMPLETED"


def _world(objects: str, manifest: str, expected: str) -> tuple[Machine, list[dict[str, Any]]]:
    """All that Bedrock has written lies there, young; no event of it has come."""
    machine = Machine()
    total = sum(g + b for g, b in OBJECTS[objects])
    counts = {"all": total, "more": total + 1}
    said: dict[str, object] = (
        {} if expected == "unsaid" else {"pendingImageCount": counts[expected]}
    )
    machine.write_record(status="SUBMITTED", **said)
    events = []
    for number, _ in enumerate(OBJECTS[objects]):
        key = f"{results_folder(JOB)}{number}.jsonl.out"
        events.append(machine.upload(key, f"{number}".encode()))
        machine.s3.objects[key] = replace(machine.s3.objects[key], created=machine.now)
    if manifest != "none":
        body = b'{"totalRecordCount": %d}' % counts[manifest]
        machine.s3.put_object(Bucket=BUCKET, Key=manifest_key(results_folder(JOB)), Body=body)
    return machine, events


def _ingest(machine: Machine, event: dict[str, Any], good: int, bad: int) -> None:
    execution, after = machine.start(event)
    assert after == "PlanRanges"
    machine.plan(execution, ranges=1)
    rejects = {"rejectsByReason": {"InvalidReceipt": bad}} if bad else {}
    machine.finish(execution, successCount=good, **rejects)


def _happens(
    machine: Machine, what: int, events: list[dict[str, Any]], objects: str, end: BedrockStatus
) -> None:
    if what == -1:
        assert machine.end_at_bedrock(end.value) == "SettleJob"
    elif what == -2:
        machine.settle()
    else:
        _ingest(machine, events[what], *OBJECTS[objects][what])


def test_there_are_more_than_600_combinations_of_states_and_orders() -> None:
    orders = {name: math.factorial(len(objects) + 2) for name, objects in OBJECTS.items()}
    assert sum(orders[objects] for _, objects, _, _ in COMBINATIONS) > 600


@pytest.mark.parametrize("end", list(BedrockStatus))
@pytest.mark.parametrize("objects", OBJECTS)
def test_every_order_of_events_ends_in_the_one_true_status(
    end: BedrockStatus, objects: str
) -> None:
    for manifest, expected in itertools.product(MANIFESTS, EXPECTED):
        true = _true_status(end, objects, manifest, expected)
        numbers = [*range(len(OBJECTS[objects])), -1, *([-2] if manifest != "none" else [])]
        for order in itertools.permutations(numbers):
            machine, events = _world(objects, manifest, expected)
            for what in order:
                _happens(machine, what, events, objects, end)
            case = (manifest, expected, order)
            record = machine.record
            assert record["status"] == true, case
            assert record["status"] in TERMINAL
            assert machine.bus.details[-1]["status"] == true
            assert record["ingestState"]["bedrock"]["status"] == end.value


@pytest.mark.parametrize("end", list(BedrockStatus))
def test_a_job_of_three_objects_settles_once_although_bedrock_ended_it_first(
    end: BedrockStatus,
) -> None:
    for order in itertools.permutations(range(3)):
        machine = Machine()
        machine.write_record(status="SUBMITTED", pendingImageCount=9)
        events = []
        for number in range(3):
            key = f"{results_folder(JOB)}{number}.jsonl.out"
            events.append(machine.upload(key, f"{number}".encode()))
            machine.s3.objects[key] = replace(machine.s3.objects[key], created=machine.now)
        machine.end_at_bedrock(end.value)
        assert machine.record["status"] == "INGESTING"
        for what in order:
            _ingest(machine, events[what], 3, 0)
        assert [each["status"] for each in machine.bus.details] == ["COMPLETED"]


def test_a_late_event_of_an_earlier_end_changes_nothing(machine: Machine) -> None:
    late = machine.now
    machine.end_at_bedrock("Completed")
    before = machine.record["ingestState"]["bedrock"]
    machine.now = late.replace(year=late.year - 1)
    machine.end_at_bedrock("Failed")
    assert machine.record["ingestState"]["bedrock"] == before


def test_a_job_of_another_system_is_ignored(machine: Machine) -> None:
    machine.dynamodb.tables["batch-jobs"].clear()
    assert machine.end_at_bedrock("Failed") == "Ignored"
    assert not machine.dynamodb.tables["ledger"]


@pytest.mark.parametrize("status", ["Submitted", "InProgress", "Stopping", "Unheard"])
def test_a_status_that_does_not_end_a_job_is_ignored(status: str) -> None:
    assert Machine().end_at_bedrock(status) == "Ignored"
