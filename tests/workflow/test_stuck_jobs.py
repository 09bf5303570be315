"""What leaves no trace anywhere else is found, with the command that mends it."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from functions.aws.status_events import StatusEventRefused
from functions.domain.attribute_values import to_item
from functions.domain.counts import ImageCounts, LoadCounts
from functions.domain.events import Event, Metric
from functions.domain.ledger_rows import object_partition
from functions.domain.ranges import Range
from functions.domain.segments import Segment
from functions.domain.timestamps import timestamp
from functions.find_stuck_jobs import listing
from functions.find_stuck_jobs.problems import SETTLING_IN
from tests.workflow.fake_telemetry import FakeTelemetry
from tests.workflow.machine import JOB, JOB_KEY, START, Machine
from tests.workflow.searching import RETENTION, search_of

KEY = f"batch-output/{JOB}/in put.jsonl.out"
SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def _put(machine: Machine, key: str, body: bytes = b"x") -> dict[str, Any]:
    """An upload whose creation time is the machine's present."""
    event = machine.upload(key, body)
    machine.s3.objects[key] = replace(machine.s3.objects[key], created=machine.now)
    return event


def _search(machine: Machine, **limits: Any) -> list[dict[str, Any]]:
    """What is said of each job that is stuck."""
    told = machine.told = FakeTelemetry()
    stuck = search_of(machine, told, **limits).run()
    lines = told.all(Event.JOB_STUCK)
    assert Metric.STUCK_JOBS in told.counted
    assert told.sums[Metric.STUCK_JOBS] == stuck == len({line["jobId"] for line in lines})
    return lines


def test_where_nothing_is_stuck_the_metric_says_none() -> None:
    assert _search(Machine()) == []


@pytest.mark.parametrize(
    ("age", "stuck"), [(SETTLING_IN, 0), (SETTLING_IN + timedelta(seconds=1), 1)]
)
def test_a_results_object_whose_event_was_lost_is_found_once_it_is_overdue(
    machine: Machine, age: timedelta, stuck: int
) -> None:
    _put(machine, KEY)
    machine.pass_time(age)
    lines = _search(machine)
    assert len(lines) == stuck
    assert [line["cure"] for line in lines] == [f"ingest replay {JOB} --object '{KEY}'"] * stuck
    assert all(line["jobId"] == JOB for line in lines)


def test_a_cure_names_the_stack_where_that_is_needed(machine: Machine) -> None:
    _put(machine, KEY)
    machine.pass_time(SETTLING_IN + HOUR)
    (line,) = _search(machine, options=" --stack Other")
    assert line["cure"] == f"ingest replay {JOB} --object '{KEY}' --stack Other"


def test_content_whose_event_was_lost_is_found_though_the_key_was_claimed_before(
    machine: Machine,
) -> None:
    first, _ = machine.start(_put(machine, KEY, b"old"))
    machine.finish(first, successCount=1)
    machine.pass_time(SETTLING_IN)
    _put(machine, KEY, b"new")
    machine.pass_time(SETTLING_IN + HOUR)
    (line,) = _search(machine)
    assert "as it is" in line["problem"]


def test_the_same_content_uploaded_again_is_not_stuck(machine: Machine) -> None:
    first, _ = machine.start(_put(machine, KEY))
    machine.finish(first, successCount=1)
    machine.pass_time(SETTLING_IN)
    _put(machine, KEY)
    machine.pass_time(SETTLING_IN + HOUR)
    assert not _search(machine)


def test_older_content_that_has_come_back_is_not_stuck(machine: Machine) -> None:
    _put(machine, KEY, b"first")
    older = machine.s3.objects[KEY]
    machine.pass_time(SETTLING_IN)
    second, _ = machine.start(_put(machine, KEY, b"second"))
    machine.finish(second, successCount=1)
    # In a bucket with versions, somebody removes the later one.
    machine.s3.objects[KEY] = older
    machine.pass_time(SETTLING_IN + HOUR)
    assert not _search(machine)


def test_content_that_was_claimed_is_not_stuck(machine: Machine) -> None:
    first, _ = machine.start(_put(machine, KEY))
    machine.pass_time(SETTLING_IN + HOUR)
    assert not _search(machine)
    machine.finish(first, successCount=1)
    machine.pass_time(SETTLING_IN + HOUR)
    assert not _search(machine)


def test_an_object_of_a_job_without_a_record_is_found_and_the_line_says_so(
    machine: Machine,
) -> None:
    _put(machine, "batch-output/job-9/x.jsonl")
    machine.pass_time(SETTLING_IN + HOUR)
    (line,) = _search(machine)
    assert "No record" in line["problem"]
    assert line["cure"] == "ingest replay job-9 --object batch-output/job-9/x.jsonl"


@pytest.mark.parametrize("name", [".jsonl", ".jsonl.out", "inner/manifest.json.out"])
@pytest.mark.parametrize("before", ["", "before/"])
def test_what_is_ignored_in_the_folder_of_a_job_is_not_stuck(
    machine: Machine, before: str, name: str
) -> None:
    _put(machine, f"batch-output/{before}{JOB}/{name}")
    machine.pass_time(SETTLING_IN + SECOND)
    assert not _search(machine)


