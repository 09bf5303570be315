"""A response whose client goes away, or reads no further, is dropped."""

import asyncio
import socket
from pathlib import Path

import pytest

from embedded_aws.server.connections import drained
from embedded_aws.tests import running
from embedded_aws.tests.conftest import Aws, eventually
from embedded_aws.tests.operations import name
from embedded_aws.tests.running import signed

MIB = 1 << 20


def memory(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096


def test_what_a_client_did_not_read_is_not_kept(aws: Aws, emulator: running.Server) -> None:
    bucket = name("bucket")
    aws.s3.create_bucket(Bucket=bucket)
    aws.s3.put_object(Bucket=bucket, Key="large", Body=b"x" * (32 * MIB))
    before = memory(emulator.pid)
    request = signed(emulator.endpoint, "GET", f"/{bucket}/large", service="s3")
    host, port = emulator.endpoint.url.removeprefix("http://").split(":")
    fields = {"Host": f"{host}:{port}", **dict(request.header_items())}
    lines = [f"GET /{bucket}/large HTTP/1.1", *(f"{key}: {value}" for key, value in fields.items())]
    for _ in range(10):
        with socket.create_connection((host, int(port))) as client:
            client.sendall("\r\n".join([*lines, "", ""]).encode())
            assert client.recv(100).startswith(b"HTTP/1.1 200")
    # 320 MB were asked for; hypercorn alone keeps them for over a minute.
    eventually(lambda: memory(emulator.pid) < before + 100 * MIB, "the responses are dropped")


def test_a_client_that_reads_nothing_for_a_while_is_dropped() -> None:
    async def stalled() -> None:
        taken: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"x" * 64 * MIB)
            try:
                await drained(writer, patience=0.05)
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


def test_a_client_that_reads_slowly_is_served() -> None:
    async def slow() -> int:
        taken: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"x" * 16 * MIB)
            await drained(writer, patience=5)
            writer.close()
            taken.set_result(None)

        listening = await asyncio.start_server(serve, "127.0.0.1", 0)
        async with listening:
            reader, writer = await asyncio.open_connection(*listening.sockets[0].getsockname())
            received = 0
            while piece := await reader.read(64 * 1024):
                received += len(piece)
            await taken
            writer.close()
            return received

    assert asyncio.run(slow()) == 16 * MIB
