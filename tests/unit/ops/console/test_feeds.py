"""Values that are read while a window shows them: once for all windows, and never without one."""

import asyncio
import math
import threading
from collections.abc import Callable
from contextlib import aclosing

import pytest

from ops.console import feeds
from ops.console.feeds import Feed, Feeds
from ops.errors import NothingFound, OpsError


@pytest.fixture(autouse=True)
def _long_fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """A value is fresh for longer than a busy machine takes."""
    monkeypatch.setattr(feeds, "FRESH_SECONDS", 3600.0)


class Source:
    """What is read: the next value each time."""

    def __init__(self, *values: object) -> None:
        self.values = list(values)
        self.reads = 0

    def read(self) -> object:
        self.reads += 1
        value = self.values.pop(0) if len(self.values) > 1 else self.values[0]
        if isinstance(value, Exception):
            raise value
        return value


def feed(source: Source) -> Feed[object]:
    return Feed(source.read, pause=lambda _, __: 0.001)


def test_a_fresh_value_is_not_read_again() -> None:
    source = Source("a", "b")

    async def look() -> list[object]:
        looked_at = feed(source)
        return [(await looked_at.get()).value, (await looked_at.get()).value]

    assert asyncio.run(look()) == ["a", "a"]
    assert source.reads == 1


def test_viewers_share_one_reader_which_ends_with_the_last() -> None:
    source = Source(*range(1000))

    async def look() -> tuple[list[int], int, int]:
        looked_at = feed(source)

        async def see(number: int) -> int:
            async with aclosing(looked_at.readings()) as readings:
                async for reading in readings:
                    if reading.number >= number:
                        break
            return reading.number

        seen = [*await asyncio.gather(see(5), see(5), see(7))]
        at_the_end = source.reads
        await asyncio.sleep(0.02)
        return seen, at_the_end, looked_at.viewers

    seen, at_the_end, viewers = asyncio.run(look())
    assert min(seen) >= 5
    assert max(seen) < 20  # each of three viewers by itself would have read more
    assert source.reads <= at_the_end + 1
    assert viewers == 0


def test_only_another_value_counts() -> None:
    source = Source("a", "a", "b", "b")

    async def look() -> list[int]:
        looked_at = feed(source)
        return [(await looked_at.read_again()).number for _ in range(4)]

    assert asyncio.run(look()) == [1, 1, 2, 2]


def test_what_cannot_be_read_again_stays_with_the_reason() -> None:
    source = Source("a", OpsError("throttled"), "a")

    async def look() -> list[tuple[object, str]]:
        looked_at = feed(source)
        readings = [await looked_at.read_again() for _ in range(3)]
        return [(each.value, each.trouble) for each in readings]

    assert asyncio.run(look()) == [("a", ""), ("a", "throttled"), ("a", "")]


@pytest.mark.parametrize("error", [NothingFound("no job"), OpsError("throttled")])
def test_what_could_never_be_read_is_an_error(error: Exception) -> None:
    with pytest.raises(type(error)):
        asyncio.run(feed(Source(error)).get())


def test_what_is_gone_is_an_error_whatever_was_read_before() -> None:
    async def look() -> None:
        looked_at = feed(Source("a", NothingFound("gone")))
        await looked_at.read_again()
        await looked_at.read_again()

    with pytest.raises(NothingFound):
        asyncio.run(look())


def test_feeds_that_are_looked_at_are_kept_and_others_forgotten() -> None:
    made: list[str] = []

    def make(name: str) -> Feed[object]:
        made.append(name)
        return feed(Source(name))

    async def look(names: Callable[[], list[str]]) -> None:
        all_feeds: Feeds[object] = Feeds(make)
        async with aclosing(all_feeds.of("kept").readings()) as readings:
            await anext(readings)
            for name in names():
                all_feeds.of(name)
            assert made.count("kept") == 1
            all_feeds.of("kept")
            assert made.count("kept") == 1
            all_feeds.of("0")
            assert made.count("0") == 2

    asyncio.run(look(lambda: [str(number) for number in range(60)]))


def test_what_takes_long_to_read_is_shown_as_it_was() -> None:
    may_end = threading.Event()
    values = iter(["old", "new"])

    def read() -> object:
        value = next(values)
        assert value == "old" or may_end.wait(60)
        return value

    async def look() -> list[object]:
        slow: Feed[object] = Feed(read, pause=lambda _, __: 0)
        first = await slow.soon(60)
        again = asyncio.create_task(slow.read_again())
        slow._read_at = -math.inf  # it is not fresh any more
        second = await slow.soon(0.01)
        may_end.set()
        await again
        third = await slow.soon(60)
        return [each and each.value for each in (first, second, third)]

    assert asyncio.run(look()) == ["old", "old", "new"]


def test_before_anything_was_read_there_is_nothing_to_show() -> None:
    may_end = threading.Event()

    async def look() -> tuple[object, object]:
        slow = feed(Source("a"))
        slow._read = lambda: may_end.wait(60) and "a"
        first = await slow.soon(0.01)
        may_end.set()
        return first, (await slow.get()).value

    assert asyncio.run(look()) == (None, "a")
