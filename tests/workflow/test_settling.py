"""A job is recomputed from its claims and the manifest, in whatever order these come."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from functions.aws.settlement import SettlementContended
from functions.domain.errors import JobNotFound
from functions.domain.events import Event, Metric
from functions.domain.object_keys import manifest_key, results_folder
from tests.workflow.machine import BUCKET, JOB, START, Machine
from tests.workflow.memory.interruptions import Interruptions, WorkerDied, calls_of

KEYS = [f"batch-output/{JOB}/{name}.jsonl.out" for name in ("a", "b/c", "d")]
DAY = timedelta(days=1)


def _counts(success: int, rejects: int = 0) -> dict[str, Any]:
    counts: dict[str, Any] = {"totalCount": success + rejects, "successCount": success}
    if rejects:
        counts |= {"failureCount": rejects, "rejectsByReason": {"InvalidReceipt": rejects}}
    return counts | {"duplicateCount": 0, "imagesMigrated": success}


def _ingest(machine: Machine, key: str, **counts: Any) -> str:
    """One object from its upload to its settlement."""
    execution, after = machine.start(machine.upload(key, key.encode()))
    assert after == "PlanRanges"
    assert machine.plan(execution, ranges=2)
    assert not machine.finish(execution, **counts).superseded
    return execution


def test_one_object_and_its_manifest_complete_a_job(machine: Machine) -> None:
    machine.write_record(pendingImageCount=3)
    execution = _ingest(machine, KEYS[0], **_counts(2, 1))
    machine.manifest(3)
    machine.settle()
    record = machine.record
    assert record["note"] == "the application's"
    assert record["status"] == "COMPLETED"
    assert record["completedAt"] == "2026-11-23T00:00:00Z"
    assert record["resultStats"] == {
        "totalCount": 3,
        "successCount": 2,
        "failureCount": 1,
        "duplicateCount": 0,
        "paddingCount": 0,
        "rejectsByReason": {"InvalidReceipt": 1},
        "imagesMigrated": 2,
        "imagesLeft": 0,
        "imagesLeftByReason": {},
        "missingCount": 0,
        "unexpectedCount": 0,
        "bedrock": {"totalRecordCount": 3},
    }
    assert record["ingestState"] == {
        "objects": 1,
        "objectsDone": 1,
        "objectsFailed": 0,
        "ranges": 2,
        "rangesDone": 2,
        "executions": [execution],
        "revision": 3,
        "updatedAt": "2026-11-23T00:00:00Z",
    }


def test_progress_is_on_record_while_some_objects_are_done_and_others_are_not(
    machine: Machine,
) -> None:
    _ingest(machine, KEYS[0], **_counts(1))
    for key in KEYS[1:]:
        execution, _ = machine.start(machine.upload(key, b"x"))
        machine.plan(execution, ranges=5)
    record = machine.record
    state = record["ingestState"]
    assert record["status"] == "INGESTING"
    assert (state["objects"], state["objectsDone"], state["ranges"]) == (3, 1, 12)
    assert state["rangesDone"] == 2
    assert len(state["executions"]) == 3
    assert record["resultStats"]["totalCount"] == 1


def test_without_any_expectation_a_job_is_complete_with_what_there_is(machine: Machine) -> None:
    _ingest(machine, KEYS[0], **_counts(1))
    assert machine.record["status"] == "COMPLETED"
    assert "missingCount" not in machine.record["resultStats"]
    assert "unexpectedCount" not in machine.record["resultStats"]
    # What is not known rings no alarm.
    assert machine.told.sums[Metric.RECORDS_MISSING] == 0
    assert machine.told.sums[Metric.RECORDS_UNEXPECTED] == 0


def test_records_that_are_missing_are_waited_for_until_the_grace_period_has_passed(
    machine: Machine,
) -> None:
    machine.write_record(pendingImageCount=5)
    _ingest(machine, KEYS[0], **_counts(3))
    assert machine.record["status"] == "INGESTING"
    assert "completedAt" not in machine.record
    machine.pass_time(DAY - timedelta(seconds=1))
    machine.settle()
    assert machine.record["status"] == "INGESTING"
    machine.pass_time(timedelta(seconds=1))
    machine.settle()
    assert machine.record["status"] == "PARTIALLY_COMPLETED"
    assert machine.record["completedAt"] == "2026-11-24T00:00:00Z"
    assert machine.told.sums[Metric.RECORDS_MISSING] == 2


def test_the_manifest_is_believed_where_it_disagrees_with_the_application(machine: Machine) -> None:
    machine.write_record(pendingImageCount=100)
    machine.manifest(3)
    _ingest(machine, KEYS[0], **_counts(4))
    assert machine.record["status"] == "COMPLETED"
    assert machine.record["resultStats"]["unexpectedCount"] == 1
    assert machine.told.sums[Metric.RECORDS_UNEXPECTED] == 1


def test_an_unreadable_manifest_counts_as_absent_and_is_measured(machine: Machine) -> None:
    machine.write_record(pendingImageCount=5)
    machine.manifest(b"not JSON")
    _ingest(machine, KEYS[0], **_counts(3))
    assert machine.record["status"] == "INGESTING"
    assert machine.record["resultStats"]["missingCount"] == 2
    assert machine.told.sums[Metric.MANIFEST_UNREADABLE] == 2
    assert machine.told.all(Event.MANIFEST_UNREADABLE)


def test_a_replay_with_fewer_rejects_counts_what_it_found_and_keeps_completed_at(
    machine: Machine,
) -> None:
    machine.write_record(pendingImageCount=5)
    _ingest(machine, KEYS[0], **_counts(1, 4))
    _ingest(machine, KEYS[1], **_counts(1))
    completed = machine.record["completedAt"]
    machine.pass_time(DAY)
    event = machine.upload(KEYS[0], KEYS[0].encode())
    second, _ = machine.start({**event, "replay": {"reason": "better parser"}})
    machine.plan(second, ranges=2)
    assert machine.record["status"] == "INGESTING"
    assert machine.record["resultStats"]["totalCount"] == 1
    machine.finish(second, **_counts(5))
    assert machine.record["status"] == "COMPLETED"
    assert machine.record["resultStats"]["rejectsByReason"] == {}
    assert machine.record["resultStats"]["successCount"] == 6
    assert machine.record["completedAt"] == completed


def test_settling_twice_changes_nothing_but_the_revision(machine: Machine) -> None:
    _ingest(machine, KEYS[0], **_counts(1))
    before = machine.record
    machine.settle()
    after = machine.record
    assert after["ingestState"].pop("revision") == before["ingestState"].pop("revision") + 1
    assert after == before


def test_a_settlement_that_is_repeated_hours_later_keeps_its_time(machine: Machine) -> None:
    execution = _ingest(machine, KEYS[0], **_counts(1))
    done = machine.claims()[KEYS[0]].done_at
    machine.pass_time(timedelta(hours=3))
    machine.finish(execution, **_counts(1))
    assert machine.claims()[KEYS[0]].done_at == done == START
    assert machine.record["completedAt"] == "2026-11-23T00:00:00Z"


def _finish(machine: Machine, execution: str, interruptions: Interruptions) -> None:
    machine.seen_through(interruptions).finish(execution, **_counts(2))


def _two_running() -> tuple[Machine, list[str]]:
    machine = Machine()
    executions = []
    for key in KEYS[:2]:
        execution, _ = machine.start(machine.upload(key, b"x"))
        machine.plan(execution, ranges=1)
        executions.append(execution)
    return machine, executions


def _calls_of_a_finish() -> range:
    machine, executions = _two_running()
    return range(len(calls_of(partial(_finish, machine, executions[0]))))


def _while_another_settles(deed: Callable[[Machine, list[str]], object]) -> list[Machine]:
    """Another settlement, between any two calls of one."""
    machines = []
    for number in _calls_of_a_finish():
        machine, executions = _two_running()
        meanwhile = {number: partial(deed, machine, executions)}
        _finish(machine, executions[0], Interruptions(meanwhile=meanwhile))
        machines.append(machine)
    return machines


def test_two_settlements_at_the_same_moment_lose_neither() -> None:
    for machine in _while_another_settles(lambda m, e: m.finish(e[1], **_counts(3))):
        assert machine.record["status"] == "COMPLETED"
        assert machine.record["resultStats"]["totalCount"] == 5
        assert machine.record["ingestState"]["objectsDone"] == 2


def test_a_failure_that_is_recorded_during_a_settlement_is_not_lost() -> None:
    for machine in _while_another_settles(lambda m, e: m.fail(e[1])):
        assert machine.record["status"] == "FAILED"


def test_a_settlement_that_is_stopped_anywhere_and_repeated_ends_the_same() -> None:
    machine, executions = _two_running()
    machine.finish(executions[0], **_counts(2))
    known = machine.record
    known["ingestState"].pop("revision")
    for number in _calls_of_a_finish():
        machine, executions = _two_running()
        with pytest.raises(WorkerDied):
            _finish(machine, executions[0], Interruptions(dies_after=number))
        machine.finish(executions[0], **_counts(2))
        record = machine.record
        record["ingestState"].pop("revision")
        assert record == known


def test_a_record_that_others_keep_writing_is_given_up_to_be_tried_again_later() -> None:
    machine, executions = _two_running()
    others = dict.fromkeys(range(100), machine.settle)
    with pytest.raises(SettlementContended):
        _finish(machine, executions[0], Interruptions(meanwhile=others))


@pytest.mark.parametrize("theirs", ["x", [], {}, {"revision": "a"}, {"revision": True}])
def test_an_ingest_state_of_another_writer_is_replaced(machine: Machine, theirs: object) -> None:
    machine.write_record(ingestState=theirs)
    _ingest(machine, KEYS[0], **_counts(1))
    assert machine.record["status"] == "COMPLETED"
    assert machine.record["ingestState"]["revision"] == 2


def test_no_record_is_ever_created() -> None:
    machine, executions = _two_running()
    machine.dynamodb.tables["batch-jobs"].clear()
    with pytest.raises(JobNotFound):
        machine.finish(executions[0], **_counts(1))
    assert not machine.dynamodb.tables["batch-jobs"]


def test_the_manifest_is_read_from_the_jobs_own_folder(machine: Machine) -> None:
    machine.s3.put_object(
        Bucket=BUCKET, Key=manifest_key(results_folder("job-10")), Body=b'{"totalRecordCount":9}'
    )
    _ingest(machine, KEYS[0], **_counts(1))
    assert machine.record["status"] == "COMPLETED"
