"""What is kept of content that was replaced, and of loads whose execution failed afterwards."""

from typing import Any

import pytest

from functions.aws.ledger import Ledger
from functions.aws.writing.attempts import AttemptRow
from functions.domain.counts import LoadCounts
from functions.domain.ledger_rows import object_partition
from functions.domain.ranges import Range
from functions.domain.segments import Segment
from functions.plan_ranges import handler as plan_ranges
from functions.verify_load import handler as verify_load
from tests.workflow.claimed_object import DATA, KEY, ingest
from tests.workflow.machine import JOB, Machine
from tests.workflow.rows import job_record, put_claim, put_job

Aws = tuple[Any, Any]


def _second_generation(aws: Aws, *, before: str, wrote: bool) -> dict[str, Any]:
    """An execution that has claimed content `e`, after one that planned to load `before`."""
    _, dynamodb = aws
    put_job(dynamodb)
    put_claim(dynamodb, "job-1", KEY, generation=2, content1=before)
    if wrote:
        partition = object_partition("job-1", KEY, 1)
        AttemptRow(dynamodb, "ledger", partition, 0, caller="c", expires=1).begin(now=0, ends_by=1)
    return ingest("e", generation=2)


def _claim(aws: Aws) -> Any:
    return Ledger(aws[1], "ledger").claim("job-1", KEY)


@pytest.mark.parametrize(
    ("before", "wrote", "left_behind"),
    [("other", True, 1), ("other", False, None), ("e", True, None)],
)
def test_replaced_content_that_has_written_is_said_in_the_jobs_record(
    aws: Aws, before: str, *, wrote: bool, left_behind: int | None
) -> None:
    ingest = _second_generation(aws, before=before, wrote=wrote)
    plan_ranges.handler(ingest, None)
    assert job_record(aws[1])["ingestState"].get("leftBehind") == left_behind
    assert _claim(aws).contents == {1: before, 2: "e"}


def test_a_worker_that_began_after_the_plan_is_noticed_when_the_load_is_verified(aws: Aws) -> None:
    ingest = _second_generation(aws, before="other", wrote=False)
    planned = plan_ranges.handler(ingest, None)
    assert not _claim(aws).replaced
    partition = object_partition("job-1", KEY, 1)
    AttemptRow(aws[1], "ledger", partition, 0, caller="c", expires=1).begin(now=0, ends_by=1)
    _load_all(aws, generation=2)
    verify_load.handler(planned, None)
    assert _claim(aws).replaced == {"other"}


def test_a_verified_load_keeps_its_counts_and_its_content_in_the_claim(aws: Aws) -> None:
    ingest = _second_generation(aws, before="e", wrote=False)
    planned = plan_ranges.handler(ingest, None)
    _load_all(aws, generation=2)
    verified = verify_load.handler(planned, None)
    assert verified["load"]["verdict"] == "COMPLETE"
    claim = _claim(aws)
    assert (claim.state.value, claim.stats["successCount"]) == ("claimed", 3)
    assert claim.written == {"e"}


def test_a_load_that_is_not_verified_leaves_no_counts(aws: Aws) -> None:
    planned = plan_ranges.handler(_second_generation(aws, before="e", wrote=False), None)
    assert verify_load.handler(planned, None)["load"]["verdict"] == "MISSING"
    assert _claim(aws).stats is None


def _load_all(aws: Aws, *, generation: int) -> None:
    segment = Segment(Range(0, len(DATA)), LoadCounts(success=3), None, None)
    ledger = Ledger(aws[1], "ledger")
    ledger.put_segment(object_partition("job-1", KEY, generation), segment, expires=1)


def test_an_execution_that_fails_after_its_load_was_verified_is_counted(machine: Machine) -> None:
    """As one does that ends in TooManyRejects: its good transactions are in the table."""
    key = f"batch-output/{JOB}/a.jsonl.out"
    execution, _ = machine.start(machine.upload(key, b"x"))
    machine.plan(execution, ranges=1)
    counts = LoadCounts(success=1, rejects={"InvalidReceipt": 30}).as_dict()
    assert machine.ledger.note_load(execution, JOB, key, stats=counts)
    machine.fail(execution)
    record = machine.record
    assert record["status"] == "FAILED"
    assert record["resultStats"]["successCount"] == 1
    assert record["resultStats"]["failureCount"] == 30


def test_a_replay_of_verified_content_counts_only_its_own(machine: Machine) -> None:
    key = f"batch-output/{JOB}/a.jsonl.out"
    event = machine.upload(key, b"x")
    first, _ = machine.start(event)
    machine.ledger.note_load(first, JOB, key, stats=LoadCounts(success=7).as_dict())
    machine.start({**event, "replay": {"reason": "r"}})
    machine.settle()
    assert machine.record["resultStats"]["totalCount"] == 0
