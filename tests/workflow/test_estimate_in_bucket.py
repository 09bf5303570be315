"""Estimates of objects in the bucket, and what `submit` does with one."""

import json
from pathlib import Path
from typing import Any

import pytest

from functions.domain.attribute_values import to_item
from ops.commands.estimate import estimate
from ops.commands.submit import submit
from ops.errors import NothingFound, Refused
from ops.model.deployment import Deployment
from ops.model.estimating import sources
from tests.workflow.aws_tables import BUCKET, deployment_on
from tests.workflow.rows import put_job

KEY = "batch-output/job-1/answers.jsonl.out"


def _body(records: int) -> bytes:
    receipt = {"amount": 5, "type": "expense", "date": "2026-01-09", "merchant": "m"}
    answer = json.dumps({**receipt, "category": "fee"})
    return b"".join(
        json.dumps({"recordId": f"image-{n}", "modelOutput": {"generation": answer}}).encode()
        + b"\n"
        for n in range(records)
    )


@pytest.fixture
def deployed(aws: tuple[Any, Any], monkeypatch: pytest.MonkeyPatch) -> Deployment:
    """A job with an object of 40 records, of which 10 have an image on record."""
    s3, dynamodb = aws
    put_job(dynamodb)
    s3.put_object(Bucket=BUCKET, Key=KEY, Body=_body(40))
    for n in range(10):
        dynamodb.put_item(TableName="pending-images", Item=to_item({"imageId": f"image-{n}"}))
    found = deployment_on(aws)
    monkeypatch.setattr("ops.model.deployment.find", lambda **_: found)
    return found


@pytest.mark.usefixtures("deployed")
@pytest.mark.parametrize("what", [KEY, "job-1", "arn:aws:bedrock:us-east-1:1:job/job-1"])
def test_images_are_counted_as_the_application_has_them_on_record(
    what: str, capsys: pytest.CaptureFixture[str]
) -> None:
    estimate(what, as_json=True)
    said = json.loads(capsys.readouterr().out)
    assert (said["objects"], said["transactions"], said["images"]) == (1, 40, 10)


@pytest.mark.usefixtures("deployed")
@pytest.mark.parametrize("what", ["no-such-job", "batch-output/job-1/answers.jsonl"])
def test_of_nothing_it_says_so(what: str) -> None:
    with pytest.raises(NothingFound, match="not a file"):
        estimate(what)


def test_of_many_objects_some_are_read(deployed: Deployment) -> None:
    body = _body(40)
    objects = [(f"batch-output/job-1/{n}.jsonl", len(body)) for n in range(100)]
    for key, _ in objects:
        deployed.s3.put_object(Bucket=BUCKET, Key=key, Body=body)
    found = sources.of_objects(deployed, objects)
    assert [round(each.records) for each in found] == [40] * 100
    assert sum(each.is_sampled for each in found) > 80
    assert [each.is_conditional for each in found] == [False, *[True] * 99]


def test_what_costs_more_than_allowed_is_not_submitted(
    deployed: Deployment, tmp_path: Path
) -> None:
    file = tmp_path / "more.jsonl"
    file.write_bytes(_body(5))
    with pytest.raises(Refused, match="Nothing was done"):
        submit(file, job="job-1", max_cost=0.0001)
    assert "more" not in str(deployed.s3.list_objects_v2(Bucket=BUCKET)["Contents"])
    submit(file, job="job-1", max_cost=0.1)
    assert deployed.s3.head_object(Bucket=BUCKET, Key="batch-output/job-1/more.jsonl")
