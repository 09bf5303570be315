"""The search settles jobs that ended unheard, and looks at a large table and bucket in parts."""

from datetime import timedelta
from typing import Any

import pytest

from functions.domain.attribute_values import to_item
from functions.domain.events import Event, Metric
from tests.workflow.fake_telemetry import FakeTelemetry
from tests.workflow.machine import JOB, Machine
from tests.workflow.searching import search_of

HOUR = timedelta(hours=1)
BEDROCK_ID = "abcdefghij01"


def _search(machine: Machine, **limits: Any) -> FakeTelemetry:
    told = FakeTelemetry()
    search_of(machine, told, **limits).run()
    return told


def _submit(machine: Machine, job_id: str = BEDROCK_ID, **more: object) -> None:
    record = {"intentId": job_id, "submitTime": "t", "jobId": job_id, "userId": "u", **more}
    machine.dynamodb.put_item(
        TableName="batch-jobs", Item=to_item({"status": "SUBMITTED", **record})
    )


def _at_bedrock(machine: Machine, status: str, job_id: str = BEDROCK_ID) -> None:
    uri = "s3://images/batch-output/some/where/"
    machine.bedrock.jobs[job_id] = {
        "status": status,
        "message": "said by Bedrock",
        "endTime": machine.now,
        "outputDataConfig": {"s3OutputDataConfig": {"s3Uri": uri}},
    }


def _status(machine: Machine, job_id: str = BEDROCK_ID) -> Any:
    return machine.dynamodb.tables["batch-jobs"][job_id, "t"]["status"]["S"]


@pytest.mark.parametrize(
    ("at_bedrock", "status"),
    [
        ("Failed", "FAILED"),
        ("Expired", "FAILED"),
        ("Stopped", "FAILED"),
        ("Completed", "COMPLETED"),
        ("PartiallyCompleted", "PARTIALLY_COMPLETED"),
        ("InProgress", "SUBMITTED"),
        ("Stopping", "SUBMITTED"),
    ],
)
def test_an_open_job_without_a_claim_gets_what_bedrock_says(at_bedrock: str, status: str) -> None:
    machine = Machine()
    _submit(machine)
    _at_bedrock(machine, at_bedrock)
    told = _search(machine)
    assert _status(machine) == status
    assert bool(told.all(Event.JOB_FOUND_ENDED)) is (status != "SUBMITTED")
    assert [each["status"] for each in machine.bus.details] == (
        [] if status == "SUBMITTED" else [status]
    )
    _search(machine)
    assert len(machine.bus.details) == (status != "SUBMITTED")


def test_only_ids_that_bedrock_gives_are_asked_for_and_only_of_open_jobs() -> None:
    machine = Machine()
    _submit(machine, "made-by-hand")
    _submit(machine, "abcdefghij02", status="COMPLETED")
    _submit(machine, "abcdefghij03")
    _search(machine)
    assert machine.bedrock.asked == ["abcdefghij03"]


def test_results_that_lie_where_bedrock_wrote_them_hold_the_job_open() -> None:
    machine = Machine()
    _submit(machine)
    _at_bedrock(machine, "Completed")
    machine.upload(f"batch-output/some/where/{BEDROCK_ID}/a.jsonl.out", b"x")
    stored = machine.s3.objects[f"batch-output/some/where/{BEDROCK_ID}/a.jsonl.out"]
    key = f"batch-output/some/where/{BEDROCK_ID}/a.jsonl.out"
    machine.s3.objects[key] = type(stored)(
        stored.body, stored.etag, stored.version, created=machine.now
    )
    _search(machine)
    assert _status(machine) == "INGESTING"
    machine.pass_time(25 * HOUR)
    _search(machine)
    assert _status(machine) == "COMPLETED"


def test_a_job_whose_work_is_done_is_not_left_open() -> None:
    machine = Machine()
    machine.write_record(pendingImageCount=3)
    execution, _ = machine.start(machine.upload(f"batch-output/{JOB}/a.jsonl", b"x"))
    machine.finish(execution, successCount=2)
    assert machine.record["status"] == "INGESTING"
    machine.pass_time(30 * 24 * HOUR)
    _search(machine)
    assert machine.record["status"] == "PARTIALLY_COMPLETED"


def test_a_large_table_is_looked_through_in_parts_and_to_its_end() -> None:
    machine = Machine()
    for number in range(9):
        _submit(machine, f"abcdefghij1{number}")
        _at_bedrock(machine, "Failed", f"abcdefghij1{number}")
    behind, runs = [], 0
    while any(_status(machine, f"abcdefghij1{n}") != "FAILED" for n in range(9)):
        told = _search(machine, pages=3)
        behind.append(told.sums[Metric.SEARCH_BEHIND_HOURS])
        machine.pass_time(HOUR)
        runs += 1
        assert runs < 20
    assert runs > 1
    assert len(machine.bus.details) == 9


def test_how_long_ago_a_pass_began_is_measured_until_it_ends() -> None:
    machine = Machine()
    for number in range(40):
        _submit(machine, f"job-{number:02d}", status="COMPLETED")
    hours = []
    for _ in range(4):
        told = _search(machine, pages=1)
        hours.append(told.sums[Metric.SEARCH_BEHIND_HOURS])
        machine.pass_time(2 * HOUR)
    assert hours == [0, 2, 4, 6]
    assert _search(machine).sums[Metric.SEARCH_BEHIND_HOURS] == 0
