"""DynamoDB and S3 as far as a loader sees them, on loopback, in a process of their own.

They cost next to nothing, so that what is measured is the client. DynamoDB confirms everything
after a set time; S3 serves the files of one folder, and such as it makes, ranges included.

`python -m bench.stubs FOLDER DELAY_MS` prints both ports as a line of JSON, and ends with its
standard input.
"""

import asyncio
import json
import os
import re
import socket
import subprocess
import sys
import threading
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from bench import tiles

ETAG: Final = "0123456789abcdef0123456789abcdef"


def _answer(body: bytes) -> bytes:
    head = (
        "HTTP/1.1 200 OK\r\nServer: Server\r\nDate: Fri, 09 Jan 2026 00:00:00 GMT\r\n"
        f"Content-Type: application/x-amz-json-1.0\r\nContent-Length: {len(body)}\r\n"
        "Connection: keep-alive\r\nx-amzn-RequestId: 0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ0123\r\n"
        f"x-amz-crc32: {zlib.crc32(body)}\r\n\r\n"
    )
    return head.encode() + body


_CONFIRMED: Final = _answer(b'{"UnprocessedItems":{}}')
_KEYS: Final = [
    {"AttributeName": "userId", "KeyType": "HASH"},
    {"AttributeName": "transactionId", "KeyType": "RANGE"},
]
_TABLE: Final = _answer(json.dumps({"Table": {"KeySchema": _KEYS}}).encode())
_RANGE: Final = re.compile(rb"range: bytes=(\d+)-(\d*)", re.IGNORECASE)


@cache
def _executed(statements: int) -> bytes:
    return _answer(json.dumps({"Responses": [{"TableName": "t"}] * statements}).encode())


@dataclass(frozen=True)
class Stubs:
    """Where they listen."""

    dynamodb: str
    s3: str


@contextmanager
def running(folder: Path, *, delay_ms: float = 0) -> Iterator[Stubs]:
    """Run both for the time of a `with` block."""
    with listening("bench.stubs", folder, delay_ms) as ports:
        yield Stubs(*(f"http://127.0.0.1:{port}" for port in ports))


@contextmanager
def listening(module: str, *arguments: object) -> Iterator[Any]:
    """Run a module for the time of a `with` block; the ports that it prints first, as JSON."""
    command = [sys.executable, "-m", module, *map(str, arguments)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        try:
            yield json.loads(process.stdout.readline())
        finally:
            process.terminate()


class _DynamoDB(asyncio.Protocol):
    """Answers every request, pipelined or not, after the delay."""

    def __init__(self, delay: float) -> None:
        self._delay = delay
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (head_end := self._buffer.find(b"\r\n\r\n")) >= 0:
            head = self._buffer[:head_end].lower()
            _, _, rest = head.partition(b"content-length:")
            total = head_end + 4 + int(rest.split(b"\r\n", 1)[0] or 0)
            if len(self._buffer) < total:
                return
            answer = _TABLE if b".describetable" in head else _CONFIRMED
            if b".batchexecutestatement" in head:
                answer = _executed(self._buffer[:total].count(b'"Statement":'))
            self._buffer = self._buffer[total:]
            asyncio.get_running_loop().call_later(self._delay, self._send, answer)

    def _send(self, answer: bytes) -> None:
        if not self._transport.is_closing():
            self._transport.write(answer)


def _serve_file(connection: socket.socket, folder: Path) -> None:
    """One connection of S3: GetObject of a file of the folder."""
    buffer = b""
    with connection, suppress(ConnectionError):  # a reader that stops early hangs up
        while True:
            while b"\r\n\r\n" not in buffer:
                if not (data := connection.recv(65_536)):
                    return
                buffer += data
            head, _, buffer = buffer.partition(b"\r\n\r\n")
            path = folder / head.split(b" ", 2)[1].split(b"?")[0].rsplit(b"/", 1)[1].decode()
            _send_range(connection, path, _RANGE.search(head))


def _send_range(connection: socket.socket, path: Path, asked: re.Match[bytes] | None) -> None:
    tiled = tiles.find(path.name)
    size = tiled[0] if tiled else path.stat().st_size
    start = int(asked[1]) if asked else 0
    end = min(int(asked[2]), size - 1) if asked and asked[2] else size - 1
    status = "206 Partial Content" if asked else "200 OK"
    head = (
        f"HTTP/1.1 {status}\r\nx-amz-request-id: 0123456789ABCDEF\r\n"
        f'ETag: "{ETAG}"\r\nAccept-Ranges: bytes\r\nContent-Range: bytes {start}-{end}/{size}\r\n'
        f"Content-Type: binary/octet-stream\r\nContent-Length: {end - start + 1}\r\n\r\n"
    )
    connection.sendall(head.encode())
    if tiled:
        for block in tiles.blocks(_content(path.with_name(tiled[1])), start, end + 1):
            connection.sendall(block)
        return
    with path.open("rb") as file:
        while start <= end:
            start += os.sendfile(connection.fileno(), file.fileno(), start, end - start + 1)


@cache
def _content(path: Path) -> bytes:
    return path.read_bytes()


def _accept(server: socket.socket, folder: Path) -> None:
    while True:
        connection, _ = server.accept()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        threading.Thread(target=_serve_file, args=(connection, folder), daemon=True).start()


async def _main(folder: Path, delay: float) -> None:
    s3 = socket.create_server(("127.0.0.1", 0), backlog=128)
    threading.Thread(target=_accept, args=(s3, folder), daemon=True).start()
    loop = asyncio.get_running_loop()
    dynamodb = await loop.create_server(lambda: _DynamoDB(delay), "127.0.0.1", 0, backlog=512)
    ports = [dynamodb.sockets[0].getsockname()[1], s3.getsockname()[1]]
    print(json.dumps(ports), flush=True)
    await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(_main(Path(sys.argv[1]), float(sys.argv[2]) / 1000))
