"""Which images are moved, which are left alone, and what is said of them."""

from collections import Counter
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
from tests.workflow.image_world import BUCKET, DATE, EVENT_TIME, USER, ImageWorld
from tests.workflow.memory.interruptions import Interruptions


def _migrated(world: ImageWorld, **more: Any) -> ImageWorld:
    world.migrate(**more)
    return world


def _reasons(world: ImageWorld) -> dict[str, int]:
    counts = world.counts()
    assert counts["imagesLeft"] == sum(counts["imagesLeftByReason"].values())
    told = Counter(facts["reason"] for facts in world.told.all(Event.IMAGE_LEFT))
    assert dict(told) == counts["imagesLeftByReason"]
    reasons: dict[str, int] = counts["imagesLeftByReason"]
    return reasons


def test_an_image_moves_under_the_date_of_the_event_in_japan() -> None:
    world = ImageWorld()
    world.add("one", key="uploads/a/b.jpg")
    _migrated(world)
    assert EVENT_TIME.date().isoformat() == "2026-11-23"
    assert set(world.images()) == {"processed/2026-11-24/a/b.jpg"}
    assert world.s3_key("one") == "processed/2026-11-24/a/b.jpg"
    assert world.pending("one") == {
        "imageId": "one",
        "userId": USER,
        "s3Key": "uploads/a/b.jpg",
        "status": "processed",
        "processedAt": "2026-11-24T00:00:00Z",
        "processedKey": "processed/2026-11-24/a/b.jpg",
    }


def test_metadata_tags_and_content_type_survive_and_the_storage_class_is_a_setting() -> None:
    world = ImageWorld()
    world.add("one", Metadata={"camera": "x"}, Tagging="a=b", ContentType="image/png")
    _migrated(world, StorageClass="STANDARD_IA", ServerSideEncryption="aws:kms", SSEKMSKeyId="k")
    moved = world.s3.objects[f"processed/{DATE}/{USER}/one.jpg"]
    assert (moved.content_type, moved.metadata, moved.tags) == ("image/png", {"camera": "x"}, "a=b")
    assert (moved.storage_class, moved.kms_key) == ("STANDARD_IA", "k")


def test_the_step_touches_neither_version_nor_updated_at() -> None:
    world = ImageWorld()
    world.add("one")
    before = world.transactions()["one"]
    after = _migrated(world).transactions()["one"]
    assert after == {**before, "s3Key": f"processed/{DATE}/{USER}/one.jpg"}


def test_an_image_without_a_record_is_unknown() -> None:
    world = ImageWorld()
    world.add("one", recorded=False)
    assert _reasons(_migrated(world)) == {"ImageUnknown": 1}
    assert world.s3_key("one") is None


@pytest.mark.parametrize("owner", ["user-2", "", None, "USER-1", "user-1 "])
def test_an_image_of_another_user_is_not_touched(owner: str | None) -> None:
    world = ImageWorld()
    world.add("one")
    record = {"imageId": "one", "userId": owner, "s3Key": f"uploads/{USER}/one.jpg"}
    world.dynamodb.put_item(TableName="pending", Item=to_item(record))
    interruptions = Interruptions()
    world.migrate(interruptions)
    assert _reasons(world) == {"ImageOwnerMismatch": 1}
    assert world.s3_key("one") is None
    assert "head_object" not in interruptions.calls


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
    ],
)
def test_an_image_outside_of_uploads_stays_and_the_transaction_names_it(key: str) -> None:
    world = ImageWorld()
    world.add("one", key=key)
    interruptions = Interruptions()
    before = world.images()
    world.migrate(interruptions)
    assert _reasons(world) == {"ImageOutsideUploads": 1}
    assert world.s3_key("one") == key
    assert world.images() == before
    assert not {"head_object", "copy_object", "delete_object"} & set(interruptions.calls)


@pytest.mark.parametrize(
    "name",
    [
        "a b+c%2F..%2e.jpg",
        "...jpg",
        "a..b/c",
        "//double//slashes",
        "領収書/レシート 1.jpg",
        "e\u0301 and \xe9.jpg",
        "\u202egpj.exe",
        "?versionId=null",
        "a&b=c#d",
        "tab\tand\nnewline",
        "\\..\\x",
        "~",
    ],
)
def test_a_strange_key_under_uploads_is_a_key_like_any_other(name: str) -> None:
    world = ImageWorld()
    world.add("one", key=f"uploads/{name}")
    assert _reasons(_migrated(world)) == {}
    assert set(world.images()) == {f"processed/{DATE}/{name}"}


@settings(max_examples=200, deadline=None)
@given(key=st.text(st.characters(exclude_categories=["Cs"])), prefixed=st.booleans())
def test_whatever_the_key_nothing_outside_of_uploads_is_touched(key: str, prefixed: bool) -> None:
    world = ImageWorld()
    key = f"uploads/{key}" if prefixed else key
    world.add("one", key=key, uploaded=False)
    treasure = dict.fromkeys(("batch-output/x", "work/x", "dead-letters/x", "x"), b"treasure")
    for name, body in treasure.items():
        world.s3.put_object(Bucket=BUCKET, Key=name, Body=body)
    if prefixed:
        world.s3.put_object(Bucket=BUCKET, Key=key, Body=b"image")
    world.migrate()
    assert {k: o.body for k, o in world.s3.objects.items() if k in treasure} == treasure
    kept = [k for k, o in world.s3.objects.items() if o.body == b"image"]
    assert len(kept) == prefixed
    assert all(k.startswith((f"processed/{DATE}/", "uploads/")) for k in kept)


@pytest.mark.parametrize("key", ["", "uploads/" + "x" * 1017, "uploads/" + "\u3042" * 339])
def test_what_cannot_be_a_key_is_missing_and_s3_is_not_asked(key: str) -> None:
    world = ImageWorld()
    world.add("one", key=key, uploaded=False)
    interruptions = Interruptions()
    world.migrate(interruptions)
    assert _reasons(world) == {"ImageMissing": 1}
    assert world.s3_key("one") is None
    assert "head_object" not in interruptions.calls


def test_an_image_whose_new_key_would_be_too_long_stays_and_the_transaction_names_it() -> None:
    world = ImageWorld()
    key = world.add("one", key="uploads/" + "x" * 1004)
    assert _reasons(_migrated(world)) == {"ImageOutsideUploads": 1}
    assert set(world.images()) == {key}
    assert world.s3_key("one") == key


def test_the_longest_key_that_has_room_for_the_date_moves() -> None:
    world = ImageWorld()
    world.add("one", key="uploads/" + "x" * 1003)
    assert _reasons(_migrated(world)) == {}
    (key,) = world.images()
    assert len(key) == 1024


@pytest.mark.parametrize("uploaded", [True, False])
def test_an_image_that_is_gone_before_its_turn_is_missing(uploaded: bool) -> None:
    world = ImageWorld()
    key = world.add("one", uploaded=uploaded)
    world.s3.objects.pop(key, None)
    assert _reasons(_migrated(world)) == {"ImageMissing": 1}
    assert world.s3_key("one") is None


@pytest.mark.parametrize(("more", "left"), [(0, {}), (1, {"ImageTooLarge": 1})])
def test_an_image_over_5_gib_stays_and_the_transaction_names_it(
    more: int, left: dict[str, int]
) -> None:
    world = ImageWorld()
    key = world.add("one")
    stored = world.s3.objects[key]
    object.__setattr__(stored, "size", MAX_COPY_BYTES + more)
    assert _reasons(_migrated(world)) == left
    assert (world.s3_key("one") == key) is bool(left)


def test_another_content_at_the_destination_is_kept_and_so_is_the_upload() -> None:
    world = ImageWorld()
    key = world.add("one")
    target = f"processed/{DATE}/{USER}/one.jpg"
    world.s3.put_object(Bucket=BUCKET, Key=target, Body=b"CONTENT OF ONE ")
    assert _reasons(_migrated(world)) == {"ImageDestinationTaken": 1}
    assert world.images() == {key: b"content of one", target: b"CONTENT OF ONE "}
    assert world.s3_key("one") is None


def test_another_content_of_the_same_length_is_another_content() -> None:
    world = ImageWorld()
    world.add("one")
    target = f"processed/{DATE}/{USER}/one.jpg"
    world.s3.put_object(Bucket=BUCKET, Key=target, Body=b"CONTENT OF ONE")
    assert _reasons(_migrated(world)) == {"ImageDestinationTaken": 1}


def test_the_same_content_at_the_destination_counts_as_the_copy_whatever_its_etag() -> None:
    world = ImageWorld()
    world.add("one")
    target = f"processed/{DATE}/{USER}/one.jpg"
    world.s3.put_object(Bucket=BUCKET, Key=target, Body=b"content of one")
    object.__setattr__(world.s3.objects[target], "etag", "of-an-upload-in-parts-2")
    assert _reasons(_migrated(world)) == {}
    assert set(world.images()) == {target}
    assert world.s3_key("one") == target


def test_an_image_whose_transaction_is_gone_stays_where_it_is() -> None:
    world = ImageWorld()
    key = world.add("one", transaction=False)
    assert _reasons(_migrated(world)) == {"ImageTransactionGone": 1}
    assert set(world.images()) == {key}
    assert world.pending("one")["status"] == "pending"
    assert not world.transactions()


def test_an_image_moved_for_an_earlier_job_is_pointed_at() -> None:
    world = ImageWorld()
    world.add("one")
    world.add_transaction("one", job="job-2")
    world.migrate(date="2026-10-01")
    world.migrate(job="job-2")
    assert world.s3_key("one", job="job-2") == f"processed/2026-10-01/{USER}/one.jpg"
    assert world.counts(job="job-2")["imagesMigrated"] == 1


