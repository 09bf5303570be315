"""Image records that name what is not the job's to move, and keys that could be misread."""

import json
import time
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders

from functions.aws.image_store import ImageStore, StoredImage
from functions.domain.attribute_values import to_item
from functions.domain.images import is_in_processed, is_in_uploads
from tests.workflow.image_migration import BUCKET, DATE, USER, ImageMigration

VICTIM = "user-2"
SECRET = f"uploads/{VICTIM}/secret.jpg"
THEIR_LIST = f"work/job-2/x/1/images/{'0' * 15}-{'9' * 15}.jsonl"


def _world() -> ImageMigration:
    """A migration in which another user's image and record lie beside."""
    migration = ImageMigration()
    record = {"imageId": "theirs", "userId": VICTIM, "s3Key": SECRET, "status": "pending"}
    migration.dynamodb.put_item(TableName="pending", Item=to_item(record))
    migration.s3.put_object(Bucket=BUCKET, Key=SECRET, Body=b"their image")
    migration.s3.put_object(Bucket=BUCKET, Key=THEIR_LIST, Body=b'"theirs"\n')
    return migration


def _others(migration: ImageMigration) -> tuple[Any, Any]:
    objects = {key: migration.s3.objects[key].body for key in (SECRET, THEIR_LIST)}
    return objects, migration.dynamodb.tables["pending"]["theirs",]


LEFT: dict[str, tuple[dict[str, Any], str]] = {
    "another user's image id": ({"key": SECRET, "user": VICTIM}, "ImageOwnerMismatch"),
    "a record of nobody": ({"user": ""}, "ImageOwnerMismatch"),
    "a user of lookalikes": ({"user": "us\u0435r-1"}, "ImageOwnerMismatch"),
    "a user with a NUL": ({"user": f"{USER}\x00"}, "ImageOwnerMismatch"),
    "a user in capitals": ({"user": USER.upper()}, "ImageOwnerMismatch"),
    "a parent folder": ({"key": "uploads/user-1/../user-2/secret.jpg"}, "ImageOutsideUploads"),
    "a parent folder at the end": ({"key": "uploads/.."}, "ImageOutsideUploads"),
    "the folder itself": ({"key": "uploads/"}, "ImageOutsideUploads"),
    "a folder within": ({"key": "uploads/./a.jpg"}, "ImageOutsideUploads"),
    "a leading slash": ({"key": "/uploads/a.jpg"}, "ImageOutsideUploads"),
    "capitals": ({"key": "Uploads/a.jpg"}, "ImageOutsideUploads"),
    "a results object": ({"key": "batch-output/job-2/a.jsonl"}, "ImageOutsideUploads"),
    "a dead letter": ({"key": "dead-letters/job-2/a/e/0-1.jsonl"}, "ImageOutsideUploads"),
    "this system's own file": ({"key": "work/job-2/x/1/ranges-0.json"}, "ImageOutsideUploads"),
    "an image that was moved": ({"key": "processed/2026-01-01/user-2/a"}, "ImageOutsideUploads"),
    "no key": ({"key": "", "uploaded": False}, "ImageMissing"),
    "a key of 1,025 bytes": (
        {"key": f"uploads/{'x' * 1017}", "uploaded": False}, "ImageMissing",
    ),
    "a key that leaves no room for the date": (
        {"key": f"uploads/{'x' * 1016}"}, "ImageOutsideUploads",
    ),
    "an object that is not there": ({"key": SECRET + "x", "uploaded": False}, "ImageMissing"),
    "an encoded parent folder that is not there": (
        {"key": "uploads/%2e%2e/user-2/secret.jpg", "uploaded": False}, "ImageMissing",
    ),
    "no record": ({"recorded": False}, "ImageUnknown"),
    "no transaction": ({"transaction": False}, "ImageTransactionGone"),
}  # fmt: skip


@pytest.mark.parametrize("case", LEFT)
def test_an_image_that_is_not_the_jobs_to_move_stays_and_says_why(case: str) -> None:
    given, reason = LEFT[case]
    migration = _world()
    migration.add("mine", **given)
    before, pending = _others(migration), dict(migration.dynamodb.tables["pending"])
    kept = {k: stored.body for k, stored in migration.s3.objects.items()}
    migration.migrate()
    assert migration.counts()["imagesLeftByReason"] == {reason: 1}
    assert _others(migration) == before
    assert dict(migration.dynamodb.tables["pending"]) == pending
    assert {k: v for k, v in kept.items() if k in migration.s3.objects} == kept
    assert not [k for k in migration.s3.objects if k.startswith(f"processed/{DATE}")]
    if given.get("transaction", True) and reason != "ImageOutsideUploads":
        assert migration.s3_key("mine") is None


