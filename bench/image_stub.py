"""S3 and DynamoDB as a migration sees them: every image is there, and every call takes its time.

Stateless, in a process of its own. Started as `python -m bench.image_stub DELAY_MS`, prints its
port, and ends with its standard input.
"""

import asyncio
import json
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from bench.stubs import ETAG, listening

USER: Final = "user-1"
_COPIED: Final = (
    f"<CopyObjectResult><ETag>&quot;{ETAG}&quot;</ETag>"
    "<LastModified>2026-01-09T00:00:00.000Z</LastModified></CopyObjectResult>"
).encode()
_ANSWERS: Final = {"PUT": _COPIED, "POST": b"<DeleteResult></DeleteResult>"}
_OPERATIONS: Final = {
    name.lower(): name for name in ("BatchExecuteStatement", "BatchGetItem", "GetItem")
}


@contextmanager
def running(*, delay_ms: float) -> Iterator[str]:
    """Run it for the time of a `with` block; its address."""
    with listening("bench.image_stub", delay_ms) as port:
        yield f"http://127.0.0.1:{port}"


def dynamodb(operation: str, request: dict[str, Any]) -> dict[str, Any]:
    """An answer: all records are there, everything is confirmed."""
    if operation == "GetItem":
        claim = {"etag": "e", "owner": "bench", "generation": 1, "state": "claimed"}
        item: dict[str, Any] = {
            name: {"N": str(value)} if isinstance(value, int) else {"S": value}
            for name, value in claim.items()
        }
        return {"Item": {**request["Key"], **item, "eventTime": {"S": "2026-01-09T00:00:00Z"}}}
    if operation == "BatchExecuteStatement":
        return {"Responses": [{} for _ in request["Statements"]]}
    if operation != "BatchGetItem":
        return {}
    ((table, asked),) = request["RequestItems"].items()
    return {
        "Responses": {table: [_record(key) for key in asked["Keys"]]},
        "UnprocessedKeys": {},
    }


def _record(key: dict[str, dict[str, str]]) -> dict[str, dict[str, str]]:
    if "imageId" not in key:
        return {"transactionId": key["transactionId"]}
    s3_key = f"uploads/{USER}/{key['imageId']['S']}.jpg"
    return {**key, "userId": {"S": USER}, "s3Key": {"S": s3_key}, "status": {"S": "pending"}}


async def _serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, delay: float) -> None:
    try:
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            request, *lines = head.split("\r\n")
            headers = dict(line.lower().split(": ", 1) for line in lines if ": " in line)
            body = await reader.readexactly(int(headers.get("content-length", 0)))
            await asyncio.sleep(delay)
            writer.write(_answer(request, headers, body))
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()


def _answer(request: str, headers: dict[str, str], body: bytes) -> bytes:
    method = request.split(" ", 1)[0]
    if target := headers.get("x-amz-target"):
        operation = _OPERATIONS.get(target.rpartition(".")[2], "")
        content = json.dumps(dynamodb(operation, json.loads(body))).encode()
        return _response(content, f"x-amz-crc32: {zlib.crc32(content)}\r\n")
    if method == "HEAD":
        return _response(b"", "", length=50_000)
    if method == "DELETE":
        return b"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n"
    return _response(_ANSWERS.get(method, b""), "Content-Type: application/xml\r\n")


def _response(content: bytes, headers: str, *, length: int | None = None) -> bytes:
    length = len(content) if length is None else length
    head = f'HTTP/1.1 200 OK\r\nETag: "{ETAG}"\r\n{headers}Content-Length: {length}\r\n\r\n'
    return head.encode() + content


async def _main(delay: float) -> None:
    server = await asyncio.start_server(
        lambda reader, writer: _serve(reader, writer, delay), "127.0.0.1", 0
    )
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(_main(float(sys.argv[1]) / 1000))
