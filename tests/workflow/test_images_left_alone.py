"""Which images are moved, which are left alone, and what is said of them."""

import threading
from collections import Counter
from functools import partial
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.aws.ledger import Ledger
from functions.aws.runtime.deadline import Deadline
from functions.domain.attribute_values import to_item
from functions.domain.counts import ImageCounts
from functions.domain.events import Event
from functions.domain.images import MAX_COPY_BYTES
from tests.workflow.image_migration import BUCKET, DATE, EVENT_TIME, USER, ImageMigration
from tests.workflow.memory.interruptions import calls_of

MOVED = f"processed/{DATE}/{USER}/one.jpg"


def _reasons(migration: ImageMigration) -> dict[str, int]:
    counts = migration.counts()
    assert counts["imagesLeft"] == sum(counts["imagesLeftByReason"].values())
    told = Counter(facts["reason"] for facts in migration.told.all(Event.IMAGE_LEFT))
    assert dict(told) == counts["imagesLeftByReason"]
    reasons: dict[str, int] = counts["imagesLeftByReason"]
    return reasons


def test_an_image_moves_under_the_date_of_the_event_in_japan(migration: ImageMigration) -> None:
    migration.add("one", key="uploads/a/b.jpg")
    migration.migrate()
    assert EVENT_TIME.date().isoformat() == "2026-11-23"
    assert set(migration.images()) == {"processed/2026-11-24/a/b.jpg"}
    assert migration.s3_key("one") == "processed/2026-11-24/a/b.jpg"
    assert migration.pending("one") == {
        "imageId": "one",
        "userId": USER,
        "s3Key": "uploads/a/b.jpg",
        "status": "processed",
        "processedAt": "2026-11-24T00:00:00Z",
        "processedKey": "processed/2026-11-24/a/b.jpg",
    }


def test_metadata_tags_and_content_type_survive_and_the_storage_class_is_a_setting(
    migration: ImageMigration,
) -> None:
    migration.add("one", Metadata={"camera": "x"}, Tagging="a=b", ContentType="image/png")
    migration.migrate(StorageClass="STANDARD_IA", ServerSideEncryption="aws:kms", SSEKMSKeyId="k")
    moved = migration.s3.objects[MOVED]
    assert (moved.content_type, moved.metadata, moved.tags) == ("image/png", {"camera": "x"}, "a=b")
    assert (moved.storage_class, moved.kms_key) == ("STANDARD_IA", "k")


def test_the_step_touches_neither_version_nor_updated_at(migration: ImageMigration) -> None:
    migration.add("one")
    before = migration.transactions()["one"]
    migration.migrate()
    assert migration.transactions()["one"] == {**before, "s3Key": MOVED}


@pytest.mark.parametrize(
    "owner", ["user-2", "", None, "USER-1", "user-1 ", "us\u0435r", "user-1\0"]
)
def test_an_image_of_another_user_is_not_touched(
    migration: ImageMigration, owner: str | None
) -> None:
    migration.add("one")
    record = {"imageId": "one", "userId": owner, "s3Key": f"uploads/{USER}/one.jpg"}
    migration.dynamodb.put_item(TableName="pending", Item=to_item(record))
    calls = calls_of(migration.migrate)
    assert _reasons(migration) == {"ImageOwnerMismatch": 1}
    assert migration.s3_key("one") is None
    assert "head_object" not in calls


@pytest.mark.parametrize(
    "key",
    [
        "x.jpg",
        "/uploads/x.jpg",
        "Uploads/x.jpg",
        "uploadsx.jpg",
        "uploads",
        "uploads/",
        "uploads/../batch-output/job/manifest.json.out",
        "uploads/a/../../work/x",
        "uploads/..",
        "uploads/./x.jpg",
        "uploads/a/.",
        "../uploads/x.jpg",
        "s3://another-bucket/uploads/x.jpg",
        "another-bucket/uploads/x.jpg",
        "https://another-bucket.s3.amazonaws.com/uploads/x.jpg",
        "batch-output/job/output.jsonl",
        "work/job/x",
        f"processed/{DATE}/x.jpg",
        "\uff55ploads/x.jpg",
        "uploads\u2215x.jpg",
        "\u202euploads/x.jpg",
        "dead-letters/job-2/a/e/0-1.jsonl",
        "uploads/user-1/../user-2/secret.jpg",
    ],
)
def test_an_image_outside_of_uploads_stays_and_the_transaction_names_it(
    migration: ImageMigration, key: str
) -> None:
    migration.add("one", key=key)
    before = migration.images()
    calls = calls_of(migration.migrate)
    assert _reasons(migration) == {"ImageOutsideUploads": 1}
    assert migration.s3_key("one") == key
    assert migration.images() == before
    assert not {"head_object", "copy_object", "delete_object"} & set(calls)


