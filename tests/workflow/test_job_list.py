"""`ingest jobs`: what is open comes first, with the reason, and a large table is read in part."""

from datetime import UTC, datetime
from typing import Any

import pytest

from functions.domain.attribute_values import to_item
from ops.console.overview import OverviewReader
from ops.model import job_list
from ops.model.deployment import Deployment
from ops.model.job_heads import read_heads
from ops.model.job_list import read_jobs
from ops.view.job_list import jobs_table
from ops.view.terminal import out
from tests.workflow.aws_tables import deployment_on
from tests.workflow.rows import put_claim, put_job

Aws = tuple[Any, Any]
NOW = datetime(2026, 11, 23, tzinfo=UTC)


@pytest.fixture
def deployed(aws: Aws) -> Deployment:
    return deployment_on(aws)


def put_dated_job(aws: Aws, job_id: str, status: str | None, **more: object) -> None:
    dated = {"intentId": job_id, "submitTime": "2026-11-22T00:00:00Z", "userId": "user-secret"}
    put_job(aws[1], job_id, **dated, status=status, **more)


def put_broken_job(aws: Aws) -> None:
    """Put a job on record of which an object has failed."""
    put_dated_job(aws, "broken", "FAILED", ingestState={"revision": 2, "objectsFailed": 1})
    failure = {"state": "LoadRanges", "error": "AccessDenied"}
    put_claim(aws[1], "broken", "k", state="failed", failure=failure)


def _fill(aws: Aws) -> None:
    put_dated_job(aws, "done", "COMPLETED", resultStats={"totalCount": 3, "imagesLeft": 4})
    put_dated_job(
        aws, "partly", "PARTIALLY_COMPLETED", resultStats={"totalCount": 3, "missingCount": 2}
    )
    put_dated_job(aws, "waits", "SUBMITTED", pendingImageCount=7)
    put_dated_job(aws, "unsaid", None)
    ended = {"revision": 1, "bedrock": {"status": "Failed", "message": "too few records"}}
    put_dated_job(aws, "failed", "FAILED", ingestState=ended)
    put_broken_job(aws)


def test_open_jobs_come_first_then_failed_ones_and_each_has_its_reason(
    aws: Aws, deployed: Deployment
) -> None:
    _fill(aws)
    found = read_jobs(deployed, limit=50)
    assert found.is_whole
    shown = {job.job_id: job.why for job in found.jobs}
    assert [*shown][:2] in (["waits", "unsaid"], ["unsaid", "waits"])
    assert {*[*shown][2:4]} == {"failed", "broken"}
    assert shown == {
        "waits": "no results have arrived",
        "unsaid": "no results have arrived",
        "failed": "Failed at Bedrock (too few records)",
        "broken": "LoadRanges failed: AccessDenied",
        "partly": "2 records missing",
        "done": "4 images left",
    }
    assert found.jobs[0].as_json()["open"] is True
    with out.capture() as captured:
        out.print(jobs_table(found.jobs, now=NOW))
    assert "0/7" in captured.get()
    assert "user-secret" not in captured.get() + str([job.as_json() for job in found.jobs])


@pytest.mark.parametrize("fetched", [0, 100])
def test_records_are_the_same_whether_they_are_fetched_or_scanned(
    aws: Aws, deployed: Deployment, monkeypatch: pytest.MonkeyPatch, fetched: int
) -> None:
    _fill(aws)
    monkeypatch.setattr(job_list, "FETCHED", fetched)
    found = read_jobs(deployed, limit=50)
    assert len(found.jobs) == 6
    (done,) = (job for job in found.jobs if job.job_id == "done")
    assert done.record == {
        "status": "COMPLETED",
        "submitTime": "2026-11-22T00:00:00Z",
        "resultStats": {"totalCount": 3, "imagesLeft": 4},
    }


def test_the_page_reads_again_only_records_that_have_changed(
    aws: Aws, deployed: Deployment
) -> None:
    _fill(aws)
    reader, fetched = OverviewReader(deployed), list[str]()

    def listed() -> dict[str, str]:
        fetched.clear()
        heads, _ = read_heads(deployed)
        return {job.job_id: job.status for job in reader.listed(heads)}

    aws[1].meta.events.register_first(
        "provide-client-params.dynamodb.GetItem",
        lambda params, **_: fetched.append(params["Key"]["intentId"]["S"]),
        unique_id="fetched",
    )
    try:
        assert len(listed()) == len(fetched) == 6
        listed()
        assert fetched == []
        put_dated_job(aws, "waits", "COMPLETED", resultStats={"totalCount": 7})
        put_dated_job(aws, "new", "SUBMITTED")
        aws[1].delete_item(
            TableName="batch-jobs",
            Key=to_item({"intentId": "done", "submitTime": "2026-11-22T00:00:00Z"}),
        )
        found = listed()
    finally:
        aws[1].meta.events.unregister("provide-client-params.dynamodb.GetItem", unique_id="fetched")
    assert sorted(fetched) == ["new", "waits"]
    assert (found["waits"], found["new"], "done" in found) == ("COMPLETED", "SUBMITTED", False)


def test_jobs_are_chosen_by_status_and_time(aws: Aws, deployed: Deployment) -> None:
    _fill(aws)
    failed = read_jobs(deployed, statuses=frozenset({"FAILED"}), limit=50)
    assert {job.job_id for job in failed.jobs} == {"failed", "broken"}
    assert read_jobs(deployed, since=NOW, limit=50).jobs == []
    assert len(read_jobs(deployed, limit=2).jobs) == 2


@pytest.mark.parametrize(("limit", "is_cut"), [(3, True), (4, False), (5, False)])
def test_a_list_is_cut_only_if_more_jobs_are_wanted(
    aws: Aws, deployed: Deployment, limit: int, is_cut: bool
) -> None:
    for number in range(4):
        put_dated_job(aws, f"job-{number}", "SUBMITTED")
    put_dated_job(aws, "done", "COMPLETED")
    wanted = frozenset({"SUBMITTED"})
    assert read_jobs(deployed, statuses=wanted, limit=limit).is_cut is is_cut


def test_a_large_table_is_read_in_part_and_that_is_said(aws: Aws, deployed: Deployment) -> None:
    for number in range(30):
        put_dated_job(aws, f"job-{number}", "COMPLETED", note="x" * 60_000)
    found = read_jobs(deployed, limit=50, max_pages=1)
    assert not found.is_whole
    assert 0 < len(found.jobs) < 30
    assert len(read_jobs(deployed, limit=50).jobs) == 30
