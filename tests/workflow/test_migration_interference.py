"""Somebody else acts between any two calls of a migration."""

from collections.abc import Callable

import pytest

from functions.domain.attribute_values import to_item
from functions.domain.transactions import transaction_id
from tests.workflow.image_world import BUCKET, DATE, USER, ImageWorld
from tests.workflow.memory.interruptions import Interruptions, WorkerDied

UPLOAD = f"uploads/{USER}/one.jpg"
MOVED = f"processed/{DATE}/{USER}/one.jpg"
NEW = b"taken again, with better light"


def _one() -> ImageWorld:
    world = ImageWorld()
    world.add("one")
    return world


def _everywhere(deed: Callable[[ImageWorld], None]) -> list[tuple[int, ImageWorld]]:
    """The world after a migration into which a deed fell, for every place of the deed."""
    undisturbed = Interruptions()
    _one().migrate(undisturbed)
    worlds = []
    for number in range(len(undisturbed.calls)):
        world = _one()
        world.migrate(Interruptions(meanwhile={number: lambda w=world: deed(w)}))  # type: ignore[misc]
        worlds.append((number, world))
    return worlds


def _replace(world: ImageWorld) -> None:
    world.s3.put_object(Bucket=BUCKET, Key=UPLOAD, Body=NEW)


def _forget_original(world: ImageWorld) -> None:
    world.contents.clear()


def test_an_image_that_is_replaced_during_migration_is_kept() -> None:
    for number, world in _everywhere(_replace):
        # Who replaces an image has given up the one before.
        world.contents = {"one": NEW}
        world.check_moment()
        assert NEW in world.images().values(), number
        # A redrive leaves it alone, or moves it if the first had no chance to.
        world.migrate()
        world.check_moment()


def test_an_image_that_is_replaced_and_a_worker_that_dies_lose_nothing() -> None:
    for replaced in range(8):
        for died in range(replaced, 10):
            world = _one()
            interruptions = Interruptions(
                dies_after=died,
                meanwhile={replaced: lambda w=world: _replace(w)},  # type: ignore[misc]
            )
            try:
                world.migrate(interruptions)
            except WorkerDied:
                world.migrate()
            if NEW in world.images().values():
                world.contents = {"one": NEW}
            world.check_moment()


def test_an_upload_that_is_deleted_leaves_no_transaction_pointing_at_nothing() -> None:
    def delete(world: ImageWorld) -> None:
        world.s3.objects.pop(UPLOAD, None)
        _forget_original(world)

    for _, world in _everywhere(delete):
        world.check_end()
        moved = world.s3_key("one") == MOVED
        assert world.counts()["imagesMigrated"] == moved
        assert world.counts()["imagesLeftByReason"] == ({} if moved else {"ImageMissing": 1})


def test_a_transaction_that_is_deleted_leaves_the_image_in_one_place() -> None:
    for number, world in _everywhere(lambda world: world.delete_transaction("one")):
        world.check_end()
        assert "one" not in world.transactions(), number
        objects = world.images()
        assert len(objects) == 1, number
        moved = world.pending("one")["status"] == "processed"
        assert set(objects) == {MOVED if moved else UPLOAD}
        before = world.state()
        world.migrate()
        assert world.state()["objects"] == before["objects"]


def test_a_transaction_that_is_deleted_and_a_worker_that_dies_leave_one_image() -> None:
    for deleted in range(8):
        for died in range(deleted, 10):
            world = _one()
            interruptions = Interruptions(
                dies_after=died,
                meanwhile={deleted: lambda w=world: w.delete_transaction("one")},  # type: ignore[misc]
            )
            try:
                world.migrate(interruptions)
            except WorkerDied:
                world.migrate()
            world.check_end()
            assert len(world.images()) == 1, (deleted, died)


def test_a_transaction_that_is_edited_meanwhile_keeps_the_edit_and_gets_its_image() -> None:
    def edit(world: ImageWorld) -> None:
        world.dynamodb.update_item(
            TableName="transactions",
            Key=to_item({"userId": USER, "transactionId": transaction_id("job-1", "one")}),
            UpdateExpression="SET version = :two, updatedAt = :now, amount = :five",
            ExpressionAttributeValues=to_item({":two": 2, ":now": "now", ":five": 5}),
        )

    for _, world in _everywhere(edit):
        transaction = world.transactions()["one"]
        assert (transaction["version"], transaction["updatedAt"]) == (2, "now")
        assert (transaction["amount"], transaction["s3Key"]) == (5, MOVED)


@pytest.mark.parametrize("date", [DATE, "2026-11-30"])
def test_another_job_that_answers_the_same_image_may_come_in_anywhere(date: str) -> None:
    def make() -> ImageWorld:
        world = _one()
        world.add_transaction("one", job="job-2")
        return world

    undisturbed = Interruptions()
    make().migrate(undisturbed)
    for number in range(len(undisturbed.calls)):
        world = make()

        def other(world: ImageWorld = world) -> None:
            world.migrate(job="job-2", date=date)

        world.migrate(Interruptions(meanwhile={number: other}))
        world.check_end()
        assert world.s3_key("one") is not None
        assert world.s3_key("one", job="job-2") is not None
        for job in ("job-1", "job-2"):
            assert world.counts(job=job)["imagesMigrated"] == 1


def test_another_job_whose_transaction_is_deleted_never_takes_the_image_away() -> None:
    """A move that is undone could undo another one: so none is."""
    undisturbed = Interruptions()
    _one().migrate(undisturbed)
    calls = len(undisturbed.calls)
    for deleted in range(calls):
        for other_job in range(calls):
            world = _one()
            world.add_transaction("one", job="job-2")

            def delete(world: ImageWorld = world) -> None:
                world.delete_transaction("one")

            def other(world: ImageWorld = world) -> None:
                world.migrate(job="job-2")

            def both(world: ImageWorld = world) -> None:
                delete(world)
                other(world)

            deeds: dict[int, Callable[[], None]] = {deleted: delete, other_job: other}
            if deleted == other_job:
                deeds = {deleted: both}
            world.migrate(Interruptions(meanwhile=deeds))
            other()  # the first may have been over before its turn came
            world.check_end()
            assert world.s3_key("one", job="job-2") == MOVED, (deleted, other_job)


def test_an_execution_that_loses_its_claim_stops_at_the_next_batch() -> None:
    world = ImageWorld()
    for number in range(250):
        world.add(f"image-{number}")
    work = world.work()
    interruptions = Interruptions(meanwhile={10: lambda: world.claim(owner="somebody else")})
    done = world.migrator(interruptions).migrate(work)
    assert done.finished
    moved = [key for key in world.images() if key.startswith("processed/")]
    assert len(moved) == 100
    assert not [key for key in world.dynamodb.tables["ledger"] if key[1].startswith("chunk#")]
    world.check_end()