def test_a_manifest_without_any_results_object_is_found(machine: Machine) -> None:
    _put(machine, f"batch-output/{JOB}/manifest.json.out", b"{}")
    machine.pass_time(SETTLING_IN + HOUR)
    (line,) = _search(machine)
    assert line["cure"] == f"ingest inspect {JOB}"


AGES = pytest.mark.parametrize(
    ("silent", "stuck"), [(6 * HOUR, 0), (6 * HOUR + timedelta(seconds=1), 1)]
)


@AGES
def test_a_claim_on_which_nothing_begins_is_found_after_six_hours(
    machine: Machine, silent: timedelta, stuck: int
) -> None:
    first, _ = machine.start(_put(machine, KEY))
    machine.pass_time(silent)
    lines = _search(machine)
    assert len(lines) == stuck
    assert all(first in line["cure"] and "ingest replay" in line["cure"] for line in lines)


@AGES
@pytest.mark.parametrize("row", ["segment", "chunk"])
def test_a_claim_without_progress_is_found_six_hours_after_its_last_row(
    machine: Machine, row: str, silent: timedelta, stuck: int
) -> None:
    machine.start(_put(machine, KEY))
    rows = object_partition(JOB, KEY, 1)
    machine.pass_time(20 * HOUR)
    expires = RETENTION.expires(machine.now.timestamp())
    if row == "segment":
        segment = Segment(Range(0, 1), LoadCounts(), None, None)
        machine.ledger.put_segment(rows, segment, expires=expires)
    else:
        machine.ledger.put_chunk(rows, 0, ImageCounts(), expires=expires)
    last = timestamp(machine.now)
    machine.pass_time(silent)
    lines = _search(machine)
    assert len(lines) == stuck
    assert all(last in line["problem"] for line in lines)


def test_the_progress_of_an_earlier_generation_is_not_that_of_a_claim(machine: Machine) -> None:
    first, _ = machine.start(_put(machine, KEY, b"old"))
    machine.fail(first)
    machine.start(_put(machine, KEY, b"new"))
    machine.pass_time(7 * HOUR)
    late = RETENTION.expires(machine.now.timestamp())
    segment = Segment(Range(0, 1), LoadCounts(), None, None)
    machine.ledger.put_segment(object_partition(JOB, KEY, 1), segment, expires=late)
    assert len(_search(machine)) == 1


def test_an_execution_that_was_redriven_days_later_has_its_time_from_then(machine: Machine) -> None:
    first, _ = machine.start(_put(machine, KEY))
    machine.fail(first)
    machine.pass_time(3 * DAY)
    machine.redrive(first)
    assert not _search(machine)
    machine.pass_time(7 * HOUR)
    assert len(_search(machine)) == 1


def test_a_job_that_only_waited_for_its_grace_period_is_settled(machine: Machine) -> None:
    machine.write_record(pendingImageCount=5)
    first, _ = machine.start(_put(machine, KEY))
    machine.finish(first, successCount=3)
    machine.pass_time(23 * HOUR)
    assert not _search(machine)
    assert machine.record["status"] == "INGESTING"
    machine.pass_time(2 * HOUR)
    assert not _search(machine)
    assert machine.record["status"] == "PARTIALLY_COMPLETED"
    ended = {"jobId": JOB, "intentId": JOB_KEY.intent_id, "status": "PARTIALLY_COMPLETED"}
    assert machine.told.all(Event.JOB_FOUND_ENDED) == [ended]


def test_a_manifest_whose_event_was_lost_settles_its_job(machine: Machine) -> None:
    machine.write_record(pendingImageCount=5)
    first, _ = machine.start(_put(machine, KEY))
    machine.finish(first, successCount=3)
    machine.manifest(3)
    assert not _search(machine)
    assert machine.record["status"] == "COMPLETED"


def test_a_settled_job_is_not_written_again(machine: Machine) -> None:
    first, _ = machine.start(_put(machine, KEY))
    machine.finish(first, successCount=3)
    before = machine.record
    machine.pass_time(2 * DAY)
    _search(machine)
    assert machine.record == before


def test_one_job_without_a_record_does_not_hide_the_others(machine: Machine) -> None:
    for key in ("batch-output/a/x.jsonl", KEY, "batch-output/z/x.jsonl"):
        _put(machine, key)
    machine.pass_time(SETTLING_IN + HOUR)
    assert {line["jobId"] for line in _search(machine)} == {"a", JOB, "z"}


def test_what_is_older_than_the_lookback_is_not_looked_at(machine: Machine) -> None:
    _put(machine, KEY)
    machine.pass_time(8 * DAY)
    assert not _search(machine)
    assert machine.now == START + 8 * DAY


# A bucket that keeps the results of years -------------------------------------------------


def _large_bucket(machine: Machine, count: int) -> None:
    """Objects that are too old to be looked at, in front of those of the job."""
    for number in range(count):
        key = f"batch-output/a{number // 100:03d}/{number % 100}.jsonl"
        machine.s3.put_object(Bucket="images", Key=key, Body=b"x")
        stored = machine.s3.objects[key]
        machine.s3.objects[key] = replace(stored, created=machine.now - 30 * DAY)


