"""`ingest resubmit`: rejects go to Bedrock once, wherever a run is interrupted."""

import io
import itertools
import json
from contextlib import suppress
from dataclasses import replace
from functools import partial

import pytest

from functions.aws.resubmission.bedrock_retries import BedrockRetries, RetryName, root_job
from functions.aws.resubmission.submission import Request
from functions.domain.ledger_rows import claim_key
from functions.domain.receipts.reject import RejectReason
from ops.console import acts
from ops.console.verdict import Act
from ops.errors import NothingFound, Refused
from ops.model import resubmission
from ops.model.deployment import Deployment
from ops.model.resubmission import prepare, submit
from tests.workflow.aws_tables import BUCKET
from tests.workflow.memory.interruptions import Interruptions
from tests.workflow.page_views import page_view
from tests.workflow.resubmitting import (
    JOB,
    KEY,
    REQUEST,
    RejectedJob,
    assert_the_next_run_finishes,
)
from tests.workflow.rows import JOB_RECORD, put_job


def _run(deployed: Deployment, request: Request = REQUEST) -> str | None:
    """What the command does, its questions aside."""
    root = root_job(deployed, JOB)
    if found := BedrockRetries(deployed, root).write_missing_records():
        return found[-1]
    prepared = prepare(deployed, root, request, io.BytesIO())
    return None if prepared is None else submit(deployed, prepared)


@pytest.fixture
def job() -> RejectedJob:
    return RejectedJob()


def test_rejects_are_padded_submitted_and_put_on_record(job: RejectedJob) -> None:
    assert _run(job.deployed()) == "retry0000001"
    padded = ["x", "y", "z", "__pad__000001", "__pad__000002"]
    assert [each["recordId"] for each in job.input()] == padded
    assert [each["modelInput"]["max_tokens"] for each in job.input()] == [9, 9, 9, 1, 1]
    (at_bedrock,) = job.bedrock.jobs.values()
    assert at_bedrock["outputDataConfig"] == {
        "s3OutputDataConfig": {"s3Uri": f"s3://{BUCKET}/batch-output/"}
    }
    assert job.retries() == [
        {
            "intentId": JOB_RECORD["intentId"],
            "submitTime": "2026-11-28T01:00:00.000Z",
            "jobId": "retry0000001",
            "userId": JOB_RECORD["userId"],
            "modelId": "amazon.nova-lite-v1:0",
            "traceId": "t",
            "pendingImageCount": 5,
            "retryOf": JOB,
            "status": "SUBMITTED",
        }
    ]


def test_a_run_that_is_killed_at_any_call_is_finished_by_the_next() -> None:
    def again(on: Deployment) -> None:
        try:
            _run(on)
        except Refused as refusal:
            assert "has not ended" in str(refusal)  # noqa: PT017 - the killed run had finished

    assert_the_next_run_finishes(_run, again)


@pytest.mark.parametrize(
    ("other", "compares"),
    [
        pytest.param(REQUEST, True, id="alike"),
        pytest.param(replace(REQUEST, minimum=9), False, id="other records, ignored"),
        pytest.param(replace(REQUEST, model="another.model"), True, id="another model, refused"),
    ],
)
def test_of_two_runs_at_once_one_submits(other: Request, *, compares: bool) -> None:
    refusals = set()

    def run_the_other(job: RejectedJob) -> None:
        with suppress(Refused):
            _run(job.deployed(), other)

    for at in itertools.count():
        job = RejectedJob()
        job.bedrock.compares = compares
        both = Interruptions(meanwhile={at: partial(run_the_other, job)})
        try:
            _run(job.deployed(both))
        except Refused as refusal:
            refusals.add(str(refusal).partition(" ")[0])
        else:
            submitted = "create_model_invocation_job" in both.calls
            assert len(job.input()) == REQUEST.minimum or not submitted
        if len(both.calls) <= at:
            break
        job.check_one_retry()
    assert at > 12
    assert refusals == {"Retry", "Another"}


