"""Values that are read again and again while a window shows them.

All viewers of a value share one reader, and without a viewer nothing is read: what the page costs
does not grow with the number of its windows.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, Generic, TypeVar

from botocore.exceptions import BotoCoreError, ClientError
from starlette.concurrency import run_in_threadpool

from functions.domain.plain_text import visible
from ops.errors import NothingFound, OpsError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Callable

Value = TypeVar("Value")
FRESH_SECONDS: Final = 1.0
"""A value so young is shown without reading it again."""
_MAX_KEPT: Final = 32


@dataclass(frozen=True)
class Reading(Generic[Value]):
    """A value as it was read.

    Attributes:
        number: Counts the values that differed from the one before.
        trouble: Why it could not be read again since; empty where it could.
    """

    value: Value
    number: int
    at: datetime
    trouble: str = ""


class Feed(Generic[Value]):
    """One value, and its viewers."""

    def __init__(
        self, read: Callable[[], Value], *, pause: Callable[[Value, float], float]
    ) -> None:
        """Make a feed.

        Args:
            read: Blocks; raises what boto3 and the model raise.
            pause: Seconds until the next reading, by the value and the seconds it took to read.
        """
        self._read = read
        self._pause = pause
        self._lock = asyncio.Lock()
        self._last: Reading[Value] | None = None
        self._read_at = 0.0
        self._took = 0.0
        self._viewers = 0
        self._task: asyncio.Task[None] | None = None
        self._changed = asyncio.Condition()
        self._late: set[asyncio.Task[Reading[Value]]] = set()

    @property
    def viewers(self) -> int:
        """The number of present viewers."""
        return self._viewers

    async def get(self) -> Reading[Value]:
        """Return a value at most `FRESH_SECONDS` old, or the last one while it has viewers."""
        is_fresh = time.monotonic() - self._read_at < FRESH_SECONDS
        if self._last is not None and not self._last.trouble and (is_fresh or self._viewers):
            return self._last
        return await self.read_again()

    async def soon(self, seconds: float) -> Reading[Value] | None:
        """Return the present value, or the last one if reading is slow; None before the first."""
        reading = asyncio.create_task(self.get())
        await asyncio.wait({reading}, timeout=seconds)
        if reading.done():
            return reading.result()
        self._late.add(reading)  # the event loop itself keeps no task alive
        reading.add_done_callback(self._forget)
        return self._last

    def _forget(self, reading: asyncio.Task[Reading[Value]]) -> None:
        """Drop a late reading. The next caller of `get` sees its error."""
        self._late.discard(reading)
        if not reading.cancelled():
            reading.exception()

    async def read_again(self) -> Reading[Value]:
        """Read the value again, and wake the viewers."""
        asked = time.monotonic()
        async with self._lock:
            if self._last is not None and self._read_at > asked:
                return self._last  # another has just read it
            try:
                value = await run_in_threadpool(self._read)
            except NothingFound:
                raise
            except (OpsError, ClientError, BotoCoreError) as error:
                if self._last is None:
                    raise
                reading = Reading(
                    self._last.value, self._last.number, self._last.at, trouble=visible(error)
                )
            else:
                number = self._last.number if self._last else 0
                is_new = self._last is None or self._last.value != value
                reading = Reading(value, number + is_new, datetime.now(UTC))
            self._last = reading
            self._read_at = time.monotonic()
            self._took = self._read_at - asked
        async with self._changed:
            self._changed.notify_all()
        return reading

    async def readings(self) -> AsyncGenerator[Reading[Value], None]:
        """Each reading, as it is made, until the caller stops iterating."""
        async with self._watched():
            yield await self.get()
            while True:
                async with self._changed:
                    await self._changed.wait()
                assert self._last is not None  # noqa: S101 - there was a reading to wake for
                yield self._last

    @asynccontextmanager
    async def _watched(self) -> AsyncIterator[None]:
        self._viewers += 1
        if self._task is None:
            self._task = asyncio.create_task(self._keep_reading())
        try:
            yield
        finally:
            self._viewers -= 1
            if not self._viewers and self._task is not None:
                self._task.cancel()
                self._task = None

    async def _keep_reading(self) -> None:
        while True:
            if self._last is not None:
                await asyncio.sleep(self._pause(self._last.value, self._took))
            try:
                await self.read_again()
            except NothingFound:
                await asyncio.sleep(FRESH_SECONDS)


@dataclass
class Feeds(Generic[Value]):
    """Feeds by name; drops those that were unused for longest."""

    make: Callable[[str], Feed[Value]]
    _feeds: dict[str, Feed[Value]] = field(default_factory=dict)

    def of(self, name: str) -> Feed[Value]:
        """The feed of a name."""
        feed = self._feeds.pop(name, None) or self.make(name)
        self._feeds[name] = feed
        for each in list(self._feeds)[: max(0, len(self._feeds) - _MAX_KEPT)]:
            if not self._feeds[each].viewers:
                del self._feeds[each]
        return feed
