"""Connections whose client is gone, or reads no further, are dropped with what was to be sent.

Hypercorn keeps them, and the whole response, for the time of its keep-alive; and as long as a
client that holds the connection open without reading wants.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from hypercorn.asyncio import run
from hypercorn.asyncio.tcp_server import TCPServer
from hypercorn.events import Closed, RawData, Updated

if TYPE_CHECKING:
    from hypercorn.events import Event

STALL_SECONDS = 30.0
"""How long a client may read nothing of a response."""

PIECE = 1 << 20
"""Bytes of a response that are handed to the transport at once: it copies what it cannot send."""


def install() -> None:
    """Have hypercorn serve such connections."""
    run.TCPServer = Connection  # type: ignore[attr-defined]


class Connection(TCPServer):
    """A connection that ends with its client."""

    _gone = False

    async def protocol_send(self, event: Event) -> None:
        """Send a part of a response, or take note that one has ended."""
        if isinstance(event, RawData):
            async with self.send_lock:
                try:
                    await send(event.data, self.writer, patience=STALL_SECONDS)
                except (ConnectionError, RuntimeError):
                    await self.protocol.handle(Closed())
        elif not (isinstance(event, Updated) and event.idle and self._gone):
            await super().protocol_send(event)

    async def _read_data(self) -> None:
        await super()._read_data()
        self._gone = True
        self.writer.transport.abort()
        await self.idle_task.stop()


async def send(data: bytes, writer: asyncio.StreamWriter, *, patience: float) -> None:
    """Send data as fast as the client reads it.

    Raises:
        ConnectionAbortedError: It has read nothing for this many seconds; what is left is dropped.
    """
    view = memoryview(data)
    for start in range(0, len(view), PIECE):
        writer.write(view[start : start + PIECE])
        await _drained(writer, patience)


async def _drained(writer: asyncio.StreamWriter, patience: float) -> None:
    """Wait until the client has read enough for the next piece."""
    left = writer.transport.get_write_buffer_size()
    while True:
        try:
            await asyncio.wait_for(writer.drain(), patience)
        except TimeoutError:
            before, left = left, writer.transport.get_write_buffer_size()
            if left >= before:
                writer.transport.abort()
                raise ConnectionAbortedError from None
        else:
            return