@pytest.mark.parametrize(
    "moved_to",
    ["processed/../uploads/x", "work/x", "", "processed/", "processed/" + "x" * 1020, None],
)
def test_a_record_that_says_processed_but_names_no_copy_is_not_believed(
    moved_to: str | None,
) -> None:
    world = ImageWorld()
    key = world.add("one")
    record = {"imageId": "one", "userId": USER, "s3Key": key, "status": "processed"}
    if moved_to is not None:
        record["processedKey"] = moved_to
    world.dynamodb.put_item(TableName="pending", Item=to_item(record))
    world.s3.put_object(Bucket=BUCKET, Key="work/x", Body=b"ours")
    assert _reasons(_migrated(world)) == {}
    assert world.s3_key("one") == f"processed/{DATE}/{USER}/one.jpg"


def test_an_image_of_two_records_is_counted_for_both_and_moved_once() -> None:
    world = ImageWorld()
    world.add("one")
    world.ids.append("one")
    _migrated(world)
    assert world.counts()["imagesMigrated"] == 2
    assert len(world.images()) == 1


def test_images_of_rejected_records_stay_where_they_are() -> None:
    world = ImageWorld()
    world.add("accepted")
    rejected = world.add("rejected", transaction=False)
    world.ids.remove("rejected")  # the list has the images of transactions alone
    _migrated(world)
    assert rejected in world.images()


def test_a_batch_that_dynamodb_answers_in_parts_is_asked_for_again() -> None:
    world = ImageWorld()
    for number in range(20):
        world.add(f"image-{number}")
    world.dynamodb.batch_size = 3
    assert _migrated(world).counts()["imagesMigrated"] == 20


def test_a_call_that_runs_short_of_time_stops_and_the_next_one_continues() -> None:
    world = ImageWorld()
    for number in range(250):
        world.add(f"image-{number}")
    work, calls = world.work(), 0
    while not work.finished:
        work = world.migrator(deadline=Deadline(-1.0, lambda: 0.0)).migrate(work)
        calls += 1
        world.check_moment()
    assert calls == 3
    assert work.counts == {"imagesMigrated": 250, "imagesLeft": 0, "imagesLeftByReason": {}}
    assert world.counts() == work.counts


def test_a_batch_takes_two_calls_an_image_and_few_more() -> None:
    world = ImageWorld()
    for number in range(100):
        world.add(f"image-{number}")
    interruptions = Interruptions()
    world.migrate(interruptions)
    assert Counter(interruptions.calls) == {
        "get_object": 1,
        "batch_get_item": 2,
        "head_object": 100,
        "copy_object": 100,
        "batch_execute_statement": 8,
        "delete_objects": 1,
        "put_item": 1,
    }


def test_a_call_says_how_many_images_it_has_looked_at() -> None:
    world = ImageWorld()
    for number in range(150):
        world.add(f"image-{number}", recorded=False, transaction=False, uploaded=False)
    world.migrate()
    progress = Ledger(world.dynamodb, "ledger").progress("object#job")  # type: ignore[arg-type]
    assert progress.chunks[0].counts == ImageCounts(left={"ImageUnknown": 100})


def test_a_batch_is_copied_then_pointed_at_then_marked_then_deleted() -> None:
    world = ImageWorld()
    for number in range(60):
        world.add(f"image-{number}")
    interruptions = Interruptions()
    world.migrate(interruptions, threads=8)
    steps = [name for name in interruptions.calls if name not in ("head_object", "batch_get_item")]
    assert steps == [
        "get_object",
        *["copy_object"] * 60,
        *["batch_execute_statement"] * 3,
        *["batch_execute_statement"] * 3,
        "delete_objects",
        "put_item",
    ]


def test_what_a_person_or_an_earlier_migration_noted_of_the_time_stays() -> None:
    world = ImageWorld()
    key = world.add("one")
    record = {"imageId": "one", "userId": USER, "s3Key": key, "processedAt": "earlier"}
    world.dynamodb.put_item(TableName="pending", Item=to_item(record))
    _migrated(world)
    assert world.pending("one")["processedAt"] == "earlier"
    assert world.pending("one")["status"] == "processed"


@pytest.mark.parametrize("name", ["a\n.jpg", "\x01.jpg", "\u202ea.jpg", "\ufffe.jpg"])
def test_a_key_that_xml_cannot_carry_is_deleted_by_a_request_of_its_own(name: str) -> None:
    world = ImageWorld()
    world.add("plain")
    world.add("odd", key=f"uploads/{name}")
    interruptions = Interruptions()
    world.migrate(interruptions)
    assert not [key for key in world.images() if key.startswith("uploads/")]
    assert Counter(interruptions.calls)["delete_object"] == 1
    assert Counter(interruptions.calls)["delete_objects"] == 1


def test_two_images_that_name_one_upload_are_both_pointed_at_its_copy() -> None:
    world = ImageWorld()
    key = world.add("one")
    world.add("two", key=key, content=world.contents["one"])
    assert _reasons(_migrated(world)) == {}
    assert world.s3_key("one") == world.s3_key("two") == f"processed/{DATE}/{USER}/one.jpg"
    world.check_end()
