"""A response whose client goes away, or reads no further, is dropped."""

import asyncio
import contextlib
import gc
import http.client
import socket
import sys
from typing import Any

import pytest
from hypercorn.asyncio import serve
from hypercorn.asyncio.tcp_server import TCPServer
from hypercorn.config import Config

from embedded_aws.server.connections import PIECE, install, send
from embedded_aws.tests import running
from embedded_aws.tests.conftest import eventually
from embedded_aws.tests.running import signed

MIB = 1 << 20


def test_what_a_client_did_not_read_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    # Undoes the installation afterwards.
    monkeypatch.setattr("hypercorn.asyncio.run.TCPServer", TCPServer)
    install()
    body = bytes(32 * MIB)

    def references() -> int:
        return sys.getrefcount(body)

    def connections() -> int:
        gc.collect()
        return sum(issubclass(type(each), TCPServer) for each in gc.get_objects())

    def is_dropped() -> bool:
        return not connections() and references() == at_rest

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            await receive()
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": body})

    def leave_unread(address: tuple[str, int]) -> None:
        with socket.create_connection(address) as client:
            client.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert b"\0" in client.recv(1000, socket.MSG_WAITALL)
            assert connections()
            assert references() > at_rest

    async def left_unread() -> None:
        listening = socket.create_server(("127.0.0.1", 0))
        address = listening.getsockname()
        config = Config()
        config.bind = [f"fd://{listening.detach()}"]
        # Hypercorn alone keeps the connections for as long as this, and with some the response.
        config.keep_alive_timeout = 3600
        stopped = asyncio.Event()
        serving = asyncio.create_task(serve(app, config, shutdown_trigger=stopped.wait))
        for _ in range(10):
            await asyncio.to_thread(leave_unread, address)
        await asyncio.to_thread(eventually, is_dropped, "the responses are dropped")
        stopped.set()
        await serving

    at_rest = references()
    asyncio.run(left_unread())


def test_a_connection_ends_with_its_client(emulator: running.Server) -> None:
    request = signed(emulator.endpoint, "GET", "/", service="s3")
    host = emulator.endpoint.url.removeprefix("http://")
    # Shorter than the 75 seconds for which an idle connection is kept alive.
    with contextlib.closing(http.client.HTTPConnection(host, timeout=60)) as client:
        client.request("GET", "/", headers=dict(request.header_items()))
        assert client.getresponse().read()
        client.sock.shutdown(socket.SHUT_WR)
        assert client.sock.recv(1) == b""


def test_a_client_that_reads_nothing_for_a_while_is_dropped() -> None:
    async def stalled() -> None:
        taken: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                await send(b"x" * 64 * MIB, writer, patience=0.05)
            except ConnectionAbortedError as error:
                taken.set_exception(error)
            else:
                taken.set_result(None)

        listening = await asyncio.start_server(serve, "127.0.0.1", 0)
        async with listening:
            with socket.create_connection(listening.sockets[0].getsockname()):
                await taken

    with pytest.raises(ConnectionAbortedError):
        asyncio.run(stalled())


def test_a_client_that_reads_slowly_is_served_piece_by_piece() -> None:
    async def slow() -> tuple[int, int]:
        writing: asyncio.Future[asyncio.StreamWriter] = asyncio.get_running_loop().create_future()

        async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writing.set_result(writer)
            await send(b"x" * 64 * MIB, writer, patience=600)
            writer.close()

        listening = await asyncio.start_server(serve, "127.0.0.1", 0)
        async with listening:
            reader, writer = await asyncio.open_connection(*listening.sockets[0].getsockname())
            transport = (await writing).transport
            received = buffered = 0
            while piece := await reader.read(64 * 1024):
                received += len(piece)
                buffered = max(buffered, transport.get_write_buffer_size())
            writer.close()
            return received, buffered

    received, buffered = asyncio.run(slow())

    assert received == 64 * MIB
    assert buffered <= 2 * PIECE
