"""The work on a chunk is stopped between any two of its calls, and then done again."""

import copy
from collections.abc import Callable

import pytest

from tests.workflow.image_world import BUCKET, DATE, USER, ImageWorld
from tests.workflow.memory.interruptions import Interruptions, WorkerDied


def _mixed() -> ImageWorld:
    """Images of every kind, so that a stop falls into every way there is through the code."""
    world = ImageWorld()
    world.add("plain-1")
    world.add("unknown", recorded=False, uploaded=False)
    world.add("others", user="user-2", key="uploads/user-2/x.jpg")
    world.add("outside", key="elsewhere/x.jpg", uploaded=False)
    world.add("missing", uploaded=False)
    world.add("gone", transaction=False)
    world.add("taken")
    world.s3.put_object(Bucket=BUCKET, Key=f"processed/{DATE}/{USER}/taken.jpg", Body=b"other")
    world.add("copied-before")
    _copy = f"processed/{DATE}/{USER}/copied-before.jpg"
    world.s3.put_object(Bucket=BUCKET, Key=_copy, Body=world.contents["copied-before"])
    world.add("plain-2")
    world.add("plain-1-again", key=f"uploads/{USER}/plain-3.jpg")
    return world


def _plain() -> ImageWorld:
    world = ImageWorld()
    for number in range(6):
        world.add(f"image-{number}", Metadata={"n": str(number)}, ContentType="image/jpeg")
    return world


def _calls(make: Callable[[], ImageWorld]) -> int:
    undisturbed = Interruptions()
    make().migrate(undisturbed)
    return len(undisturbed.calls)


def _dying(how: str, number: int) -> Interruptions:
    if how == "before":
        return Interruptions(dies_before=number)
    return Interruptions(dies_after=number)


@pytest.mark.parametrize("make", [_plain, _mixed])
@pytest.mark.parametrize("how", ["before", "after"])
def test_a_stop_between_any_two_calls_and_a_redrive_end_like_an_undisturbed_run(
    make: Callable[[], ImageWorld], how: str
) -> None:
    undisturbed = make()
    undisturbed.migrate()
    for number in range(_calls(make)):
        world = make()
        with pytest.raises(WorkerDied):
            world.migrate(_dying(how, number))
        _check_pointers(world)
        world.migrate()
        _check_pointers(world)
        assert world.state() == undisturbed.state(), f"stopped at call {number}"


def _check_pointers(world: ImageWorld) -> None:
    # An image outside of uploads/ may be in no bucket that is known here.
    outside = {key for key in ["elsewhere/x.jpg"] if "outside" in world.ids}
    for key in outside - world.s3.objects.keys():
        world.s3.put_object(Bucket=BUCKET, Key=key, Body=b"elsewhere")
    objects = world.s3.objects
    for transaction in world.transactions().values():
        assert transaction.get("s3Key") in {None, *objects}
    for key in outside:
        del world.s3.objects[key]
    held = [stored.body for stored in world.s3.objects.values()]
    assert all(content in held for content in world.contents.values())


@pytest.mark.parametrize("how", ["before", "after"])
def test_a_redrive_may_be_stopped_as_well(how: str) -> None:
    def make() -> ImageWorld:
        world = ImageWorld()
        world.add("one")
        world.add("two")
        return world

    undisturbed = make()
    undisturbed.migrate()
    for first in range(_calls(make)):
        stopped = make()
        with pytest.raises(WorkerDied):
            stopped.migrate(_dying(how, first))
        for second in range(100):
            world = copy.deepcopy(stopped)
            try:
                world.migrate(_dying(how, second))
            except WorkerDied:
                world.check_moment()
            else:
                break
            world.migrate()
            world.check_end()
            assert world.state() == undisturbed.state(), f"stopped at {first}, then {second}"


@pytest.mark.parametrize("number", [*range(0, 60, 6), *range(60, 69)])
def test_a_stop_while_many_images_are_under_way_loses_none(number: int) -> None:
    def make() -> ImageWorld:
        world = ImageWorld()
        for each in range(30):
            world.add(f"image-{each}")
        return world

    undisturbed, world = make(), make()
    undisturbed.migrate(threads=8)
    with pytest.raises(WorkerDied):
        world.migrate(Interruptions(dies_after=number), threads=8)
    world.check_moment()
    world.migrate(threads=8)
    world.check_end()
    assert world.state() == undisturbed.state()


def test_nothing_is_written_by_a_second_migration_of_the_same_chunk() -> None:
    world = _plain()
    first = world.migrate()
    state = copy.deepcopy(world.state())
    second = world.migrate()
    assert (world.state(), second.counts) == (state, first.counts)
