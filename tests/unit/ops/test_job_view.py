"""An report is shown whole: counts that add up, and a failure before all else."""

import io
import json
from dataclasses import replace
from datetime import timedelta

import pytest
from rich.console import Console

from ops.model.failures import FailedExecution
from ops.model.job_report import JobReport
from ops.model.obstacles import Obstacle
from ops.view.durations import exact, rough
from ops.view.job import as_json, render
from tests.unit.ops.reports import FAILED, NOW, failed_execution, report, unclaimed


def shown(value: JobReport, failed: FailedExecution | None = None) -> str:
    drawn = io.StringIO()
    console = Console(file=drawn, width=100, soft_wrap=True, markup=False, color_system=None)
    console.print(render(value, now=NOW, bucket="images", failed=failed))
    return drawn.getvalue()


def test_counts_add_up_and_say_what_is_missing() -> None:
    text = shown(report())
    assert "100 records = 90 transactions + 8 rejects + 2 duplicates; 5 missing" in text
    assert "89 images moved, 1 left in place" in text
    assert "more than expected" not in text


def test_a_failed_job_does_not_count_its_records_as_missing() -> None:
    assert "missing" not in shown(report(history=FAILED, status="FAILED"), failed_execution())


def test_a_job_of_which_nothing_was_claimed_says_so_and_what_is_missing() -> None:
    assert "No results object of it is claimed." in shown(unclaimed())
    assert "records =" not in shown(unclaimed())
    record = {"status": "PARTIALLY_COMPLETED", "resultStats": {"missingCount": 20}}
    text = shown(replace(unclaimed(), record=record))
    assert "0 records = 0 transactions + 0 rejects + 0 duplicates; 20 missing" in text
    assert "No results object" not in shown(report())


def test_states_have_durations_and_the_object_its_ranges() -> None:
    text = shown(report())
    assert "LoadRanges" in text
    assert "1.00 s" in text
    assert "done, 4 of 4 ranges" in text


def test_places_are_whole_to_be_copied_and_not_too_many() -> None:
    text = shown(report(key=f"batch-output/job1/{'long/' * 40}a.jsonl"))
    assert f"s3://images/batch-output/job1/{'long/' * 40}a.jsonl\n" in text
    assert "s3://images/dead-letters/job1/4.jsonl" in text
    assert "and 2 more objects" in text


def test_the_cause_and_the_cure_of_a_failure_come_first() -> None:
    lines = shown(report(history=FAILED, status="FAILED"), failed_execution()).splitlines()
    assert lines[0] == "Job job1: FAILED"
    assert lines[1].endswith("FAILED in 4.00 s")
    assert lines[2] == "  Failed in LoadRanges: WriteThrottled"
    assert lines[4] == "  1 of 4 items failed, 1 succeeded, 2 did not finish"
    assert lines[5] == "    bytes 0-10: WriteThrottled"
    assert "then redrive the execution" in lines[6]
    assert lines[7] == "  Next: ingest redrive one"


def test_what_cannot_be_redriven_says_what_helps_instead() -> None:
    obstacle = Obstacle("It is too late.", "ingest replay job1")
    text = shown(report(history=FAILED), failed_execution(obstacle=obstacle))
    assert "It is too late.\n  Instead: ingest replay job1\n" in text
    assert "Next:" not in text


def test_where_only_another_event_helps_no_command_is_named() -> None:
    obstacle = Obstacle("Neither cures it.", "ingest inspect one", leaves_work=False)
    text = shown(report(history=FAILED), failed_execution(error="EventInvalid", obstacle=obstacle))
    assert "start an execution with the event as S3 sends it" in " ".join(text.split())
    assert "Neither cures it." in text
    assert "Instead:" not in text


def test_what_came_from_outside_is_not_obeyed() -> None:
    hostile = report(history=FAILED, key="batch-output/job1/\x1b]0;title\x07[red].jsonl")
    text = shown(hostile, failed_execution())
    assert "\x1b" not in text
    assert "\\x1b]0;title\\x07[red].jsonl" in text
    assert "table \\x1b[2Jthrottled" in text


def test_json_speaks_the_words_of_the_ledger() -> None:
    value = as_json(report(history=FAILED, status="FAILED"), now=NOW, failed=failed_execution())
    json.dumps(value)
    (each,) = value["objects"]
    assert (each["totalCount"], each["rejectsByReason"]) == (100, {"ModelError": 8})
    assert value["failure"]["error"] == "WriteThrottled"
    assert value["execution"]["states"][-1] == {
        "name": "LoadRanges",
        "type": "Map",
        "entered": "2026-04-01T12:00:03+00:00",
        "seconds": 1.0,
        "exited": False,
    }


@pytest.mark.parametrize(
    ("duration", "text", "roughly"),
    [
        (-0.1, "0.00 s", "1 s"),
        (0.4, "0.40 s", "1 s"),
        (59.6, "59.6 s", "1 min"),
        (185, "3 min 5 s", "3 min"),
        (7_810, "2 h 10 min", "2 h 10 min"),
        (200_000, "55 h 33 min", "2 days"),
    ],
)
def test_durations_read_as_people_say_them(duration: float, text: str, roughly: str) -> None:
    assert exact(timedelta(seconds=duration)) == text
    assert rough(duration) == roughly
