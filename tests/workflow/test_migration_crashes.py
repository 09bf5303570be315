"""The work on a chunk is stopped between any two of its calls, and then done again."""

import copy
from collections.abc import Callable
from typing import Any

import pytest

from tests.workflow.image_migration import BUCKET, DATE, USER, ImageMigration
from tests.workflow.memory.interruptions import Interruptions, WorkerDied, calls_of


def _mixed() -> ImageMigration:
    """Images of every kind, so that a stop falls into every way there is through the code."""
    migration = ImageMigration()
    migration.add("plain-1")
    migration.add("unknown", recorded=False, uploaded=False)
    migration.add("others", user="user-2", key="uploads/user-2/x.jpg")
    migration.add("outside", key="elsewhere/x.jpg")
    migration.add("missing", uploaded=False)
    migration.add("gone", transaction=False)
    migration.add("taken")
    migration.s3.put_object(Bucket=BUCKET, Key=f"processed/{DATE}/{USER}/taken.jpg", Body=b"other")
    migration.add("copied-before")
    _copy = f"processed/{DATE}/{USER}/copied-before.jpg"
    migration.s3.put_object(Bucket=BUCKET, Key=_copy, Body=migration.contents["copied-before"])
    migration.add("plain-2")
    migration.add("plain-1-again", key=f"uploads/{USER}/plain-3.jpg")
    return migration


def _plain() -> ImageMigration:
    migration = ImageMigration()
    for number in range(6):
        migration.add(f"image-{number}", Metadata={"n": str(number)}, ContentType="image/jpeg")
    return migration


def _dying(moment: str, number: int) -> Interruptions:
    death: Any = {moment: number}
    return Interruptions(**death)


@pytest.mark.parametrize("make", [_plain, _mixed])
@pytest.mark.parametrize("moment", ["dies_before", "dies_after"])
def test_a_stop_between_any_two_calls_and_a_redrive_end_like_an_undisturbed_run(
    make: Callable[[], ImageMigration], moment: str
) -> None:
    undisturbed = make()
    undisturbed.migrate()
    for number in range(len(calls_of(make().migrate))):
        migration = make()
        with pytest.raises(WorkerDied):
            migration.migrate(_dying(moment, number))
        migration.check_moment()
        migration.migrate()
        migration.check_moment()
        assert migration.state() == undisturbed.state(), f"stopped at call {number}"


@pytest.mark.parametrize("moment", ["dies_before", "dies_after"])
def test_a_redrive_may_be_stopped_as_well(moment: str) -> None:
    def make() -> ImageMigration:
        migration = ImageMigration()
        migration.add("one")
        migration.add("two")
        return migration

    undisturbed = make()
    undisturbed.migrate()
    for first in range(len(calls_of(make().migrate))):
        stopped = make()
        with pytest.raises(WorkerDied):
            stopped.migrate(_dying(moment, first))
        for second in range(100):
            migration = copy.deepcopy(stopped)
            try:
                migration.migrate(_dying(moment, second))
            except WorkerDied:
                migration.check_moment()
            else:
                break
            migration.migrate()
            migration.check_end()
            assert migration.state() == undisturbed.state(), f"stopped at {first}, then {second}"


@pytest.mark.parametrize("number", [*range(0, 60, 6), *range(60, 69)])
def test_a_stop_while_many_images_are_under_way_loses_none(number: int) -> None:
    def make() -> ImageMigration:
        migration = ImageMigration()
        migration.add_many(30)
        return migration

    undisturbed, migration = make(), make()
    undisturbed.migrate(threads=8)
    with pytest.raises(WorkerDied):
        migration.migrate(Interruptions(dies_after=number), threads=8)
    migration.check_moment()
    migration.migrate(threads=8)
    migration.check_end()
    assert migration.state() == undisturbed.state()