@pytest.mark.parametrize(("bound", "pages"), [("MAX_PAGES", 10**6), ("", 2)])
def test_a_run_lists_a_bounded_part_of_a_large_bucket_and_the_next_one_goes_on(
    monkeypatch: pytest.MonkeyPatch, bound: str, pages: int
) -> None:
    if bound:
        monkeypatch.setattr(listing, bound, 2)
    machine = Machine()
    _large_bucket(machine, 4_500)
    _put(machine, KEY)
    machine.pass_time(SETTLING_IN + HOUR)
    lists: list[str] = []
    list_objects = machine.s3.list_objects_v2

    def counted(**request: Any) -> dict[str, Any]:
        lists.append(request["StartAfter"])
        return list_objects(**request)

    monkeypatch.setattr(machine.s3, "list_objects_v2", counted)
    found, behind = [], []
    for _ in range(3):
        found.append(len(_search(machine, pages=pages)))
        behind.append(machine.told.sums[Metric.SEARCH_BEHIND_HOURS])
        machine.pass_time(HOUR)
    assert found == [0, 0, 1]
    assert behind == [0, 1, 0]
    assert len(lists) == len(set(lists)) == 5


def test_a_run_ends_after_so_many_jobs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "MAX_JOBS", 1)
    machine = Machine()
    for number in range(1_000):
        _put(machine, f"batch-output/a/{number}.jsonl")
    _put(machine, KEY)
    machine.pass_time(SETTLING_IN + HOUR)
    assert {line["jobId"] for line in _search(machine)} == {"a"}
    assert {line["jobId"] for line in _search(machine)} == {"a", JOB}


def test_jobs_that_a_run_has_no_time_for_are_looked_at_in_the_next_ones(machine: Machine) -> None:
    named = {f"job-{number}" for number in range(9)}
    for job in named:
        _put(machine, f"batch-output/{job}/x.jsonl")
    machine.pass_time(SETTLING_IN + HOUR)
    known, counts = set[str](), list[int]()
    while len(known) < len(named):
        assert len(counts) < len(named), "the search does not go on"
        told = FakeTelemetry()
        counts.append(search_of(machine, told, pages=6, query_seconds=2).run())
        known |= {line["jobId"] for line in told.all(Event.JOB_STUCK)}
        assert counts[-1] == len(known), "a job left the count without a cure"
    assert len(counts) > 2, "one run had time for nearly all"


def test_open_jobs_that_a_run_has_no_time_for_are_settled_in_the_next_ones(
    machine: Machine,
) -> None:
    named = {f"abcdefghijk{number}" for number in range(9)}
    output = {"s3OutputDataConfig": {"s3Uri": "s3://elsewhere/"}}
    for job in named:
        record = {"intentId": job, "submitTime": "t", "jobId": job, "userId": "u"}
        machine.dynamodb.put_item(TableName="batch-jobs", Item=to_item(record))
        machine.bedrock.jobs[job] = {"status": "Failed", "outputDataConfig": output}
    ended: list[int] = []
    while sum(ended) < len(named):
        assert len(ended) < 2 * len(named), "the search does not go on"
        _search(machine, pages=6, query_seconds=1)
        ended.append(len(machine.told.all(Event.JOB_FOUND_ENDED)))
    assert len(ended) > 1, "one run had time for all"


def test_a_stuck_job_is_counted_until_it_is_cured_wherever_the_search_is(machine: Machine) -> None:
    _large_bucket(machine, 2_500)
    event = _put(machine, KEY)
    machine.pass_time(SETTLING_IN + HOUR)
    assert [len(_search(machine, pages=1)) for _ in range(6)] == [0, 0, 1, 1, 1, 1]
    (line,) = _search(machine, pages=1)
    assert line["jobId"] == JOB
    execution, _ = machine.start(event)
    machine.finish(execution, successCount=1)
    assert not _search(machine, pages=1)


def test_a_job_that_was_stuck_is_forgotten_with_its_objects(machine: Machine) -> None:
    _put(machine, KEY)
    machine.pass_time(SETTLING_IN + HOUR)
    assert len(_search(machine)) == 1
    del machine.s3.objects[KEY]
    assert not _search(machine)


def test_an_open_job_that_cannot_be_settled_is_counted_until_it_can(machine: Machine) -> None:
    first, _ = machine.start(machine.upload(KEY, b"x"))
    for number in range(50):
        other = {"intentId": f"other-{number}", "submitTime": "t", "status": "COMPLETED"}
        machine.dynamodb.put_item(TableName="batch-jobs", Item=to_item(other))
    machine.bus.refuses = True
    with pytest.raises(StatusEventRefused):
        machine.finish(first, successCount=1)
    counts = [len(_search(machine, pages=1)) for _ in range(8)]
    assert sum(counts) > 1
    assert counts == sorted(counts), "a job left the count without a cure"
    machine.bus.refuses = False
    assert not _search(machine, pages=1)
