"""The deployment onto a bucket with versions and three tables that an application made before."""

from pathlib import Path
from typing import Any

import pytest

from demo.batch import Batch
from functions.domain.attribute_values import from_item
from ops.model.deployment import Deployment
from tests.e2e.deployments.standing import Ran, endpoint_of, run_job, stand, take_down
from tests.e2e.deployments.theirs import Theirs
from tests.e2e.waiting import eventually


@pytest.fixture(scope="module")
def theirs(data: Path) -> Theirs:
    return Theirs(endpoint_of(data))


@pytest.fixture(scope="module")
def before(theirs: Theirs) -> dict[str, Any]:
    return {"look": theirs.look(), "items": theirs.items(), "objects": theirs.objects()}


@pytest.fixture(scope="module")
def imported(data: Path, theirs: Theirs, before: dict[str, Any]) -> Deployment:
    deployed = stand(data, "Imported", production=True, **theirs.settings)
    assert theirs.items() == before["items"]
    assert theirs.objects() == before["objects"]
    return deployed


@pytest.fixture(scope="module")
def ran(imported: Deployment) -> Ran:
    return run_job(imported)


def test_nothing_of_theirs_changes_but_the_bucket_s_switch(
    imported: Deployment, theirs: Theirs, before: dict[str, Any]
) -> None:
    known, seen = before["look"], theirs.look()
    changed = {name: seen[name] for name in seen if seen[name] != known[name]}

    assert seen.keys() == known.keys()
    assert changed == {
        "bucket_notification_configuration": {
            **known["bucket_notification_configuration"],
            "EventBridgeConfiguration": {},
        }
    }


def test_a_job_is_completed_as_it_must_be(ran: Ran) -> None:
    assert (ran.status, ran.differences) == ("COMPLETED", [])


def test_data_of_others_is_left_alone(theirs: Theirs, before: dict[str, Any], ran: Ran) -> None:
    items, objects = theirs.items(), theirs.objects()
    for table, earlier in before["items"].items():
        assert [item for item in earlier if item not in items[table]] == []
    assert before["objects"].items() <= objects.items()


def test_their_own_notifications_still_come(theirs: Theirs, ran: Ran) -> None:
    uploaded = {
        image.key
        for image in ran.batch.images
        if image.content is not None and image.key.startswith("uploads/")
    }
    told: set[str] = set()

    def all_came() -> bool:
        told.update(theirs.told_of())
        return uploaded <= told

    eventually(all_came, "a notification of each upload comes")


def test_the_version_that_the_event_named_was_read(imported: Deployment, ran: Ran) -> None:
    claim = imported.ledger.claim(ran.batch.job.job_id, ran.batch.key)
    version = imported.s3.head_object(Bucket=imported.bucket, Key=ran.batch.key)["VersionId"]

    assert claim is not None
    assert claim.version == version != ""


def test_an_image_moves_to_a_key_that_exists_and_leaves_a_delete_marker(
    imported: Deployment, ran: Ran
) -> None:
    listed = imported.s3.list_object_versions(Bucket=imported.bucket, Prefix="uploads/user-")
    marked = {each["Key"] for each in listed["DeleteMarkers"] if each["IsLatest"]}
    kept = {each["Key"] for each in listed["Versions"] if not each["IsLatest"]}
    moved = {image.key for image in ran.batch.images if image.content and not image.left}
    pointed = [item["s3Key"] for item in _transactions(imported, ran.batch) if "s3Key" in item]

    # An image of a rejected record stays: only a transaction's image is moved.
    assert marked == kept
    assert marked < moved
    assert len([key for key in pointed if key.startswith("processed/")]) == len(marked) > 30
    for key in pointed:
        imported.s3.head_object(Bucket=imported.bucket, Key=key)


def test_moved_images_are_stored_as_the_settings_say(
    imported: Deployment, theirs: Theirs, ran: Ran
) -> None:
    pointed = [item.get("s3Key", "") for item in _transactions(imported, ran.batch)]
    moved = [key for key in pointed if key.startswith("processed/")]
    heads = [imported.s3.head_object(Bucket=imported.bucket, Key=key) for key in moved]

    assert {head["SSEKMSKeyId"] for head in heads} == {theirs.images_key}
    assert {head["StorageClass"] for head in heads} == {"STANDARD_IA"}


def test_deleting_the_stack_leaves_all_of_it(
    imported: Deployment, theirs: Theirs, ran: Ran
) -> None:
    look, items, objects = theirs.look(), theirs.items(), theirs.objects()
    assert take_down(imported) == "DELETE_COMPLETE"
    assert theirs.look() == look
    assert theirs.items() == items
    assert theirs.objects() == objects


def _transactions(deployed: Deployment, batch: Batch) -> list[dict[str, Any]]:
    answer = deployed.dynamodb.query(
        TableName=deployed.outputs["TransactionsTableName"],
        KeyConditionExpression="userId = :id",
        ExpressionAttributeValues={":id": {"S": batch.job.user_id}},
    )
    return [from_item(item) for item in answer["Items"]]
