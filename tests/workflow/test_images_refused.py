"""Images that S3 refuses to copy, or asks to copy later."""

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


def _world(count: int = 3) -> tuple[ImageMigration, list[str]]:
    migration = ImageMigration()
    return migration, [migration.add(f"image-{number}") for number in range(count)]


@pytest.mark.parametrize("code", ["InvalidObjectState", "ObjectNotInActiveTierError"])
def test_an_archived_image_is_left_and_its_neighbours_move(code: str) -> None:
    migration, keys = _world()
    migration.s3.refuse("CopyObject", keys[1], code)
    migration.migrate()
    assert migration.counts()["imagesLeftByReason"] == {"ImageArchived": 1}
    assert migration.counts()["imagesMigrated"] == 2
    assert migration.s3_key("image-1") is None
    assert migration.pending("image-1")["status"] == "pending"
    assert keys[1] in migration.images()
    migration.check_end()


def test_an_archived_image_alone_in_its_job_is_left_too() -> None:
    migration, keys = _world(1)
    migration.s3.refuse("CopyObject", keys[0], "InvalidObjectState")
    migration.migrate()
    assert migration.counts()["imagesLeftByReason"] == {"ImageArchived": 1}


def test_a_refusal_is_the_keys_of_an_image_where_others_move() -> None:
    migration, _ = _world(2)
    key = migration.add("theirs", SSEKMSKeyId=THEIRS)
    migration.s3.refuse("CopyObject", key, "AccessDenied")
    migration.migrate()
    assert migration.counts()["imagesLeftByReason"] == {"ImageUnreadable": 1}
    assert migration.counts()["imagesMigrated"] == 2
    assert [facts["imageId"] for facts in migration.told.all(Event.IMAGE_LEFT)] == ["theirs"]
    migration.check_end()


@pytest.mark.parametrize("operation", ["HeadObject", "CopyObject"])
def test_a_refusal_without_a_key_fails_the_state_whatever_else_moves(operation: str) -> None:
    """The role lacks a grant that this image needs, to copy its tags for example."""
    migration, keys = _world()
    migration.s3.refuse(operation, keys[0], "AccessDenied" if operation == "CopyObject" else "403")
    with pytest.raises(ClientError, match=r"AccessDenied|403"):
        migration.migrate()
    migration.check_moment()


def test_keys_of_others_on_all_images_fail_the_state() -> None:
    migration = ImageMigration()
    for name in ("one", "two"):
        key = migration.add(name, SSEKMSKeyId=THEIRS)
        migration.s3.refuse("CopyObject", key, "AccessDenied")
    with pytest.raises(ClientError, match="AccessDenied"):
        migration.migrate()


def test_a_key_of_others_is_the_images_own_even_where_nothing_moves() -> None:
    migration = ImageMigration()
    key = migration.add("one", SSEKMSKeyId=THEIRS)
    migration.s3.refuse("CopyObject", key, "AccessDenied")
    migration.migrate(SSEKMSKeyId=OURS, ServerSideEncryption="aws:kms")
    assert migration.counts()["imagesLeftByReason"] == {"ImageUnreadable": 1}


def test_a_key_that_the_bucket_is_not_known_to_have_is_the_images_own() -> None:
    migration = ImageMigration(bucket_keys=[OURS])
    key = migration.add("one", SSEKMSKeyId=THEIRS)
    migration.s3.refuse("CopyObject", key, "AccessDenied")
    migration.migrate()
    assert migration.counts()["imagesLeftByReason"] == {"ImageUnreadable": 1}


def test_a_key_of_the_bucket_refused_fails_the_state_whatever_else_moves() -> None:
    migration, _ = _world(2)
    migration.bucket_keys = [THEIRS, OURS]
    key = migration.add("one", SSEKMSKeyId=OURS)
    migration.s3.refuse("CopyObject", key, "AccessDenied")
    with pytest.raises(ClientError, match="AccessDenied"):
        migration.migrate(SSEKMSKeyId=THEIRS, ServerSideEncryption="aws:kms")


def test_an_image_that_is_missing_is_left_although_s3_says_forbidden() -> None:
    migration, keys = _world()
    del migration.s3.objects[keys[0]]
    migration.s3.refuse("HeadObject", keys[0], "403")
    migration.migrate()
    assert migration.counts()["imagesLeftByReason"] == {"ImageMissing": 1}
    assert migration.counts()["imagesMigrated"] == 2


def test_our_own_key_refused_fails_the_state() -> None:
    migration = ImageMigration()
    key = migration.add("one", SSEKMSKeyId=OURS)
    migration.s3.refuse("CopyObject", key, "AccessDenied")
    with pytest.raises(ClientError, match="AccessDenied"):
        migration.migrate(SSEKMSKeyId=OURS, ServerSideEncryption="aws:kms")


def test_an_image_under_its_owners_own_key_is_left() -> None:
    migration, keys = _world(1)
    migration.s3.refuse("HeadObject", keys[0], "400")
    migration.migrate()
    assert migration.counts()["imagesLeftByReason"] == {"ImageUnreadable": 1}


def test_a_source_that_cannot_be_deleted_fails_the_state_whatever_else_moves() -> None:
    migration, keys = _world()
    migration.s3.refuse("DeleteObject", keys[0], "AccessDenied")
    with pytest.raises(ClientError, match="AccessDenied"):
        migration.migrate()
    migration.check_moment()


@pytest.mark.parametrize("operation", ["HeadObject", "CopyObject", "DeleteObject"])
def test_a_worker_waits_while_s3_asks_to_slow_down(operation: str) -> None:
    migration, keys = _world()
    migration.s3.refuse(
        operation, keys[0], "503" if operation == "HeadObject" else "SlowDown", times=2
    )
    migration.migrate(threads=16)
    assert migration.pauses == [0.5, 1.0]
    assert migration.counts()["imagesMigrated"] == 3
    migration.check_end()


def test_images_at_once_halve_on_a_throttle_and_climb_back_by_one_a_batch() -> None:
    migration, keys = _world(1)
    migration.s3.refuse("CopyObject", keys[0], "SlowDown", times=2)
    migrator = migration.migrator(threads=16)
    migrator.migrate(migration.work())
    assert migrator.pace.width == 16 // 2 // 2 + 1


def test_a_throttled_table_is_waited_for_like_s3() -> None:
    undisturbed, _ = _world()
    for number, call in enumerate(calls_of(undisturbed.migrate)):
        if call not in ("batch_get_item", "batch_execute_statement"):
            continue
        migration, _ = _world()

        def throttle() -> None:
            raise refusal("ThrottlingException", "BatchExecuteStatement")

        migration.migrate(Interruptions(meanwhile={number: throttle}))
        assert migration.counts() == undisturbed.counts(), call
        assert migration.pauses, call
        migration.check_end()


def test_a_call_that_is_throttled_throughout_fails_by_the_name_that_is_retried_patiently() -> None:
    migration, keys = _world()
    migration.s3.refuse("CopyObject", keys[2], "SlowDown")
    with pytest.raises(ImagesThrottled, match="from image 0 of chunk 0"):
        migration.migrate()
    assert len(migration.pauses) == MAX_PAUSES
    assert migration.told.all(Event.IMAGES_THROTTLED)
    migration.check_moment()


def test_a_call_that_moved_a_batch_before_the_throttle_hands_over_what_is_left() -> None:
    migration, keys = _world(130)
    migration.s3.refuse("CopyObject", keys[120], "SlowDown")
    left = migration.migrator(threads=4).migrate(migration.work())
    assert (left.finished, left.position) == (False, 100)
    migration.s3.refuse("CopyObject", keys[120], "SlowDown", times=1)
    while not left.finished:
        left = migration.migrator(threads=4).migrate(left)
    assert migration.counts()["imagesMigrated"] == 130
    migration.check_end()


def test_a_throttled_call_begins_no_image_after_its_time() -> None:
    migration, keys = _world(20)
    migration.s3.refuse("CopyObject", keys[0], "SlowDown")
    ticks = iter(range(1_000))
    with pytest.raises(ImagesThrottled):
        migration.migrate(deadline=Deadline(25.0, lambda: float(next(ticks))), threads=16)
    assert len(migration.pauses) <= MAX_PAUSES
    migration.check_moment()