@settings(max_examples=200, deadline=None)
@given(key=st.text(st.characters(exclude_categories=["Cs"])), prefixed=st.booleans())
def test_whatever_the_key_nothing_outside_of_uploads_is_touched(key: str, prefixed: bool) -> None:
    migration = ImageMigration()
    key = f"uploads/{key}" if prefixed else key
    migration.add("one", key=key, uploaded=False)
    treasure = dict.fromkeys(("batch-output/x", "work/x", "dead-letters/x", "x"), b"treasure")
    for name, body in treasure.items():
        migration.s3.put_object(Bucket=BUCKET, Key=name, Body=body)
    if prefixed:
        migration.s3.put_object(Bucket=BUCKET, Key=key, Body=b"image")
    migration.migrate()
    assert {k: o.body for k, o in migration.s3.objects.items() if k in treasure} == treasure
    kept = [k for k, o in migration.s3.objects.items() if o.body == b"image"]
    assert len(kept) == prefixed
    assert all(k.startswith((f"processed/{DATE}/", "uploads/")) for k in kept)


@pytest.mark.parametrize("key", ["", "uploads/" + "x" * 1017, "uploads/" + "\u3042" * 339])
def test_what_cannot_be_a_key_is_missing_and_s3_is_not_asked(
    migration: ImageMigration, key: str
) -> None:
    migration.add("one", key=key, uploaded=False)
    calls = calls_of(migration.migrate)
    assert _reasons(migration) == {"ImageMissing": 1}
    assert migration.s3_key("one") is None
    assert "head_object" not in calls


@pytest.mark.parametrize(("length", "left"), [(1003, {}), (1004, {"ImageOutsideUploads": 1})])
def test_an_image_whose_new_key_would_be_too_long_stays_and_the_transaction_names_it(
    migration: ImageMigration, length: int, left: dict[str, int]
) -> None:
    key = migration.add("one", key="uploads/" + "x" * length)
    migration.migrate()
    assert _reasons(migration) == left
    (now,) = migration.images()
    assert migration.s3_key("one") == now
    assert (now == key) is bool(left)
    assert len(now) <= 1024


@pytest.mark.parametrize(("more", "left"), [(0, {}), (1, {"ImageTooLarge": 1})])
def test_an_image_over_5_gib_stays_and_the_transaction_names_it(
    migration: ImageMigration, more: int, left: dict[str, int]
) -> None:
    key = migration.add("one")
    stored = migration.s3.objects[key]
    object.__setattr__(stored, "size", MAX_COPY_BYTES + more)
    migration.migrate()
    assert _reasons(migration) == left
    assert (migration.s3_key("one") == key) is bool(left)


@pytest.mark.parametrize("content", [b"CONTENT OF ONE ", b"CONTENT OF ONE"])
def test_another_content_at_the_destination_is_kept_and_so_is_the_upload(
    migration: ImageMigration, content: bytes
) -> None:
    key = migration.add("one")
    migration.s3.put_object(Bucket=BUCKET, Key=MOVED, Body=content)
    migration.migrate()
    assert _reasons(migration) == {"ImageDestinationTaken": 1}
    assert migration.images() == {key: b"content of one", MOVED: content}
    assert migration.s3_key("one") is None


def test_the_same_content_at_the_destination_counts_as_the_copy_whatever_its_etag(
    migration: ImageMigration,
) -> None:
    migration.add("one")
    migration.s3.put_object(Bucket=BUCKET, Key=MOVED, Body=b"content of one")
    object.__setattr__(migration.s3.objects[MOVED], "etag", "of-an-upload-in-parts-2")
    migration.migrate()
    assert _reasons(migration) == {}
    assert set(migration.images()) == {MOVED}
    assert migration.s3_key("one") == MOVED


def test_an_image_whose_transaction_is_gone_stays_where_it_is(migration: ImageMigration) -> None:
    key = migration.add("one", transaction=False)
    migration.migrate()
    assert _reasons(migration) == {"ImageTransactionGone": 1}
    assert set(migration.images()) == {key}
    assert migration.pending("one")["status"] == "pending"
    assert not migration.transactions()


def test_an_image_of_two_records_is_counted_for_both_and_moved_once(
    migration: ImageMigration,
) -> None:
    migration.add("one")
    migration.ids.append("one")
    migration.migrate()
    assert migration.counts()["imagesMigrated"] == 2
    assert len(migration.images()) == 1


def test_images_of_rejected_records_stay_where_they_are(migration: ImageMigration) -> None:
    migration.add("accepted")
    rejected = migration.add("rejected", transaction=False)
    migration.ids.remove("rejected")  # the list has the images of transactions alone
    migration.migrate()
    assert rejected in migration.images()


