"""The floor: newline scan, JSON decode, and ready-made requests over a raw socket."""

import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from pydantic_core import from_json

from bench.stubs import Stubs

_BATCH = 25
_BLOCK = 1024 * 1024


class Floor:
    """What no loader can do without, and nothing else: no checks, no signature, no retries.

    Its decoder is the fastest that is installed; it keeps nothing of what it decodes.
    """

    def __init__(self, stubs: Stubs) -> None:
        self._s3, self._dynamodb = (_connect(each) for each in (stubs.s3, stubs.dynamodb))

    def load(self, path: Path, *, upto: int) -> int:
        """Read and decode the lines before a position, and send as many bytes as they need."""
        request = f"GET /b/{path.name} HTTP/1.1\r\nHost: s3\r\nRange: bytes=0-{upto - 1}\r\n\r\n"
        self._s3.sendall(request.encode())
        body = b"x" * 700 * _BATCH
        head = f"POST / HTTP/1.1\r\nHost: d\r\nContent-Length: {len(body)}\r\n\r\n".encode()
        records = 0
        for line in self._lines(upto):
            from_json(line, cache_strings="keys")
            records += 1
            if records % _BATCH == 0:
                self._dynamodb.sendall(head + body)
                self._dynamodb.recv(65_536)
        return records

    def _lines(self, left: int) -> Iterator[bytes]:
        """The whole lines of an answer of this many bytes, each copied once out of one buffer."""
        buffer = bytearray(_BLOCK)
        view, head = memoryview(buffer), True
        parts: list[bytes] = []
        while left > 0:
            filled, begins = self._s3.recv_into(view), 0
            if head:
                begins, head = buffer.find(b"\r\n\r\n") + 4, False
            left -= filled - begins
            while (newline := buffer.find(b"\n", begins, filled)) >= 0:
                parts.append(bytes(view[begins:newline]))
                yield parts[0] if len(parts) == 1 else b"".join(parts)
                begins = newline + 1
                parts.clear()
            parts.append(bytes(view[begins:filled]))


def _connect(url: str) -> socket.socket:
    parts = urlsplit(url)
    assert parts.hostname is not None
    assert parts.port is not None
    connection = socket.create_connection((parts.hostname, parts.port))
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection
