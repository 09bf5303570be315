"""`ingest tidy`: what replaced content has left behind goes, what a person touched stays."""

import json
from dataclasses import replace
from typing import Any

import pytest
from typer.testing import CliRunner

from functions.aws.ledger import Ledger
from functions.domain.attribute_values import from_item, to_item
from functions.domain.counts import LoadCounts
from functions.domain.ledger_rows import object_partition
from functions.domain.ranges import Range
from functions.domain.segments import Segment
from functions.domain.transactions import transaction_id
from ops import cli
from ops.commands import options
from ops.commands.tidy import question, summary
from ops.console import acts
from ops.console.verdict import Act
from ops.errors import NothingFound, Refused
from ops.model import leftovers
from ops.model.deployment import Deployment
from tests.workflow.aws_tables import BUCKET, deployment_on
from tests.workflow.page_views import page_view
from tests.workflow.rows import claim_row, job_record, put_job

JOB = "job-1"
KEY = "batch-output/job-1/a.jsonl"
LIST = "work/job-1/x/2/images/0.jsonl"
Aws = tuple[Any, Any]


@pytest.fixture
def deployed(aws: Aws) -> Deployment:
    """A job whose object was replaced: the present content answers `kept` alone."""
    s3, dynamodb = aws
    state = {"revision": 3, "leftBehind": 1}
    put_job(dynamodb, ingestState=state)
    _claim(aws, state="done")
    segment = Segment(Range(0, 9), LoadCounts(success=1), None, LIST)
    partition = object_partition(JOB, KEY, 2)
    Ledger(dynamodb, "ledger").put_segment(partition, segment, expires=1)
    s3.put_object(Bucket=BUCKET, Key=LIST, Body=json.dumps("kept").encode() + b"\n")
    images: dict[str, dict[str, Any]] = {
        "kept": {},
        "left": {"s3Key": "processed/x"},
        "edited": {"version": 2},
        "confirmed": {"status": "confirmed"},
    }
    for image, more in images.items():
        _transaction(aws, image, **more)
    _transaction(aws, "of another job", jobId="job-2")
    return deployment_on(aws)


def _claim(aws: Aws, *, state: str, generation: int = 2) -> None:
    stats = LoadCounts(success=1).as_dict()
    row = claim_row(JOB, KEY, etag="new", generation=generation, state=state, stats=stats)
    aws[1].put_item(TableName="ledger", Item={**row, "written": {"SS": ["new", "old"]}})


def _transaction(aws: Aws, image: str, **more: Any) -> None:
    item = {
        "userId": "user-1",
        "transactionId": transaction_id(more.get("jobId", JOB), image),
        "imageId": image,
        "jobId": JOB,
        "status": "unconfirmed",
        "version": 1,
        "updatedAt": "2026-11-23T00:00:00Z",
        **more,
    }
    aws[1].put_item(TableName="transactions", Item=to_item(item))


def _left(aws: Aws) -> set[str]:
    items = aws[1].scan(TableName="transactions")["Items"]
    return {str(from_item(item)["imageId"]) for item in items}


def test_what_no_person_touched_is_removed_and_nothing_else(aws: Aws, deployed: Deployment) -> None:
    found = leftovers.find(deployed, JOB)
    assert {each.image_id for each in found.found} == {"left", "edited", "confirmed"}
    assert [each.image_id for each in found.removable] == ["left"]
    assert found.removable[0].has_image
    assert "left" in _left(aws)
    assert leftovers.remove(deployed, found) == 1
    assert _left(aws) == {"kept", "edited", "confirmed", "of another job"}
    (claim,) = deployed.ledger.claims(JOB)
    assert not claim.replaced
    assert job_record(aws[1])["ingestState"] == {"revision": 3}


def test_one_that_is_edited_or_written_again_meanwhile_stays(
    aws: Aws, deployed: Deployment
) -> None:
    found = leftovers.find(deployed, JOB)
    _transaction(aws, "left", version=2)
    assert leftovers.remove(deployed, found) == 0
    assert "left" in _left(aws)


def test_nothing_is_removed_once_results_are_claimed_again(aws: Aws, deployed: Deployment) -> None:
    found = leftovers.find(deployed, JOB)
    _claim(aws, state="claimed", generation=3)
    with pytest.raises(Refused, match="meanwhile"):
        leftovers.remove(deployed, found)
    assert "left" in _left(aws)


def test_what_is_not_known_to_be_answered_is_not_compared(aws: Aws, deployed: Deployment) -> None:
    aws[0].delete_object(Bucket=BUCKET, Key=LIST)
    with pytest.raises(Refused, match="expired"):
        leftovers.find(deployed, JOB)
    _claim(aws, state="claimed")
    with pytest.raises(Refused, match="not ingested to its end"):
        leftovers.find(deployed, JOB)
    with pytest.raises(NothingFound):
        leftovers.find(deployed, "nothing")


def test_account_and_region_are_named_before_anything_is_removed(
    aws: Aws, deployed: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = "AWS account 111122223333, eu-west-1"
    monkeypatch.setattr(options, "chosen", lambda **_: replace(deployed, place=place))
    asked = CliRunner().invoke(cli.app, ["tidy", JOB]).output
    assert f"Remove 1 transaction on {place}? There is no terminal" in " ".join(asked.split())
    assert "left" in _left(aws)


def test_the_page_asks_what_the_command_asks_and_does_what_it_does(
    aws: Aws, deployed: Deployment
) -> None:
    view = page_view(JOB)
    asked = acts.question(deployed, view, Act.TIDY)
    found = leftovers.find(deployed, JOB)
    assert (asked.asked, asked.texts) == (question(deployed, found), (summary(found),))
    with pytest.raises(Refused, match="no longer as it was"):
        acts.perform(deployed, view, Act.TIDY, subjects=["others"], option=False)
    assert "left" in _left(aws)
    acts.perform(deployed, view, Act.TIDY, subjects=asked.subjects, option=False)
    assert _left(aws) == {"kept", "edited", "confirmed", "of another job"}
    with pytest.raises(NothingFound):
        acts.question(deployed, view, Act.TIDY)
