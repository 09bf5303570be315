"""The floor: newline scan, JSON decode, and ready-made requests over a raw socket."""

import json
import socket
from pathlib import Path
from urllib.parse import urlsplit

from bench.stubs import Stubs

_BATCH = 25


class Floor:
    """What no loader can do without, and nothing else: no checks, no signature, no retries."""

    def __init__(self, stubs: Stubs) -> None:
        self._s3, self._dynamodb = (_connect(each) for each in (stubs.s3, stubs.dynamodb))

    def load(self, path: Path, *, upto: int) -> int:
        """Read and decode the lines before a position, and send as many bytes as they need."""
        request = f"GET /b/{path.name} HTTP/1.1\r\nHost: s3\r\nRange: bytes=0-{upto - 1}\r\n\r\n"
        self._s3.sendall(request.encode())
        body = b"x" * 700 * _BATCH
        head = f"POST / HTTP/1.1\r\nHost: d\r\nContent-Length: {len(body)}\r\n\r\n".encode()
        records, left, rest = 0, upto, b""
        skip_head = True
        while left > 0:
            block = self._s3.recv(1024 * 1024)
            if skip_head:
                block, skip_head = block.partition(b"\r\n\r\n")[2], False
            left -= len(block)
            *lines, rest = (rest + block).split(b"\n")
            for line in lines:
                json.loads(line)
                records += 1
                if records % _BATCH == 0:
                    self._dynamodb.sendall(head + body)
                    self._dynamodb.recv(65_536)
        return records


def _connect(url: str) -> socket.socket:
    parts = urlsplit(url)
    assert parts.hostname is not None
    assert parts.port is not None
    connection = socket.create_connection((parts.hostname, parts.port))
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection
