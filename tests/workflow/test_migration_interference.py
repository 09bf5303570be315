"""Somebody else acts between any two calls of a migration."""

import itertools
from collections.abc import Callable
from functools import partial

import pytest

from functions.domain.attribute_values import to_item
from functions.domain.transactions import transaction_id
from tests.workflow.image_migration import BUCKET, DATE, USER, ImageMigration
from tests.workflow.memory.interruptions import Interruptions, WorkerDied, calls_of

UPLOAD = f"uploads/{USER}/one.jpg"
MOVED = f"processed/{DATE}/{USER}/one.jpg"
NEW = b"taken again, with better light"


def _one() -> ImageMigration:
    migration = ImageMigration()
    migration.add("one")
    return migration


def _everywhere(deed: Callable[[ImageMigration], None]) -> list[tuple[int, ImageMigration]]:
    """The migration after a migration into which a deed fell, for every place of the deed."""
    migrations = []
    for number in range(len(calls_of(_one().migrate))):
        migration = _one()
        migration.migrate(Interruptions(meanwhile={number: partial(deed, migration)}))
        migrations.append((number, migration))
    return migrations


def _with_a_death(deed: Callable[[ImageMigration], None]) -> list[ImageMigration]:
    """The migration after one into which a deed fell, and whose worker died there or later."""
    migrations = []
    for number in range(8):
        for died in range(number, 10):
            migration = _one()
            meanwhile = {number: partial(deed, migration)}
            try:
                migration.migrate(Interruptions(dies_after=died, meanwhile=meanwhile))
            except WorkerDied:
                migration.migrate()
            migrations.append(migration)
    return migrations


def _replace(migration: ImageMigration) -> None:
    migration.s3.put_object(Bucket=BUCKET, Key=UPLOAD, Body=NEW)


def _delete_transaction(migration: ImageMigration) -> None:
    migration.delete_transaction("one")


def test_an_image_that_is_replaced_during_migration_is_kept() -> None:
    for number, migration in _everywhere(_replace):
        # Who replaces an image has given up the one before.
        migration.contents = {"one": NEW}
        migration.check_moment()
        assert NEW in migration.images().values(), number
        # A redrive leaves it alone, or moves it if the first had no chance to.
        migration.migrate()
        migration.check_moment()


def test_an_image_that_is_replaced_and_a_worker_that_dies_lose_nothing() -> None:
    for migration in _with_a_death(_replace):
        if NEW in migration.images().values():
            migration.contents = {"one": NEW}
        migration.check_moment()


def test_an_upload_that_is_deleted_leaves_no_transaction_pointing_at_nothing() -> None:
    def delete(migration: ImageMigration) -> None:
        migration.s3.objects.pop(UPLOAD, None)
        migration.contents.clear()

    for _, migration in _everywhere(delete):
        migration.check_end()
        moved = migration.s3_key("one") == MOVED
        assert migration.counts()["imagesMigrated"] == moved
        assert migration.counts()["imagesLeftByReason"] == ({} if moved else {"ImageMissing": 1})


def test_a_transaction_that_is_deleted_leaves_the_image_in_one_place() -> None:
    for number, migration in _everywhere(_delete_transaction):
        migration.check_end()
        assert "one" not in migration.transactions(), number
        objects = migration.images()
        assert len(objects) == 1, number
        moved = migration.pending("one")["status"] == "processed"
        assert set(objects) == {MOVED if moved else UPLOAD}
        before = migration.state()
        migration.migrate()
        assert migration.state()["objects"] == before["objects"]


def test_a_transaction_that_is_deleted_and_a_worker_that_dies_leave_one_image() -> None:
    for migration in _with_a_death(_delete_transaction):
        migration.check_end()
        assert len(migration.images()) == 1


def test_a_transaction_that_is_edited_meanwhile_keeps_the_edit_and_gets_its_image() -> None:
    def edit(migration: ImageMigration) -> None:
        migration.dynamodb.update_item(
            TableName="transactions",
            Key=to_item({"userId": USER, "transactionId": transaction_id("job-1", "one")}),
            UpdateExpression="SET version = :two, updatedAt = :now, amount = :five",
            ExpressionAttributeValues=to_item({":two": 2, ":now": "now", ":five": 5}),
        )

    for _, migration in _everywhere(edit):
        transaction = migration.transactions()["one"]
        assert (transaction["version"], transaction["updatedAt"]) == (2, "now")
        assert (transaction["amount"], transaction["s3Key"]) == (5, MOVED)


@pytest.mark.parametrize("date", [DATE, "2026-11-30"])
def test_another_job_that_answers_the_same_image_may_come_in_anywhere(date: str) -> None:
    def make() -> ImageMigration:
        migration = _one()
        migration.add_transaction("one", job="job-2")
        return migration

    for number in range(len(calls_of(make().migrate))):
        migration = make()
        other = partial(migration.migrate, job="job-2", date=date)
        migration.migrate(Interruptions(meanwhile={number: other}))
        migration.check_end()
        assert migration.s3_key("one") is not None
        assert migration.s3_key("one", job="job-2") is not None
        for job in ("job-1", "job-2"):
            assert migration.counts(job=job)["imagesMigrated"] == 1


def test_another_job_whose_transaction_is_deleted_never_takes_the_image_away() -> None:
    """A move that is undone could undo another one: so none is."""
    calls = range(len(calls_of(_one().migrate)))
    for deleted, other_job in itertools.product(calls, calls):
        migration = _one()
        migration.add_transaction("one", job="job-2")
        delete = partial(_delete_transaction, migration)
        other = partial(migration.migrate, job="job-2")

        def both(
            delete: Callable[[], object] = delete, other: Callable[[], object] = other
        ) -> None:
            delete()
            other()

        deeds = {deleted: delete, other_job: both if deleted == other_job else other}
        migration.migrate(Interruptions(meanwhile=deeds))
        other()  # the first may have been over before its turn came
        migration.check_end()
        assert migration.s3_key("one", job="job-2") == MOVED, (deleted, other_job)


def test_an_execution_that_loses_its_claim_stops_at_the_next_batch(
    migration: ImageMigration,
) -> None:
    migration.add_many(250)
    work = migration.work()
    interruptions = Interruptions(meanwhile={10: lambda: migration.claim(owner="another one")})
    done = migration.migrator(interruptions).migrate(work)
    assert done.finished
    moved = [key for key in migration.images() if key.startswith("processed/")]
    assert len(moved) == 100
    assert not [key for key in migration.dynamodb.tables["ledger"] if key[1].startswith("chunk#")]
    migration.check_end()
