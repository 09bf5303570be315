"""`ingest resubmit`: rejects go to Bedrock once, wherever a run is interrupted."""

import io
import json
import tempfile
from contextlib import suppress
from dataclasses import replace

import pytest

from functions.aws.resubmission.bedrock_retries import BedrockRetries, RetryName, root_job
from functions.aws.resubmission.submission import Request
from functions.domain.attribute_values import to_item
from functions.domain.ledger_rows import claim_key
from functions.domain.receipts.reject import RejectReason
from ops.console import acts
from ops.console.verdict import Act
from ops.errors import NothingFound, Refused
from ops.model import resubmission
from ops.model.deployment import Deployment
from ops.model.resubmission import prepare, submit
from tests.workflow.aws_tables import BUCKET
from tests.workflow.page_views import page_view
from tests.workflow.resubmitting import (
    JOB,
    KEY,
    REQUEST,
    ROLE,
    Aws,
    Bedrock,
    Interrupted,
    assert_the_next_run_finishes,
    retries_on_record,
    write_claim,
)
from tests.workflow.rows import JOB_RECORD, put_job


def _run(deployed: Deployment, request: Request = REQUEST) -> str | None:
    """What the command does, its questions aside."""
    root = root_job(deployed, JOB)
    if found := BedrockRetries(deployed, root).write_missing_records():
        return found[-1]
    with tempfile.TemporaryFile() as file:
        prepared = prepare(deployed, root, request, file)
        return None if prepared is None else submit(deployed, prepared)


def test_rejects_are_padded_submitted_and_put_on_record(
    aws: Aws, deployed: Deployment, bedrock: Bedrock
) -> None:
    assert _run(deployed) == "retry0000001"
    (job,) = bedrock.jobs.values()
    uri = job["inputDataConfig"]["s3InputDataConfig"]["s3Uri"]
    key = uri.removeprefix(f"s3://{BUCKET}/")
    body = aws[0].get_object(Bucket=BUCKET, Key=key)["Body"].read()
    records = [json.loads(line) for line in io.BytesIO(body)]
    assert [each["recordId"] for each in records] == [
        "x",
        "y",
        "z",
        "__pad__000001",
        "__pad__000002",
    ]
    assert [each["modelInput"]["max_tokens"] for each in records] == [9, 9, 9, 1, 1]
    assert job["outputDataConfig"] == {
        "s3OutputDataConfig": {"s3Uri": f"s3://{BUCKET}/batch-output/"}
    }
    assert retries_on_record(aws) == [
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


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_a_run_that_is_killed_at_any_call_is_finished_by_the_next(
    aws: Aws, deployed: Deployment, bedrock: Bedrock, *, after: bool
) -> None:
    def again(on: Deployment) -> None:
        try:
            _run(on)
        except Refused as refusal:
            assert "has not ended" in str(refusal)  # noqa: PT017 - the killed run had finished

    assert_the_next_run_finishes(aws, deployed, bedrock, run=_run, again=again, after=after)


@pytest.mark.parametrize(
    ("other", "compares"),
    [
        pytest.param(REQUEST, True, id="alike"),
        pytest.param(replace(REQUEST, minimum=9), False, id="other records, ignored"),
        pytest.param(replace(REQUEST, model="another.model"), True, id="another model, refused"),
    ],
)
def test_of_two_runs_at_once_one_submits(
    aws: Aws, deployed: Deployment, bedrock: Bedrock, other: Request, *, compares: bool
) -> None:
    bedrock.compares = compares
    clients = {name: deployed.make_client(name) for name in ("s3", "dynamodb", "bedrock")}
    at, refusals = 0, set()

    def run_the_other() -> None:
        with suppress(Refused):
            _run(deployed, other)

    while True:
        at += 1
        both = Interrupted(clients, at=at, after=False, by=run_the_other)
        try:
            _run(Deployment("S", "a test", "us-east-1", deployed.outputs, both.client))
        except Refused as refusal:
            refusals.add(str(refusal).partition(" ")[0])
        if both.calls < at:
            break
        assert len(bedrock.jobs) == 1
        (record,) = retries_on_record(aws)
        assert record["jobId"] == "retry0000001"
        aws[1].delete_item(
            TableName="batch-jobs",
            Key=to_item({name: record[name] for name in ("intentId", "submitTime")}),
        )
        bedrock.jobs.clear()
    assert at > 12
    assert refusals == {"Retry", "Another"}


def test_nothing_is_submitted_while_a_retry_is_under_way(
    aws: Aws, deployed: Deployment, bedrock: Bedrock
) -> None:
    _run(deployed)
    with pytest.raises(Refused, match="retry0000001 of this job has not ended"):
        _run(deployed)
    (record,) = retries_on_record(aws)
    aws[1].put_item(TableName="batch-jobs", Item=to_item({**record, "status": "FAILED"}))
    assert _run(deployed) == "retry0000002"
    tokens = {job["clientRequestToken"] for job in bedrock.jobs.values()}
    assert len(tokens) == len(retries_on_record(aws)) == 2


@pytest.mark.parametrize("state", ["claimed", "failed"])
def test_nothing_is_submitted_while_answers_are_not_known(
    aws: Aws, deployed: Deployment, bedrock: Bedrock, state: str
) -> None:
    write_claim(aws, "e", None, state=state)
    with pytest.raises(Refused, match="not ingested to its end"):
        _run(deployed)
    assert not bedrock.jobs


def test_a_job_without_results_has_nothing_to_submit(aws: Aws, deployed: Deployment) -> None:
    aws[1].delete_item(TableName="ledger", Key=to_item(dict(claim_key(JOB, KEY).as_dict())))
    with pytest.raises(NothingFound):
        _run(deployed)


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
    deployed: Deployment, reasons: tuple[str, ...], model: str | None, images: set[str]
) -> None:
    chosen = Request(
        frozenset(map(RejectReason, reasons)), model, ROLE, 1, "batch-input/", "__pad__"
    )
    file = io.BytesIO()
    prepared = prepare(deployed, root_job(deployed, JOB), chosen, file)
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
    deployed: Deployment, bedrock: Bedrock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(acts, "request_of", lambda: REQUEST)
    view = page_view(JOB)
    asked = acts.question(deployed, view, Act.RESUBMIT)
    assert asked.asked == f"Submit 5 records on {deployed.place}?"
    assert asked.texts[0].startswith("3 rejected records of job job-1, and 2 of padding")
    assert bedrock.jobs == {}
    with pytest.raises(Refused, match="no longer as it was"):
        acts.perform(deployed, view, Act.RESUBMIT, subjects=["others"], option=False)
    assert bedrock.jobs == {}
    acts.perform(deployed, view, Act.RESUBMIT, subjects=asked.subjects, option=False)
    assert len(bedrock.jobs) == 1


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
    aws: Aws, deployed: Deployment, counts: dict[str, int], most: float | None, *, refused: bool
) -> None:
    put_job(aws[1], status="COMPLETED", resultStats={"bedrock": counts})
    prepared = prepare(deployed, root_job(deployed, JOB), REQUEST, io.BytesIO())
    assert prepared is not None
    if not refused:
        resubmission.refuse_above(deployed, prepared, most)
        return
    with pytest.raises(Refused, match="Nothing was submitted"):
        resubmission.refuse_above(deployed, prepared, most)
