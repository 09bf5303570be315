"""A job whose data need a person is named in one message."""

import json
from typing import Any

import pytest

from functions.aws.job_notes import JobNotes
from functions.domain.bedrock_jobs import BedrockStatus, JobEnd
from functions.domain.jobs import JobStatus
from functions.record_outcome.troubles import SettledJob, TroubleTeller, find_troubles
from ops.model.runbook import of_alarm
from tests.unit.record_outcome.conftest import JOB, NOW, RecorderSetup


def teller(setup: RecorderSetup, *, options: str = "") -> TroubleTeller:
    recorder = setup.recorder
    return TroubleTeller(
        jobs=recorder.marker.settler.jobs,
        ledger=recorder.marker.settler.ledger,
        announcements=recorder.announcements,
        publish=recorder.publish,
        stack="BatchIngest",
        options=options,
        reject_percent=5,
    )


def settled(
    job_id: str = JOB, *, status: str = "COMPLETED", revision: int = 7, **stats: Any
) -> SettledJob:
    detail = {"jobId": job_id, "status": status, "revision": revision, "resultStats": stats}
    return SettledJob.model_validate(detail)


def test_the_message_names_job_troubles_and_commands_and_comes_once(setup: RecorderSetup) -> None:
    setup.job(userId="u")
    setup.expect_message()
    job = settled(
        successCount=80, failureCount=20, rejectsByReason={"Refused": 20}, imagesLeft=3,
        missingCount=1,
    )  # fmt: skip
    assert teller(setup).tell(job)
    assert teller(setup).tell(job)  # EventBridge delivers at least once
    (message,) = setup.published
    what = "20 of 100 records rejected, 1 record missing, 3 images left in place"
    assert message["Subject"] == f"BatchIngest: job {JOB} COMPLETED, {what}"[:100]
    assert message["Message"].startswith(f"Job {JOB} is COMPLETED: {what}.")
    assert f"    ingest rejects {JOB}\n    ingest inspect {JOB}\n" in message["Message"]
    assert "    ingest explain rejects\n    ingest explain records-missing\n" in message["Message"]
    facts = json.loads(message["Message"][message["Message"].index("\n{") :])
    assert (facts["job"], facts["failureCount"], facts["imagesLeft"]) == (JOB, 20, 3)


def test_the_commands_name_a_stack_that_is_not_the_default(setup: RecorderSetup) -> None:
    setup.job(userId="u")
    setup.expect_message()
    assert teller(setup, options=" --stack Other").tell(settled(imagesLeft=1))
    (message,) = setup.published
    assert f"    ingest inspect {JOB} --stack Other\n" in message["Message"]


def test_a_job_of_another_stack_has_no_message(setup: RecorderSetup) -> None:
    assert not teller(setup).tell(settled("another", missingCount=4))


def test_a_failed_job_without_a_failed_execution_has_a_message(setup: RecorderSetup) -> None:
    setup.job(userId="u")
    setup.claim(state="done")
    setup.expect_message()
    assert teller(setup).tell(settled(status="FAILED", rejectsByReason={"ModelError": 3}))
    (message,) = setup.published
    assert message["Subject"] == f"BatchIngest: job {JOB} FAILED, 3 of 3 records rejected"


def test_a_job_that_failed_at_bedrock_has_a_message(setup: RecorderSetup) -> None:
    setup.job(userId="u")
    JobNotes(setup.recorder.marker.settler.ledger).note_end(JOB, end(BedrockStatus.FAILED))
    setup.expect_message()
    assert teller(setup).tell(settled(status="FAILED"))
    (message,) = setup.published
    assert message["Subject"] == f"BatchIngest: job {JOB} FAILED, Failed at Bedrock"


def test_a_failed_execution_has_its_own_message(setup: RecorderSetup) -> None:
    setup.job(userId="u")
    rejected = settled(status="FAILED", rejectsByReason={"ModelError": 30})
    assert not teller(setup).tell(rejected)  # marked failed without any claim
    setup.claim(state="failed")
    assert not teller(setup).tell(rejected)


def end(status: BedrockStatus) -> JobEnd:
    return JobEnd(status, NOW)


@pytest.mark.parametrize(
    ("stats", "found"),
    [
        ({}, {}),
        ({"successCount": 95, "rejectsByReason": {"Refused": 5}}, {}),
        (
            {"successCount": 94, "rejectsByReason": {"Refused": 6}, "paddingCount": 900},
            {"6 of 100 records rejected": ("rejects", "rejects")},
        ),
        ({"missingCount": 2000}, {"2,000 records missing": ("inspect", "records-missing")}),
        (
            {"unexpectedCount": 1},
            {"1 record more than expected": ("inspect", "records-unexpected")},
        ),
        ({"imagesLeft": 1}, {"1 image left in place": ("inspect", "images-left")}),
    ],
)
def test_what_is_worth_a_message(stats: dict[str, Any], found: dict[str, tuple[str, str]]) -> None:
    assert find_troubles(settled(**stats), None, reject_percent=5) == found
    assert all(of_alarm(page) for _, page in found.values())


@pytest.mark.parametrize(
    ("status", "ended", "found"),
    [
        (JobStatus.PARTIALLY_COMPLETED, BedrockStatus.STOPPED, {"Stopped at Bedrock"}),
        (JobStatus.PARTIALLY_COMPLETED, BedrockStatus.COMPLETED, set()),
        (JobStatus.COMPLETED, BedrockStatus.EXPIRED, set()),  # all expected records are there
    ],
)
def test_how_a_job_ended_at_bedrock_may_be_worth_a_message(
    status: JobStatus, ended: BedrockStatus, found: set[str]
) -> None:
    assert set(find_troubles(settled(status=status), end(ended), reject_percent=5)) == found
