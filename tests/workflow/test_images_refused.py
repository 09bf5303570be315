"""Images that S3 refuses to copy, or asks to copy later."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from functions.aws.runtime.deadline import Deadline
from functions.domain.events import Event
from functions.domain.transactions import transaction_id
from functions.migrate_images.migrator import ImagesThrottled
from functions.migrate_images.pace import MAX_PAUSES
from tests.workflow.image_migration import DATE, JOB, USER, ImageMigration
from tests.workflow.memory.errors import refusal
from tests.workflow.memory.interruptions import Interruptions, calls_of

OURS = "arn:aws:kms:us-east-1:000000000000:key/ours"
THEIRS = "arn:aws:kms:us-east-1:000000000000:key/theirs"
KEYS = [f"uploads/{USER}/image-{number}.jpg" for number in range(3)]


def _images(count: int = 3) -> ImageMigration:
    migration = ImageMigration()
    migration.add_many(count)
    return migration


@pytest.fixture
def migration() -> ImageMigration:
    """Three images."""
    return _images()


def _moved_and_left(migration: ImageMigration) -> tuple[int, dict[str, int]]:
    counts = migration.counts()
    return counts["imagesMigrated"], counts["imagesLeftByReason"]


@pytest.mark.parametrize("code", ["InvalidObjectState", "ObjectNotInActiveTierError"])
def test_an_archived_image_is_left_and_its_neighbours_move(
    migration: ImageMigration, code: str
) -> None:
    migration.s3.refuse("CopyObject", KEYS[1], code)
    migration.migrate()
    assert _moved_and_left(migration) == (2, {"ImageArchived": 1})
    assert migration.s3_key("image-1") is None
    assert migration.pending("image-1")["status"] == "pending"
    assert KEYS[1] in migration.images()
    migration.check_end()


@pytest.mark.parametrize(
    ("operation", "code", "reason"),
    [
        ("CopyObject", "InvalidObjectState", "ImageArchived"),
        ("HeadObject", "400", "ImageUnreadable"),  # its owner's own key
    ],
)
def test_an_image_that_is_refused_alone_in_its_job_is_left_too(
    operation: str, code: str, reason: str
) -> None:
    migration = _images(1)
    migration.s3.refuse(operation, KEYS[0], code)
    migration.migrate()
    assert _moved_and_left(migration) == (0, {reason: 1})


@pytest.mark.parametrize(
    ("others", "key", "bucket_keys", "copies_under"),
    [
        pytest.param(2, THEIRS, [], None, id="others move"),
        pytest.param(0, THEIRS, [], OURS, id="copies have another key"),
        pytest.param(0, THEIRS, [OURS], None, id="the bucket has another key"),
    ],
)
def test_a_refusal_of_anothers_key_is_the_images_own(
    others: int, key: str, bucket_keys: list[str], copies_under: str | None
) -> None:
    migration = _refused_under(key, others, bucket_keys)
    migration.migrate(**_under(copies_under))
    assert _moved_and_left(migration) == (others, {"ImageUnreadable": 1})
    assert [facts["imageId"] for facts in migration.told.all(Event.IMAGE_LEFT)] == ["refused"]
    migration.check_end()


@pytest.mark.parametrize(
    ("others", "key", "bucket_keys", "copies_under"),
    [
        pytest.param(0, THEIRS, [], None, id="nothing else moves"),
        pytest.param(0, OURS, [], OURS, id="the key of copies"),
        pytest.param(2, OURS, [THEIRS, OURS], THEIRS, id="a key of the bucket"),
        pytest.param(2, None, [], None, id="no key: a missing grant, to copy its tags for example"),
    ],
)
def test_a_refusal_of_our_own_fails_the_state_whatever_else_moves(
    others: int, key: str | None, bucket_keys: list[str], copies_under: str | None
) -> None:
    migration = _refused_under(key, others, bucket_keys)
    with pytest.raises(ClientError, match="AccessDenied"):
        migration.migrate(**_under(copies_under))
    migration.check_moment()


def _refused_under(key: str | None, others: int, bucket_keys: list[str]) -> ImageMigration:
    """An image under a key of KMS that may not be copied, and others that may."""
    migration = _images(others)
    migration.bucket_keys = bucket_keys
    upload = migration.add("refused", **_under(key))
    migration.s3.refuse("CopyObject", upload, "AccessDenied")
    return migration


def _under(key: str | None) -> dict[str, Any]:
    return {"SSEKMSKeyId": key, "ServerSideEncryption": "aws:kms"} if key else {}


@pytest.mark.parametrize(("operation", "code"), [("HeadObject", "403"), ("DeleteObject", "Denied")])
def test_another_refusal_fails_the_state_whatever_else_moves(
    migration: ImageMigration, operation: str, code: str
) -> None:
    migration.s3.refuse(operation, KEYS[0], code)
    with pytest.raises(ClientError, match=code):
        migration.migrate()
    migration.check_moment()


def test_an_image_that_is_missing_is_left_although_s3_says_forbidden(
    migration: ImageMigration,
) -> None:
    del migration.s3.objects[KEYS[0]]
    migration.s3.refuse("HeadObject", KEYS[0], "403")
    migration.migrate()
    assert _moved_and_left(migration) == (2, {"ImageMissing": 1})


@pytest.mark.parametrize(
    ("operation", "key", "code"),
    [
        ("HeadObject", KEYS[0], "503"),
        ("CopyObject", KEYS[0], "SlowDown"),
        ("DeleteObject", KEYS[0], "SlowDown"),
        ("DeleteObjects", "", "SlowDown"),
    ],
)
def test_a_worker_waits_while_s3_asks_to_slow_down(
    migration: ImageMigration, operation: str, key: str, code: str
) -> None:
    migration.s3.refuse(operation, key, code, times=2)
    migration.migrate(threads=16)
    assert migration.pauses == [0.5, 1.0]
    assert _moved_and_left(migration) == (3, {})
    migration.check_end()


def test_images_at_once_halve_on_a_throttle_and_climb_back_by_one_a_batch() -> None:
    migration = _images(1)
    migration.s3.refuse("CopyObject", KEYS[0], "SlowDown", times=2)
    migrator = migration.migrator(threads=16)
    migrator.migrate(migration.work())
    assert migrator.pace.width == 16 // 2 // 2 + 1


def test_a_throttled_table_is_waited_for_like_s3() -> None:
    undisturbed = _images()
    for number, call in enumerate(calls_of(undisturbed.migrate)):
        if call not in ("batch_get_item", "batch_execute_statement"):
            continue
        migration = _images()

        def throttle() -> None:
            raise refusal("ThrottlingException", "BatchExecuteStatement")

        migration.migrate(Interruptions(meanwhile={number: throttle}))
        assert migration.counts() == undisturbed.counts(), call
        assert migration.pauses, call
        migration.check_end()


def test_a_call_that_is_throttled_throughout_fails_by_the_name_that_is_retried_patiently(
    migration: ImageMigration,
) -> None:
    migration.s3.refuse("CopyObject", KEYS[2], "SlowDown")
    with pytest.raises(ImagesThrottled, match="from image 0 of chunk 0"):
        migration.migrate()
    assert len(migration.pauses) == MAX_PAUSES
    assert migration.told.all(Event.IMAGES_THROTTLED)
    migration.check_moment()


def test_a_call_that_moved_a_batch_before_the_throttle_hands_over_what_is_left() -> None:
    migration, throttled = _images(130), f"uploads/{USER}/image-120.jpg"
    migration.s3.refuse("CopyObject", throttled, "SlowDown")
    left = migration.migrator(threads=4).migrate(migration.work())
    assert (left.finished, left.position) == (False, 100)
    migration.s3.refuse("CopyObject", throttled, "SlowDown", times=1)
    while not left.finished:
        left = migration.migrator(threads=4).migrate(left)
    assert _moved_and_left(migration) == (130, {})
    migration.check_end()


def test_a_throttled_call_begins_no_image_after_its_time() -> None:
    migration = _images(20)
    migration.s3.refuse("CopyObject", KEYS[0], "SlowDown")
    ticks = iter(range(1_000))
    with pytest.raises(ImagesThrottled):
        migration.migrate(deadline=Deadline(25.0, lambda: float(next(ticks))), threads=16)
    assert len(migration.pauses) <= MAX_PAUSES
    migration.check_moment()


# Errors of single images in the answer to a batch -----------------------------------------

POINTS = f"processed/{DATE}/{USER}/image-1.jpg", transaction_id(JOB, "image-1")
MARKS = "processed", "image-1"
either_statement = pytest.mark.parametrize("statement", [POINTS, MARKS], ids=["points", "marks"])


@either_statement
@pytest.mark.parametrize(
    "code", ["ProvisionedThroughputExceeded", "RequestLimitExceeded", "ThrottlingError"]
)
def test_an_image_whose_statement_is_throttled_waits_and_its_neighbours_move(
    migration: ImageMigration, statement: tuple[str, ...], code: str
) -> None:
    migration.dynamodb.refuse(*statement, code=code, times=2)
    calls = calls_of(migration.migrate)
    assert migration.pauses == [0.5, 1.0]
    assert _moved_and_left(migration) == (3, {})
    assert calls.count("copy_object") == 3 + 2
    migration.check_end()


@either_statement
@pytest.mark.parametrize("code", ["TransactionConflict", "InternalServerError"])
def test_a_statement_that_may_succeed_is_repeated_alone(
    migration: ImageMigration, statement: tuple[str, ...], code: str
) -> None:
    undisturbed = _images()
    undisturbed.migrate()
    migration.dynamodb.refuse(*statement, code=code, times=4)
    calls = calls_of(migration.migrate)
    assert calls.count("batch_execute_statement") == 2 + 4
    assert migration.state() == undisturbed.state()
    assert not migration.pauses


@either_statement
@pytest.mark.parametrize("code", ["AccessDenied", "TransactionConflict", "ValidationError"])
def test_a_statement_that_cannot_succeed_fails_the_state_by_its_error(
    migration: ImageMigration, statement: tuple[str, ...], code: str
) -> None:
    migration.dynamodb.refuse(*statement, code=code)
    with pytest.raises(ClientError, match=code):
        migration.migrate()
    migration.check_moment()
    assert set(KEYS) <= set(migration.images()), "a source was deleted before all were marked"


def test_a_call_whose_statements_are_throttled_throughout_is_retried_patiently(
    migration: ImageMigration,
) -> None:
    migration.dynamodb.refuse(*MARKS, code="ThrottlingError")
    with pytest.raises(ImagesThrottled):
        migration.migrate()
    migration.check_moment()


@pytest.mark.parametrize("code", ["PreconditionFailed", "412", "NoSuchKey", "404"])
def test_a_source_that_changed_or_went_is_not_deleted_and_counts_as_moved(
    migration: ImageMigration, code: str
) -> None:
    migration.s3.refuse("DeleteObject", KEYS[1], code)
    migration.migrate()
    assert _moved_and_left(migration) == (3, {})
    assert [key for key in migration.images() if key.startswith("uploads/")] == [KEYS[1]]


@pytest.mark.parametrize(
    ("code", "alone", "pauses"),
    [
        ("InternalError", 1, []),
        ("ConditionalRequestConflict", 1, []),
        ("SlowDown", 0, [0.5]),  # another batch, of that image
    ],
)
def test_only_the_image_that_the_batch_could_not_delete_is_deleted_again(
    migration: ImageMigration, code: str, alone: int, pauses: list[float]
) -> None:
    migration.s3.refuse("DeleteObject", KEYS[1], code, times=1)
    calls = calls_of(migration.migrate)
    assert calls.count("delete_object") == alone
    assert calls.count("delete_objects") == 2 - alone
    assert calls.count("copy_object") == 3
    assert migration.pauses == pauses
    migration.check_end()
