"""What is marked and said of an outcome, and when nothing is."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from functions.domain.executions import Execution, Outcome
from functions.domain.jobs import JobKey
from functions.record_outcome.announcements import (
    LEASE,
    Announcements,
    AnnouncementUnderWay,
    about_execution,
)
from tests.unit.record_outcome.conftest import (
    EXECUTION,
    JOB,
    KEY,
    NOW,
    RUN,
    RecorderSetup,
    described_map_run,
    event,
    listed_child,
    map_run,
)

DONE: dict[str, Any] = {"state": "done", "stats": {"totalCount": 1, "successCount": 1}}


def _facts(message: dict[str, Any]) -> dict[str, Any]:
    text = message["Message"]
    loaded: dict[str, Any] = json.loads(text[text.index("\n{") :])
    return loaded


def test_a_failure_marks_claim_and_job_and_says_what_to_do(
    claimed: RecorderSetup, caplog: pytest.LogCaptureFixture
) -> None:
    message = claimed.hears_of_failure("PlanRanges")
    claim, job = claimed.row_of_claim(), claimed.record_of_job()
    assert claim["state"] == "failed"
    assert claim["failure"] == {"state": "PlanRanges", "error": "ClientError"}
    assert claim["redrivableUntil"] == "2026-03-15T12:00:00Z"
    assert job["status"] == "FAILED"
    assert job["ingestState"]["objectsFailed"] == 1
    assert (
        _facts(message).items()
        >= {
            "job": JOB,
            "object": KEY,
            "failedState": "PlanRanges",
            "command": f"ingest redrive {EXECUTION}",
            "redrivable": True,
        }.items()
    )
    assert message["Subject"] == "BatchIngest: job job1 FAILED in PlanRanges"
    assert "What to do:" in message["Message"]
    (line,) = [each for each in caplog.records if each.message == "execution_failed"]
    assert (line.jobId, line.intentId) == (JOB, "i")  # type: ignore[attr-defined]


def test_a_job_that_is_not_there_is_not_made(setup: RecorderSetup) -> None:
    setup.hears_of_failure("ResolveJob")
    assert setup.record_of_job() == {}
    assert setup.row_of_claim() == {}


def test_a_claim_is_marked_although_its_jobs_record_was_removed(setup: RecorderSetup) -> None:
    setup.claim()
    setup.hears_of_failure("LoadRanges")
    assert setup.row_of_claim()["state"] == "failed"
    assert setup.record_of_job() == {}


def test_a_failure_before_any_claim_marks_the_job(setup: RecorderSetup) -> None:
    setup.job(userId="u")
    setup.hears_of_failure("ResolveJob")
    job = setup.record_of_job()
    assert job["status"] == "FAILED"
    assert job["ingestState"]["objectsFailed"] == 1
    assert job["ingestState"]["executions"] == [EXECUTION]
    assert setup.row_of_claim() == {}
    assert setup.row_of_unclaimed()["failure"] == {"state": "ResolveJob", "error": "ClientError"}


def test_a_failure_before_the_claim_marks_a_job_whose_other_objects_are_done(
    setup: RecorderSetup,
) -> None:
    setup.job(userId="u")
    setup.claim(key=f"batch-output/{JOB}/other.jsonl", owner="another", **DONE)
    setup.hears_of_failure("ResolveJob")
    assert setup.record_of_job()["status"] == "FAILED"
    state = setup.record_of_job()["ingestState"]
    assert (state["objects"], state["objectsDone"], state["objectsFailed"]) == (2, 1, 1)
    setup.describes_redrive(2)
    setup.expect_message()
    setup.hears("RUNNING", redrive_count=1)
    assert setup.record_of_job()["status"] == "INGESTING"
    # What the redriven execution does: it claims, and settles.
    setup.claim(**DONE)
    setup.recorder.marker.settler.settle(JOB, JobKey("i", "t"))
    assert setup.record_of_job()["status"] == "COMPLETED"
    assert setup.record_of_job()["ingestState"]["objects"] == 2


@pytest.mark.parametrize(
    ("records", "key", "status"),
    [
        ([{"userId": "u"}], f"batch-output/{JOB}/manifest.json.out", "FAILED"),
        ([{}], KEY, "FAILED"),
        ([{"userId": "u"}, {"userId": "u", "submitTime": "t2"}], KEY, "SUBMITTED"),
    ],
    ids=["of its manifest", "without a user", "of two records none"],
)
def test_a_failure_before_anything_was_claimed_marks_the_one_record(
    setup: RecorderSetup, records: list[dict[str, object]], key: str, status: str
) -> None:
    for record in records:
        setup.job(**record)
    setup.hears_of_failure("ResolveJob", input=json.dumps(event(key=key)))
    assert setup.record_of_job()["status"] == status


def test_a_failure_is_said_once_however_often_it_is_delivered(claimed: RecorderSetup) -> None:
    claimed.hears_of_failure()
    for _ in range(2):
        claimed.describes_failure()
        assert claimed.hears("FAILED") is Outcome.FAILED
    assert len(claimed.published) == 1


def test_a_later_failure_of_the_same_execution_is_said_again(claimed: RecorderSetup) -> None:
    claimed.hears_of_failure()
    claimed.hears_of_failure(redriveCount=1)
    assert [_facts(each)["redriveCount"] for each in claimed.published] == [0, 1]


@pytest.mark.parametrize("is_another", [False, True])
def test_what_could_not_be_published_is_said_when_it_is_tried_again(
    setup: RecorderSetup, *, is_another: bool
) -> None:
    """Another invocation need not wait for one that could not speak."""
    setup.describes_failure()
    setup.sns.add_client_error("publish", "Throttled")
    with pytest.raises(Exception, match="Throttled"):
        setup.hears("FAILED")
    if is_another:
        _is_another_invocation(setup)
    setup.hears_of_failure()


def _is_another_invocation(setup: RecorderSetup) -> None:
    mine = setup.recorder.announcements
    other = Announcements(mine.client, mine.table, caller="request-2", now=mine.now)
    setup.recorder = replace(setup.recorder, announcements=other)


def test_another_invocation_waits_for_one_that_may_be_about_to_speak(setup: RecorderSetup) -> None:
    def die() -> None:
        raise SystemExit

    execution = Execution.model_validate(
        {"executionArn": EXECUTION, "status": "FAILED", "startDate": NOW}
    )
    with pytest.raises(SystemExit):
        setup.recorder.announcements.once(about_execution(execution), die)
    _is_another_invocation(setup)
    setup.describes_failure()
    with pytest.raises(AnnouncementUnderWay):
        setup.hears("FAILED")
    setup.clock[0] = NOW + LEASE + timedelta(seconds=1)
    setup.hears_of_failure()
    assert len(setup.published) == 1


@pytest.mark.parametrize(
    ("described", "until"),
    [
        # 14 days from its end, however late the event of that came.
        ({"stopDate": NOW - timedelta(days=3)}, "2026-03-12T12:00:00Z"),
        ({"redriveStatus": "NOT_REDRIVABLE"}, "2026-03-01T12:00:00Z"),
    ],
)
def test_a_failed_claim_is_kept_for_as_long_as_it_can_be_redriven(
    claimed: RecorderSetup, described: dict[str, Any], until: str
) -> None:
    claimed.hears_of_failure(**described)
    assert claimed.row_of_claim()["redrivableUntil"] == until


def test_a_failure_that_was_redriven_meanwhile_marks_nothing(claimed: RecorderSetup) -> None:
    claimed.describes_redrive(1)
    assert claimed.hears("FAILED") is Outcome.NOTHING
    assert claimed.row_of_claim()["state"] == "claimed"
    assert claimed.published == []


def test_a_redrive_in_the_very_moment_of_marking_is_marked_too(claimed: RecorderSetup) -> None:
    claimed.describes()
    claimed.failed_in("PlanRanges")
    claimed.describes_redrive(2)
    claimed.expect_message()
    claimed.hears("FAILED")
    assert claimed.row_of_claim()["state"] == "claimed"
    assert claimed.record_of_job()["status"] == "INGESTING"


def test_a_redrive_that_has_settled_before_the_failure_is_marked_stays_settled(
    setup: RecorderSetup,
) -> None:
    setup.job(userId="u")
    setup.describes()
    # Meanwhile it was redriven, and SettleJob closed the claim.
    setup.claim(**DONE, doneAt="2026-03-01T11:59:59Z")
    setup.failed_in("SettleJob")
    for _ in range(2):
        setup.describes(status="SUCCEEDED", redriveCount=1, redriveStatus="NOT_REDRIVABLE")
    setup.expect_message()
    setup.hears("FAILED")
    assert setup.row_of_claim()["state"] == "done"
    assert "failure" not in setup.row_of_claim()
    assert setup.record_of_job()["status"] == "COMPLETED"


def test_a_redrive_that_fails_while_its_start_is_marked_stays_failed(setup: RecorderSetup) -> None:
    setup.job(userId="u")
    setup.claim(state="failed")
    setup.describes_redrive(1)
    setup.describes(redriveCount=1)
    setup.failed_in("SettleJob")
    setup.describes(redriveCount=1)
    setup.expect_message()
    setup.hears("RUNNING", redrive_count=1)
    assert setup.row_of_claim()["state"] == "failed"
    assert setup.row_of_claim()["failure"]["state"] == "SettleJob"
    assert setup.record_of_job()["status"] == "FAILED"


def test_a_redrive_that_starts_is_recorded_and_said_once(setup: RecorderSetup) -> None:
    setup.job(userId="u")
    setup.claim(state="failed")
    setup.expect_message()
    for _ in range(2):
        setup.describes_redrive(2)
        assert setup.hears("RUNNING", redrive_count=1) is Outcome.REDRIVEN
    assert setup.row_of_claim()["state"] == "claimed"
    assert setup.record_of_job()["status"] == "INGESTING"
    assert _facts(setup.published[0])["outcome"] == "REDRIVEN"


def test_a_redrive_that_succeeds_says_so_once(setup: RecorderSetup) -> None:
    setup.expect_message()
    for _ in range(2):
        setup.describes(status="SUCCEEDED", redriveCount=1, redriveStatus="NOT_REDRIVABLE")
        assert setup.hears("SUCCEEDED", redrive_count=1) is Outcome.RECOVERED
    assert [each["Subject"] for each in setup.published] == ["BatchIngest: job job1 has recovered"]


def test_a_first_success_is_nothing_to_record(setup: RecorderSetup) -> None:
    assert setup.hears("SUCCEEDED") is Outcome.NOTHING
    assert setup.hears("RUNNING") is Outcome.NOTHING


def test_a_claim_that_another_execution_took_over_is_left_alone(setup: RecorderSetup) -> None:
    setup.job(userId="u")
    setup.claim(owner="another")
    setup.hears_of_failure("LoadRanges")
    assert setup.row_of_claim()["state"] == "claimed"
    assert setup.record_of_job()["status"] == "INGESTING"


def test_an_input_that_is_not_an_event_has_a_message_of_no_job(setup: RecorderSetup) -> None:
    assert "job (none)" in setup.hears_of_failure("ResolveJob", input="[]")["Message"]


def test_a_failed_map_names_its_children(setup: RecorderSetup) -> None:
    setup.describes(error="States.ExceedToleratedFailureThreshold", cause="threshold")
    setup.failed_in("LoadRanges", map_runs=[map_run()])
    counts = described_map_run(succeeded=5, failed=2, pending=1, total=8)
    setup.states.add_response("describe_map_run", counts, {"mapRunArn": RUN})
    child = f"{EXECUTION}-child"
    setup.states.add_response(
        "list_executions",
        {"executions": [listed_child(child)]},
        {"mapRunArn": RUN, "statusFilter": "FAILED", "maxResults": 5},
    )
    setup.describes(
        executionArn=child,
        input=json.dumps({"range": {"from": 100, "to": 200}}),
        error="WriteThrottled",
        cause=json.dumps({"errorMessage": "Table t", "stackTrace": ["secret.py"]}),
    )
    setup.describes(error="States.ExceedToleratedFailureThreshold", cause="threshold")
    setup.expect_message()
    setup.hears("FAILED")
    text = setup.published[0]["Message"]
    assert "Error:      WriteThrottled\nCause:      Table t\n" in text
    assert "5 of 8 done, 2 failed, 1 unfinished" in text
    assert "  - bytes 100-200: WriteThrottled: Table t\n" in text
    assert "  - and 1 more" in text
    assert "DynamoDB refused every write" in text
    assert "secret.py" not in text