def test_an_id_of_another_users_record_moves_nothing_of_theirs() -> None:
    migration = _world()
    migration.ids.append("theirs")
    migration.add_transaction("theirs")
    before = _others(migration)
    migration.migrate()
    assert migration.counts()["imagesLeftByReason"] == {"ImageOwnerMismatch": 1}
    assert _others(migration) == before


MOVED = {
    "a version in the name": "a.jpg?versionId=null",
    "a query": "a.jpg?x=1&y=2#z",
    "escapes": "%2e%2e%2fuser-2%2fsecret.jpg",
    "a plus and a space": "a+b c.jpg",
    "backslashes": "..\\..\\user-2\\secret.jpg",
    "lookalikes of dots": "\u2024\u2024/secret.jpg",
    "full-width dots": "\uff0e\uff0e/secret.jpg",
    "three dots": ".../a.jpg",
    "two slashes": "/a.jpg",
    "a line end": "a\n.jpg",
    "reversed": "gpj.\u202ea",
    "another bucket's name": "another-bucket/a.jpg",
    "dots at the beginning": "...jpg",
    "dots within": "a..b/c",
    "two slashes, twice": "//double//slashes",
    "another script": "領収書/レシート 1.jpg",
    "composed and decomposed": "e\u0301 and \xe9.jpg",
    "a tab": "tab\tand\nnewline",
    "a tilde": "~",
}


@pytest.mark.parametrize("case", MOVED)
def test_a_name_that_could_be_misread_is_moved_as_it_is(case: str) -> None:
    migration = _world()
    name = MOVED[case]
    decoy = migration.add("decoy", key="uploads/a.jpg")
    migration.ids.remove("decoy")
    migration.add("mine", key=f"uploads/{name}")
    before = _others(migration)
    migration.migrate()
    assert migration.s3_key("mine") == f"processed/{DATE}/{name}"
    assert migration.s3.objects[f"processed/{DATE}/{name}"].body == b"content of mine"
    assert decoy in migration.s3.objects
    assert _others(migration) == before


@pytest.mark.parametrize("case", MOVED)
def test_the_source_of_a_copy_is_escaped_whole(case: str) -> None:
    """CopySource is a header that is read like an address: nothing of the name may end it."""
    client = boto3.client(
        "s3", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x"
    )
    sent: list[str] = []

    def answer(request: Any, **_: Any) -> AWSResponse:
        sent.append(request.headers["x-amz-copy-source"].decode())
        raw = SimpleNamespace(stream=lambda: iter([b"<CopyObjectResult/>"]))
        return AWSResponse(request.url, 200, HTTPHeaders(), raw)

    events: Any = client.meta.events
    events.register("before-send.s3.CopyObject", answer)
    image = StoredImage(f"uploads/{MOVED[case]}", "e", 1)
    ImageStore(client, "images", {}).copy(image, "processed/x")
    (source,) = sent
    assert not set(source) & set("?#\\\n +&")
    assert source.isascii()
    assert source.startswith("images/uploads/")


@pytest.mark.parametrize(
    "key",
    ["processed/", "processed", "processed/../uploads/x", "uploads/x", "/processed/x",
     "processed/./x", "PROCESSED/x", "processed/" + "x" * 1015, "work/processed/x"],
)  # fmt: skip
def test_an_earlier_copy_elsewhere_is_none(key: str) -> None:
    assert not is_in_processed(key)
    migration = _world()
    source = migration.add("mine")
    record = {
        "imageId": "mine", "userId": USER, "s3Key": source, "status": "processed",
        "processedKey": key,
    }  # fmt: skip
    migration.dynamodb.put_item(TableName="pending", Item=to_item(record))
    migration.migrate()
    assert migration.s3_key("mine") == f"processed/{DATE}/{USER}/mine.jpg"


def test_a_chunk_of_the_longest_image_ids_is_read_in_bounded_time() -> None:
    migration = _world()
    for number in range(300):
        migration.add(f"{number:05d}" + "\x01" * 2043, key=f"uploads/{number}.jpg")
    began = time.process_time()
    migration.migrate()
    assert migration.counts()["imagesMigrated"] == 300
    assert time.process_time() - began < 10
    assert json.loads(json.dumps(migration.ids)) == migration.ids


def test_a_name_of_uploads_is_one() -> None:
    assert is_in_uploads("uploads/a")
    assert not is_in_uploads("uploads")