def test_a_batch_that_dynamodb_answers_in_parts_is_asked_for_again(
    migration: ImageMigration,
) -> None:
    migration.add_many(20)
    migration.dynamodb.batch_size = 3
    migration.migrate()
    assert migration.counts()["imagesMigrated"] == 20


def test_a_call_that_runs_short_of_time_stops_and_the_next_one_continues(
    migration: ImageMigration,
) -> None:
    migration.add_many(250)
    work, calls = migration.work(), 0
    while not work.finished:
        work = migration.migrator(deadline=Deadline(-1.0, lambda: 0.0)).migrate(work)
        calls += 1
        migration.check_moment()
    assert calls == 3
    assert work.counts == {"imagesMigrated": 250, "imagesLeft": 0, "imagesLeftByReason": {}}
    assert migration.counts() == work.counts


def test_a_batch_takes_two_calls_an_image_and_few_more(migration: ImageMigration) -> None:
    migration.add_many(100)
    calls = calls_of(migration.migrate)
    assert Counter(calls) == {
        "get_object": 1,
        "batch_get_item": 2,
        "head_object": 100,
        "copy_object": 100,
        "batch_execute_statement": 8,
        "delete_objects": 1,
        "put_item": 2,
        "delete_item": 1,
    }


def test_a_call_says_how_many_images_it_has_looked_at(migration: ImageMigration) -> None:
    migration.add_many(150, recorded=False, transaction=False, uploaded=False)
    migration.migrate()
    progress = Ledger(migration.dynamodb, "ledger").progress("object#job")  # type: ignore[arg-type]
    assert progress.chunks[0].counts == ImageCounts(left={"ImageUnknown": 100})


def test_a_batch_is_copied_and_pointed_at_then_marked_then_deleted(
    migration: ImageMigration,
) -> None:
    migration.add_many(60)
    calls = calls_of(partial(migration.migrate, threads=8))
    reads = ("get_object", "head_object", "batch_get_item", "query")
    steps = [name for name in calls if name not in reads]
    assert sorted(steps[1:-7]) == ["batch_execute_statement"] * 2 + ["copy_object"] * 60
    assert steps[0] == "put_item", "the lease"
    assert steps[-7:] == [
        *["batch_execute_statement"] * 4,
        "delete_objects",
        "put_item",
        "delete_item",
    ]


def test_images_are_copied_while_earlier_ones_wait_for_their_part_of_the_budget(
    migration: ImageMigration,
) -> None:
    migration.add_many(60)
    first_pointed = threading.Event()

    def copy_object(**request: Any) -> Any:
        if "image-59." in request["Key"]:
            assert first_pointed.wait(60), "the last copy does not end before the first update"
        return copied(**request)

    def batch_execute_statement(**request: Any) -> Any:
        first_pointed.set()
        return updated(**request)

    copied, updated = migration.s3.copy_object, migration.dynamodb.batch_execute_statement
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(migration.s3, "copy_object", copy_object)
        patch.setattr(migration.dynamodb, "batch_execute_statement", batch_execute_statement)
        migration.migrator(threads=8).migrate(migration.work())
    assert migration.counts()["imagesMigrated"] == 60


def test_what_a_person_or_an_earlier_migration_noted_of_the_time_stays(
    migration: ImageMigration,
) -> None:
    key = migration.add("one")
    record = {"imageId": "one", "userId": USER, "s3Key": key, "processedAt": "earlier"}
    migration.dynamodb.put_item(TableName="pending", Item=to_item(record))
    migration.migrate()
    assert migration.pending("one")["processedAt"] == "earlier"
    assert migration.pending("one")["status"] == "processed"


@pytest.mark.parametrize("name", ["a\n.jpg", "\x01.jpg", "\u202ea.jpg", "\ufffe.jpg"])
def test_a_key_that_xml_cannot_carry_is_deleted_by_a_request_of_its_own(
    migration: ImageMigration, name: str
) -> None:
    migration.add("plain")
    migration.add("odd", key=f"uploads/{name}")
    calls = calls_of(migration.migrate)
    assert not [key for key in migration.images() if key.startswith("uploads/")]
    assert Counter(calls)["delete_object"] == 1
    assert Counter(calls)["delete_objects"] == 1


def test_two_images_that_name_one_upload_are_both_pointed_at_its_copy(
    migration: ImageMigration,
) -> None:
    key = migration.add("one")
    migration.add("two", key=key, content=migration.contents["one"])
    migration.migrate()
    assert _reasons(migration) == {}
    assert migration.s3_key("one") == migration.s3_key("two") == MOVED
    migration.check_end()
