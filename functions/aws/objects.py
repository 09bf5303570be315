"""Results objects: pinned, bounded reads; and the small files of this system's own."""

import itertools
import json
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeVar

from botocore.exceptions import ClientError, HTTPClientError, IncompleteReadError, SSLError
from urllib3.exceptions import SSLError as StreamSSLError

from functions.aws.runtime.service_errors import FORBIDDEN, NOT_FOUND, PRECONDITION_FAILED, is_any
from functions.domain.errors import ResultsObjectChanged, ResultsObjectMissing, WorkFileDamaged
from functions.domain.model import Model

if TYPE_CHECKING:
    from botocore.response import StreamingBody
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import GetObjectOutputTypeDef

RowT = TypeVar("RowT", bound=Model)

BLOCK_BYTES: Final = 1024 * 1024
"""Bytes a read. Reading a quarter at a time takes twice the processor time a byte."""
_LIST_BLOCK_BYTES: Final = 64 * 1024
_EXTRA_BYTES: Final = 512 * 1024
"""Read past a range by its own request: enough for most last lines, and sooner there than the
answer to a second request, which costs a millisecond of processor time as well."""
_FIRST_EXTENSION_BYTES: Final = 1024 * 1024
_MAX_EXTENSION_BYTES: Final = 8 * 1024 * 1024
_MAX_BROKEN_READS: Final = 5
_BROKEN: Final = (HTTPClientError, IncompleteReadError, SSLError, StreamSSLError)
"""Errors after which a read continues where it broke.

The SDK passes a TLS error in the middle of a body on as urllib3 raised it. A checksum that does not
match (`FlexibleChecksumError`) is not among them: blocks that may be wrong were handed on already,
so the whole call has to be repeated.
"""


@dataclass(frozen=True)
class PinnedObject:
    """One content of one key. A bucket with versions is read by version, to its end.

    Attributes:
        version_id: Empty in a bucket without versions.
        size: Bytes.
    """

    client: "S3Client"
    bucket: str
    key: str
    etag: str
    version_id: str
    size: int

    def blocks(self, start: int, end: int) -> Iterator[bytes]:
        """Yield the bytes from `start` to at least `end`, and on to the object's end if asked.

        The last line of a range goes past its end. The first request reaches a little further,
        which is enough for most; a longer line is fetched in small requests that grow, so a
        caller that stops there has read little in vain. A connection that breaks is taken up
        again at the byte where it broke.

        Raises:
            ResultsObjectChanged: if the content is no longer the pinned one.
            ResultsObjectMissing: if the object is gone.
        """
        position = min(max(end, start) + _EXTRA_BYTES, self.size)
        yield from self._span(start, position)
        step = _FIRST_EXTENSION_BYTES
        while position < self.size:
            upto = min(position + step, self.size)
            yield from self._span(position, upto)
            position, step = upto, min(step * 2, _MAX_EXTENSION_BYTES)

    def head(self, length: int) -> bytes:
        """The first bytes, or all of them where there are fewer.

        Raises:
            ResultsObjectChanged, ResultsObjectMissing: if another or no content is there.
        """
        return b"".join(self._span(0, min(length, self.size)))

    def _span(self, start: int, end: int) -> Iterator[bytes]:
        broken = 0
        while start < end:
            try:
                # Closed if the caller stops early: a connection with unread bytes cannot be reused.
                with closing(self._get(start, end)["Body"]) as body:
                    for block in body.iter_chunks(BLOCK_BYTES):
                        yield block
                        start += len(block)
            except _BROKEN:
                broken += 1
                if broken == _MAX_BROKEN_READS:
                    raise

    def _get(self, start: int, end: int) -> "GetObjectOutputTypeDef":
        pin: dict[str, Any] = {"IfMatch": f'"{self.etag}"'}
        if self.version_id:
            pin["VersionId"] = self.version_id
        try:
            answer = self.client.get_object(
                Bucket=self.bucket, Key=self.key, Range=f"bytes={start}-{end - 1}", **pin
            )
        except ClientError as error:
            raise _as_results_error(
                error, self.client, bucket=self.bucket, key=self.key, etag=self.etag
            ) from error
        # A server that ignores Range would silently return another part of the object.
        expected = f"bytes {start}-{end - 1}/{self.size}"
        if answer.get("ContentRange") != expected:
            raise ResultsObjectChanged(
                bucket=self.bucket, key=self.key, expected_etag=self.etag
            ) from ValueError(f"asked for {expected}, got {answer.get('ContentRange')}")
        return answer


def head_results(
    client: "S3Client", *, bucket: str, key: str, etag: str, version_id: str
) -> PinnedObject:
    """Pin the object that an event announced.

    Raises:
        ResultsObjectMissing, ResultsObjectChanged: if no or another content is there.
    """
    pin: dict[str, Any] = {"VersionId": version_id} if version_id else {}
    try:
        head = client.head_object(Bucket=bucket, Key=key, IfMatch=f'"{etag}"', **pin)
    except ClientError as error:
        raise _as_results_error(error, client, bucket=bucket, key=key, etag=etag) from error
    return PinnedObject(client, bucket, key, etag, version_id, head["ContentLength"])


def is_listed(client: "S3Client", *, bucket: str, key: str) -> bool:
    """Whether there is an object of this key, for a role that may list keys of its prefix."""
    listed = client.list_objects_v2(Bucket=bucket, Prefix=key, MaxKeys=1)
    return any(each["Key"] == key for each in listed.get("Contents", []))


def is_absent(error: ClientError, client: "S3Client", *, bucket: str, key: str) -> bool:
    """Whether S3 refused to read a key because it has no object.

    S3 answers 404, or 403 where it does not count the role's grant to list keys. After a 403 the
    key is listed:
    https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html#API_HeadObject_RequestSyntax
    """
    if not is_any(error, FORBIDDEN):
        return is_any(error, NOT_FOUND)
    try:
        return not is_listed(client, bucket=bucket, key=key)
    except ClientError:
        return False


def _as_results_error(
    error: ClientError, client: "S3Client", *, bucket: str, key: str, etag: str
) -> Exception:
    if is_any(error, PRECONDITION_FAILED):
        return ResultsObjectChanged(bucket=bucket, key=key, expected_etag=etag)
    if is_absent(error, client, bucket=bucket, key=key):
        return ResultsObjectMissing(bucket=bucket, key=key)
    return error


@dataclass(frozen=True)
class WorkFiles:
    """Files under `work/` and `dead-letters/`. Each is written whole, and can be repeated."""

    client: "S3Client"
    bucket: str

    def write_json(self, key: str, value: object) -> None:
        """One JSON document."""
        self._put(key, json.dumps(value, separators=(",", ":")).encode(), "application/json")

    def write_lines(self, key: str, lines: bytes) -> None:
        """JSON Lines, each with its end."""
        self._put(key, lines, "application/x-ndjson")

    def _put(self, key: str, body: bytes, content_type: str) -> None:
        self.client.put_object(Bucket=self.bucket, Key=key, Body=body, ContentType=content_type)

    def _get(self, key: str) -> "StreamingBody":
        try:
            return self.client.get_object(Bucket=self.bucket, Key=key)["Body"]
        except ClientError as error:
            if is_absent(error, self.client, bucket=self.bucket, key=key):
                answer: Any = {
                    "Code": "NoSuchKey",
                    "Message": "The key does not exist.",
                    "Key": key,
                }
                raise self.client.exceptions.NoSuchKey({"Error": answer}, "GetObject") from error
            raise

    def read_rows(self, key: str, model: type[RowT]) -> list[RowT]:
        """The rows of a JSON document.

        Raises:
            NoSuchKey: if there is no such file.
            WorkFileDamaged: if it is not a list of such rows.
        """
        body = self._get(key).read()
        with self._undamaged(key):
            rows = json.loads(body)
            if not isinstance(rows, list):
                raise ValueError  # noqa: TRY004  the value is at fault, not its type
            return [model.read(row) for row in rows]

    def read_strings(self, key: str, *, first: int, count: int) -> list[str]:
        """Some strings of a JSON Lines file.

        Args:
            key: The file.
            first: Number of the first line wanted, from 0.
            count: How many.

        Raises:
            NoSuchKey: if there is no such file.
            WorkFileDamaged: if they are not there.
        """
        body = self._get(key)
        # The lines of a whole block are in memory at once, and each is many times its own size.
        lines: Iterable[bytes] = body.iter_lines(_LIST_BLOCK_BYTES)
        wanted = itertools.islice(lines, first, first + count)
        with self._undamaged(key):
            strings = [json.loads(line) for line in wanted]
            if len(strings) < count or not all(isinstance(each, str) for each in strings):
                raise ValueError
        return strings

    @contextmanager
    def _undamaged(self, key: str) -> Iterator[None]:
        """Raise WorkFileDamaged with the file's key, if this system did not write its content."""
        try:
            yield
        except ValueError as error:
            raise WorkFileDamaged(bucket=self.bucket, key=key) from error