def test_nothing_is_submitted_while_a_retry_is_under_way(job: RejectedJob) -> None:
    _run(job.deployed())
    with pytest.raises(Refused, match="retry0000001 of this job has not ended"):
        _run(job.deployed())
    (record,) = job.retries()
    put_job(job.dynamodb, **{**record, "status": "FAILED"}, job=record["jobId"])
    assert _run(job.deployed()) == "retry0000002"
    tokens = {each["clientRequestToken"] for each in job.bedrock.jobs.values()}
    assert len(tokens) == len(job.retries()) == 2


@pytest.mark.parametrize("state", ["claimed", "failed"])
def test_nothing_is_submitted_while_answers_are_not_known(job: RejectedJob, state: str) -> None:
    job.claim("e", state=state)
    with pytest.raises(Refused, match="not ingested to its end"):
        _run(job.deployed())
    assert not job.bedrock.jobs


def test_a_job_without_results_has_nothing_to_submit(job: RejectedJob) -> None:
    del job.dynamodb.tables["ledger"][tuple(claim_key(JOB, KEY).as_dict().values())]
    with pytest.raises(NothingFound):
        _run(job.deployed())


@pytest.mark.parametrize(
    ("reasons", "model", "images"),
    [
        ((), None, {"x", "y"}),
        ((), "another.model", {"x", "y", "z"}),
        (("InvalidReceipt",), None, {"z"}),
        (("Refused",), None, set()),
    ],
)
def test_what_the_same_model_would_answer_again_needs_a_reason_or_another_model(
    job: RejectedJob, reasons: tuple[str, ...], model: str | None, images: set[str]
) -> None:
    chosen = replace(REQUEST, reasons=frozenset(map(RejectReason, reasons)), model=model, minimum=1)
    file = io.BytesIO()
    prepared = prepare(job.deployed(), root_job(job.deployed(), JOB), chosen, file)
    if prepared is None:
        assert not images
        return
    assert {json.loads(line)["recordId"] for line in file.getvalue().splitlines()} == images
    assert sum(prepared.left.values()) == 3 - len(images)


def test_a_name_says_what_the_record_needs_and_fits() -> None:
    name = RetryName("job" * 20, 99, 50_000)
    assert len(str(name)) <= 63
    assert RetryName.parse(str(name), root_id=name.root_id) == name
    assert RetryName.parse(str(name), root_id="another") is None


def test_the_page_asks_what_the_command_asks_and_does_what_it_does(
    job: RejectedJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(acts, "request_of", lambda: REQUEST)
    view, deployed = page_view(JOB), job.deployed()
    asked = acts.question(deployed, view, Act.RESUBMIT)
    assert asked.asked == f"Submit 5 records on {deployed.place}?"
    assert asked.texts[0].startswith("3 rejected records of job job-1, and 2 of padding")
    assert job.bedrock.jobs == {}
    with pytest.raises(Refused, match="no longer as it was"):
        acts.perform(deployed, view, Act.RESUBMIT, subjects=["others"], option=False)
    assert job.bedrock.jobs == {}
    acts.perform(deployed, view, Act.RESUBMIT, subjects=asked.subjects, option=False)
    assert len(job.bedrock.jobs) == 1


@pytest.mark.parametrize(
    ("counts", "most", "refused"),
    [
        ({"totalRecordCount": 10, "inputTokenCount": 10**6, "outputTokenCount": 0}, 0.05, False),
        ({"totalRecordCount": 10, "inputTokenCount": 10**8, "outputTokenCount": 0}, 0.05, True),
        ({}, 0.05, True),
        ({}, None, False),
    ],
)
def test_what_costs_more_than_is_allowed_or_an_unknown_sum_is_refused(
    job: RejectedJob, counts: dict[str, int], most: float | None, *, refused: bool
) -> None:
    put_job(job.dynamodb, status="COMPLETED", resultStats={"bedrock": counts})
    deployed = job.deployed()
    prepared = prepare(deployed, root_job(deployed, JOB), REQUEST, io.BytesIO())
    assert prepared is not None
    if not refused:
        resubmission.refuse_above(deployed, prepared, most)
        return
    with pytest.raises(Refused, match="Nothing was submitted"):
        resubmission.refuse_above(deployed, prepared, most)
