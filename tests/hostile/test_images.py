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
from functions.domain.images import is_in_processed
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
    [None, "", "work/x", "processed/", "processed", "processed/../uploads/x", "uploads/x",
     "/processed/x", "processed/./x", "PROCESSED/x", "processed/" + "x" * 1015, "work/processed/x"],
)  # fmt: skip
def test_an_earlier_copy_elsewhere_is_none(key: str | None) -> None:
    assert key is None or not is_in_processed(key)
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
    assert time.process_time() - began < 60
    assert json.loads(json.dumps(migration.ids)) == migration.ids