# Errors of single images in the answer to a batch -----------------------------------------

POINTS = f"processed/{DATE}/{USER}/image-1.jpg", transaction_id(JOB, "image-1")
MARKS = "processed", "image-1"


@pytest.mark.parametrize("statement", [POINTS, MARKS])
@pytest.mark.parametrize(
    "code", ["ProvisionedThroughputExceeded", "RequestLimitExceeded", "ThrottlingError"]
)
def test_an_image_whose_statement_is_throttled_waits_and_its_neighbours_move(
    statement: tuple[str, ...], code: str
) -> None:
    migration, _ = _world()
    migration.dynamodb.refuse(*statement, code=code, times=2)
    calls = calls_of(migration.migrate)
    assert migration.pauses == [0.5, 1.0]
    assert migration.counts()["imagesMigrated"] == 3
    assert calls.count("copy_object") == 3 + 2
    migration.check_end()


@pytest.mark.parametrize("statement", [POINTS, MARKS])
@pytest.mark.parametrize("code", ["TransactionConflict", "InternalServerError"])
def test_a_statement_that_may_succeed_is_repeated_alone(
    statement: tuple[str, ...], code: str
) -> None:
    undisturbed, _ = _world()
    undisturbed.migrate()
    migration, _ = _world()
    migration.dynamodb.refuse(*statement, code=code, times=4)
    calls = calls_of(migration.migrate)
    assert calls.count("batch_execute_statement") == 2 + 4
    assert migration.state() == undisturbed.state()
    assert not migration.pauses


@pytest.mark.parametrize("statement", [POINTS, MARKS])
@pytest.mark.parametrize("code", ["AccessDenied", "TransactionConflict", "ValidationError"])
def test_a_statement_that_cannot_succeed_fails_the_state_by_its_error(
    statement: tuple[str, ...], code: str
) -> None:
    migration, keys = _world()
    migration.dynamodb.refuse(*statement, code=code)
    with pytest.raises(ClientError, match=code):
        migration.migrate()
    migration.check_moment()
    assert set(keys) <= set(migration.images()), "a source was deleted before all were marked"


def test_a_call_whose_statements_are_throttled_throughout_is_retried_patiently() -> None:
    migration, _ = _world()
    migration.dynamodb.refuse(*MARKS, code="ThrottlingError")
    with pytest.raises(ImagesThrottled):
        migration.migrate()
    migration.check_moment()


@pytest.mark.parametrize("code", ["PreconditionFailed", "412", "NoSuchKey", "404"])
def test_a_source_that_changed_or_went_is_not_deleted_and_counts_as_moved(code: str) -> None:
    migration, keys = _world()
    migration.s3.refuse("DeleteObject", keys[1], code)
    migration.migrate()
    assert migration.counts()["imagesMigrated"] == 3
    assert [key for key in migration.images() if key.startswith("uploads/")] == [keys[1]]


@pytest.mark.parametrize("code", ["InternalError", "ConditionalRequestConflict"])
def test_a_source_that_the_batch_could_not_delete_is_deleted_alone(code: str) -> None:
    migration, keys = _world()
    migration.s3.refuse("DeleteObject", keys[1], code, times=1)
    calls = calls_of(migration.migrate)
    assert calls.count("delete_object") == 1
    assert not migration.pauses
    migration.check_end()


def test_only_the_image_whose_delete_is_throttled_is_done_again() -> None:
    migration, keys = _world()
    migration.s3.refuse("DeleteObject", keys[1], "SlowDown", times=1)
    calls = calls_of(migration.migrate)
    assert calls.count("copy_object") == 3
    assert calls.count("delete_objects") == 2
    assert calls.count("delete_object") == 0
    assert migration.pauses == [0.5]
    migration.check_end()


def test_a_request_of_deletes_that_is_throttled_as_a_whole_is_waited_for() -> None:
    migration, _ = _world()
    migration.s3.refuse("DeleteObjects", "", "SlowDown", times=2)
    migration.migrate()
    assert migration.pauses == [0.5, 1.0]
    assert migration.counts()["imagesMigrated"] == 3
    migration.check_end()
