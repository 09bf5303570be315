"""What is marked and said of an outcome, and when nothing is."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from functions.aws.unclaimed import UnclaimedFailures
from functions.domain.claims import Claim, ClaimState
from functions.domain.executions import Execution, Outcome
from functions.domain.jobs import JobKey
from functions.record_outcome.announcements import LEASE, Announcements, AnnouncementUnderWay
from tests.unit.record_outcome.conftest import EXECUTION, JOB, KEY, NOW, World, event

DONE: dict[str, Any] = {"state": "done", "stats": {"totalCount": 1, "successCount": 1}}


def _unclaimed(owner: str, sequencer: str) -> Claim:
    return Claim(
        key=KEY,
        etag=owner,
        owner=owner,
        generation=0,
        state=ClaimState.FAILED,
        event_time=NOW,
        sequencer=sequencer,
    )


def _facts(message: dict[str, Any]) -> dict[str, Any]:
    text = message["Message"]
    loaded: dict[str, Any] = json.loads(text[text.index("\n{") :])
    return loaded


def test_a_failure_marks_claim_and_job_and_says_what_to_do(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    world.job(userId="u")
    world.claim()
    message = world.hears_of_failure("PlanRanges")
    claim, job = world.row_of_claim(), world.record_of_job()
    assert claim["state"] == "failed"
    assert claim["failure"] == {"state": "PlanRanges", "error": "ClientError"}
    assert claim["redrivableUntil"] == "2026-03-15T12:00:00Z"
    assert job["status"] == "FAILED"
    assert job["ingestState"]["objectsFailed"] == 1
    facts = _facts(message)
    assert facts["job"] == JOB
    assert facts["object"] == KEY
    assert facts["failedState"] == "PlanRanges"
    assert facts["command"] == f"ingest redrive {EXECUTION}"
    assert facts["redrivable"] is True
    assert message["Subject"] == "BatchIngest: job job1 FAILED in PlanRanges"
    assert "What to do:" in message["Message"]
    assert "execution_failed" in caplog.messages  # which the dashboard lists
    world.all_was_called()


def test_a_job_that_is_not_there_is_not_made(world: World) -> None:
    world.hears_of_failure("ResolveJob")
    assert world.record_of_job() == {}
    assert world.row_of_claim() == {}


def test_a_claim_is_marked_although_its_jobs_record_was_removed(world: World) -> None:
    world.claim()
    world.hears_of_failure("LoadRanges")
    assert world.row_of_claim()["state"] == "failed"
    assert world.record_of_job() == {}


def test_a_failure_before_any_claim_marks_the_job(world: World) -> None:
    world.job(userId="u")
    world.hears_of_failure("ResolveJob")
    job = world.record_of_job()
    assert job["status"] == "FAILED"
    assert job["ingestState"]["objectsFailed"] == 1
    assert job["ingestState"]["executions"] == [EXECUTION]
    assert world.row_of_claim() == {}
    assert world.row_of_unclaimed()["failure"] == {"state": "ResolveJob", "error": "ClientError"}


def test_a_failure_before_the_claim_marks_a_job_whose_other_objects_are_done(world: World) -> None:
    world.job(userId="u")
    world.claim(key=f"batch-output/{JOB}/other.jsonl", owner="another", **DONE)
    world.hears_of_failure("ResolveJob")
    assert world.record_of_job()["status"] == "FAILED"
    state = world.record_of_job()["ingestState"]
    assert (state["objects"], state["objectsDone"], state["objectsFailed"]) == (2, 1, 1)
    for _ in range(2):
        world.describes(status="RUNNING", redriveCount=1, stopDate=None)
    world.expect_message()
    world.hears("RUNNING", redrive_count=1)
    assert world.record_of_job()["status"] == "INGESTING"
    # What the redriven execution does: it claims, and settles.
    world.claim(**DONE)
    world.recorder.marker.settler.settle(JOB, JobKey("i", "t"))
    assert world.record_of_job()["status"] == "COMPLETED"
    assert world.record_of_job()["ingestState"]["objects"] == 2


def test_newer_content_that_could_not_be_claimed_is_not_hidden_by_what_was_ingested_before(
    world: World,
) -> None:
    world.job(userId="u")
    world.claim(owner="another", **DONE | {"etag": "before", "sequencer": "01"})
    world.hears_of_failure("ResolveJob")
    assert world.record_of_job()["status"] == "FAILED"
    assert world.row_of_claim()["state"] == "done"


def test_older_content_that_failed_late_changes_nothing(world: World) -> None:
    world.job(userId="u")
    world.claim(owner="another", **DONE | {"etag": "after", "sequencer": "03"})
    world.hears_of_failure("ResolveJob")
    assert world.record_of_job()["status"] == "COMPLETED"


def test_of_two_failures_before_a_claim_the_later_event_tells(world: World) -> None:
    world.job(userId="u")
    rows = UnclaimedFailures(world.dynamodb, "ledger")
    early, late = (_unclaimed(owner, sequencer) for owner, sequencer in (("1", "01"), ("2", "02")))
    assert rows.fail(early, JOB, failure={}, now=NOW)
    assert rows.fail(late, JOB, failure={}, now=NOW)
    assert not rows.fail(early, JOB, failure={}, now=NOW)
    assert rows.fail(late, JOB, failure={}, now=NOW)
    assert [each.owner for each in rows.for_job(JOB)] == ["2"]


def test_a_manifest_that_failed_before_anything_was_claimed_marks_the_job(world: World) -> None:
    world.job(userId="u")
    manifest = json.dumps(event(key=f"batch-output/{JOB}/manifest.json.out"))
    world.describes(input=manifest)
    world.failed_in("ResolveJob")
    world.describes(input=manifest)
    world.expect_message()
    world.hears("FAILED")
    assert world.record_of_job()["status"] == "FAILED"


def test_a_job_without_a_user_is_marked_all_the_same(world: World) -> None:
    world.job()
    world.hears_of_failure("ResolveJob")
    assert world.record_of_job()["status"] == "FAILED"


def test_of_two_records_none_is_marked(world: World) -> None:
    world.job(userId="u")
    world.job(userId="u", submitTime="t2")
    world.hears_of_failure("ResolveJob")
    assert world.record_of_job()["status"] == "SUBMITTED"


def test_a_failure_before_the_claim_leaves_what_another_execution_claimed(world: World) -> None:
    world.job(userId="u")
    world.claim(owner="another", **DONE)
    world.hears_of_failure("ResolveJob")
    assert world.row_of_claim()["state"] == "done"
    assert world.record_of_job()["status"] == "COMPLETED"


def test_a_failure_is_said_once_however_often_it_is_delivered(world: World) -> None:
    world.job(userId="u")
    world.claim()
    world.hears_of_failure()
    for _ in range(2):
        world.describes()
        world.failed_in("PlanRanges")
        world.describes()
        assert world.hears("FAILED") is Outcome.FAILED
    assert len(world.published) == 1
    world.all_was_called()


def test_a_later_failure_of_the_same_execution_is_said_again(world: World) -> None:
    world.job(userId="u")
    world.claim()
    world.hears_of_failure()
    world.describes(redriveCount=1)
    world.failed_in("PlanRanges")
    world.describes(redriveCount=1)
    world.expect_message()
    world.hears("FAILED", redrive_count=1)
    assert [_facts(each)["redriveCount"] for each in world.published] == [0, 1]


def test_what_could_not_be_published_is_said_when_it_is_tried_again(world: World) -> None:
    world.describes()
    world.failed_in("PlanRanges")
    world.describes()
    world.sns.add_client_error("publish", "Throttled")
    with pytest.raises(Exception, match="Throttled"):
        world.hears("FAILED")
    world.hears_of_failure()
    world.all_was_called()


def _is_another_invocation(world: World) -> None:
    mine = world.recorder.announcements
    other = Announcements(mine.client, mine.table, caller="request-2", now=mine.now)
    world.recorder = replace(world.recorder, announcements=other)


def test_another_invocation_waits_for_one_that_may_be_about_to_speak(world: World) -> None:
    def die() -> None:
        raise SystemExit

    execution = Execution.model_validate(
        {"executionArn": EXECUTION, "status": "FAILED", "startDate": NOW}
    )
    with pytest.raises(SystemExit):
        world.recorder.announcements.once(execution, die)
    _is_another_invocation(world)
    world.describes()
    world.failed_in("PlanRanges")
    world.describes()
    with pytest.raises(AnnouncementUnderWay):
        world.hears("FAILED")
    world.clock[0] = NOW + LEASE + timedelta(seconds=1)
    world.hears_of_failure()
    assert len(world.published) == 1


def test_another_invocation_need_not_wait_for_one_that_could_not_speak(world: World) -> None:
    world.describes()
    world.failed_in("PlanRanges")
    world.describes()
    world.sns.add_client_error("publish", "Throttled")
    with pytest.raises(Exception, match="Throttled"):
        world.hears("FAILED")
    _is_another_invocation(world)
    world.hears_of_failure()
    assert len(world.published) == 2  # the first was not delivered


@pytest.mark.parametrize(
    ("described", "until"),
    [
        # 14 days from its end, however late the event of that came.
        ({"stopDate": NOW - timedelta(days=3)}, "2026-03-12T12:00:00Z"),
        ({"redriveStatus": "NOT_REDRIVABLE"}, "2026-03-01T12:00:00Z"),
    ],
)
def test_a_failed_claim_is_kept_for_as_long_as_it_can_be_redriven(
    world: World, described: dict[str, Any], until: str
) -> None:
    world.job(userId="u")
    world.claim()
    world.describes(**described)
    world.failed_in("PlanRanges")
    world.describes(**described)
    world.expect_message()
    world.hears("FAILED")
    assert world.row_of_claim()["redrivableUntil"] == until


def test_a_failure_that_was_redriven_meanwhile_marks_nothing(world: World) -> None:
    world.job(userId="u")
    world.claim()
    world.describes(status="RUNNING", redriveCount=1, stopDate=None)
    assert world.hears("FAILED") is Outcome.NOTHING
    assert world.row_of_claim()["state"] == "claimed"
    assert world.published == []


def test_a_redrive_in_the_very_moment_of_marking_is_marked_too(world: World) -> None:
    world.job(userId="u")
    world.claim()
    world.describes()
    world.failed_in("PlanRanges")
    for _ in range(2):
        world.describes(status="RUNNING", redriveCount=1, stopDate=None)
    world.expect_message()
    world.hears("FAILED")
    assert world.row_of_claim()["state"] == "claimed"
    assert world.record_of_job()["status"] == "INGESTING"


def test_a_redrive_that_has_settled_before_the_failure_is_marked_stays_settled(
    world: World,
) -> None:
    world.job(userId="u")
    world.describes()
    # Meanwhile it was redriven, and SettleJob closed the claim.
    world.claim(**DONE, doneAt="2026-03-01T11:59:59Z")
    world.failed_in("SettleJob")
    for _ in range(2):
        world.describes(status="SUCCEEDED", redriveCount=1, redriveStatus="NOT_REDRIVABLE")
    world.expect_message()
    world.hears("FAILED")
    assert world.row_of_claim()["state"] == "done"
    assert "failure" not in world.row_of_claim()
    assert world.record_of_job()["status"] == "COMPLETED"
    world.all_was_called()


def test_a_redrive_that_fails_while_its_start_is_marked_stays_failed(world: World) -> None:
    world.job(userId="u")
    world.claim(state="failed")
    world.describes(status="RUNNING", redriveCount=1, stopDate=None)
    world.describes(redriveCount=1)
    world.failed_in("SettleJob")
    world.describes(redriveCount=1)
    world.expect_message()
    world.hears("RUNNING", redrive_count=1)
    assert world.row_of_claim()["state"] == "failed"
    assert world.row_of_claim()["failure"]["state"] == "SettleJob"
    assert world.record_of_job()["status"] == "FAILED"
    world.all_was_called()


def test_a_redrive_that_starts_is_recorded_and_said_once(world: World) -> None:
    world.job(userId="u")
    world.claim(state="failed")
    world.expect_message()
    for _ in range(2):
        world.describes(status="RUNNING", redriveCount=1, stopDate=None)
        world.describes(status="RUNNING", redriveCount=1, stopDate=None)
        assert world.hears("RUNNING", redrive_count=1) is Outcome.REDRIVEN
    assert world.row_of_claim()["state"] == "claimed"
    assert world.record_of_job()["status"] == "INGESTING"
    assert _facts(world.published[0])["outcome"] == "REDRIVEN"
    world.all_was_called()


def test_a_redrive_that_succeeds_says_so_once(world: World) -> None:
    world.expect_message()
    for _ in range(2):
        world.describes(status="SUCCEEDED", redriveCount=1, redriveStatus="NOT_REDRIVABLE")
        assert world.hears("SUCCEEDED", redrive_count=1) is Outcome.RECOVERED
    assert [each["Subject"] for each in world.published] == ["BatchIngest: job job1 has recovered"]
    world.all_was_called()


def test_a_first_success_is_nothing_to_record(world: World) -> None:
    assert world.hears("SUCCEEDED") is Outcome.NOTHING
    assert world.hears("RUNNING") is Outcome.NOTHING
    world.all_was_called()


def test_a_claim_that_another_execution_took_over_is_left_alone(world: World) -> None:
    world.job(userId="u")
    world.claim(owner="another")
    world.hears_of_failure("LoadRanges")
    assert world.row_of_claim()["state"] == "claimed"
    assert world.record_of_job()["status"] == "INGESTING"


@pytest.mark.parametrize("text", ["{}", "[]", "no JSON", '{"detail": {"object": {"key": 7}}}'])
def test_an_input_that_is_no_event_is_told_and_marks_nothing(world: World, text: str) -> None:
    world.describes(input=text)
    world.failed_in("ResolveJob")
    world.describes(input=text)
    world.expect_message()
    world.hears("FAILED")
    assert "job (none)" in world.published[0]["Message"]


def test_a_failed_map_names_its_children(world: World) -> None:
    run = f"{EXECUTION.replace(':execution:', ':mapRun:').rpartition(':')[0]}/LoadRanges:r"
    counts = dict.fromkeys(("pending", "running", "timedOut", "aborted", "resultsWritten"), 0) | {
        "succeeded": 5,
        "failed": 2,
        "total": 8,
        "pending": 1,
    }
    world.describes(error="States.ExceedToleratedFailureThreshold", cause="threshold")
    world.failed_in(
        "LoadRanges",
        map_runs=[
            {
                "executionArn": EXECUTION,
                "mapRunArn": run,
                "stateMachineArn": f"{EXECUTION}/LoadRanges",
                "startDate": NOW,
            }
        ],
    )
    world.states.add_response(
        "describe_map_run",
        {
            "mapRunArn": run,
            "executionArn": EXECUTION,
            "status": "FAILED",
            "startDate": NOW,
            "maxConcurrency": 4,
            "toleratedFailurePercentage": 0.0,
            "toleratedFailureCount": 0,
            "itemCounts": counts,
            "executionCounts": counts,
        },
        {"mapRunArn": run},
    )
    child = f"{EXECUTION}-child"
    world.states.add_response(
        "list_executions",
        {
            "executions": [
                {
                    "executionArn": child,
                    "stateMachineArn": EXECUTION,
                    "name": "c",
                    "status": "FAILED",
                    "startDate": NOW,
                }
            ]
        },
        {"mapRunArn": run, "statusFilter": "FAILED", "maxResults": 5},
    )
    world.describes(
        executionArn=child,
        input=json.dumps({"range": {"from": 100, "to": 200}}),
        error="WriteThrottled",
        cause=json.dumps({"errorMessage": "Table t", "stackTrace": ["secret.py"]}),
    )
    world.describes(error="States.ExceedToleratedFailureThreshold", cause="threshold")
    world.expect_message()
    world.hears("FAILED")
    text = world.published[0]["Message"]
    assert "Error:      WriteThrottled\nCause:      Table t\n" in text
    assert "5 of 8 done, 2 failed, 1 unfinished" in text
    assert "  - bytes 100-200: WriteThrottled: Table t\n" in text
    assert "  - and 1 more" in text
    assert "DynamoDB refused every write" in text
    assert "secret.py" not in text
    world.all_was_called()
