"""One bucket of S3: conditional requests, metadata, tags, versions.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-requests.html
"""

# ruff: noqa: ARG002, N803 - the arguments are named by AWS
import hashlib
import io
import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import IO, Any

from botocore.exceptions import ClientError
from botocore.response import StreamingBody

from tests.workflow.memory.errors import Exceptions, refusal, repeated

OLD = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class StoredObject:
    body: bytes
    etag: str
    version: str
    content_type: str = "binary/octet-stream"
    metadata: dict[str, str] = field(default_factory=dict)
    tags: str = ""
    storage_class: str = "STANDARD"
    kms_key: str = ""
    size: int | None = None
    created: datetime = OLD

    @property
    def length(self) -> int:
        """Bytes; more than there are, where a test only says so."""
        return len(self.body) if self.size is None else self.size


class MemoryS3:
    """The client's methods that are used, on one bucket."""

    exceptions = Exceptions()

    def __init__(self) -> None:
        self.objects: dict[str, StoredObject] = {}
        self.versions: dict[tuple[str, str], StoredObject] = {}
        self._numbers = itertools.count(1)
        self._refusals: dict[tuple[str, str], Iterator[str]] = {}

    def refuse(self, operation: str, key: str, code: str, *, times: int | None = None) -> None:
        """Answer an operation on a key (a copy's source) with an error, so many times or always."""
        self._refusals[operation, key] = repeated(code, times)

    def _refuse(self, operation: str, key: str) -> None:
        code = next(self._refusals.get((operation, key), iter(())), None)
        if code is not None:
            raise refusal(code, operation)

    def put_object(
        self, *, Bucket: str, Key: str, Body: bytes | IO[bytes], **more: Any
    ) -> dict[str, Any]:
        body = Body if isinstance(Body, bytes) else Body.read()
        self._put(
            Key,
            StoredObject(
                body=body,
                etag=hashlib.md5(body, usedforsecurity=False).hexdigest(),
                version="",
                content_type=more.get("ContentType", "binary/octet-stream"),
                metadata=more.get("Metadata", {}),
                tags=more.get("Tagging", ""),
                kms_key=more.get("SSEKMSKeyId", ""),
            ),
        )
        return {"ETag": f'"{self.objects[Key].etag}"'}

    def head_object(self, *, Bucket: str, Key: str, **condition: Any) -> dict[str, Any]:
        found = self._find(Key, "HeadObject", condition, missing="404", failed="412")
        return {
            "ETag": f'"{found.etag}"',
            "ContentLength": found.length,
            "ContentType": found.content_type,
            "Metadata": found.metadata,
            "StorageClass": found.storage_class,
            "VersionId": found.version,
            **({"SSEKMSKeyId": found.kms_key} if found.kms_key else {}),
        }

    def get_object(self, *, Bucket: str, Key: str, **condition: Any) -> dict[str, Any]:
        found = self._find(
            Key, "GetObject", condition, missing="NoSuchKey", failed="PreconditionFailed"
        )
        body, answer = found.body, {"ETag": f'"{found.etag}"'}
        if asked := condition.get("Range"):
            start, end = map(int, asked.removeprefix("bytes=").split("-"))
            body = body[start : end + 1]
            answer["ContentRange"] = f"bytes {start}-{end}/{found.length}"
        return {**answer, "Body": StreamingBody(io.BytesIO(body), len(body))}

    def copy_object(
        self, *, Bucket: str, Key: str, CopySource: dict[str, str], **more: Any
    ) -> dict[str, Any]:
        self._refuse("CopyObject", CopySource["Key"])
        source = self.objects.get(CopySource["Key"])
        if source is None:
            raise refusal("NoSuchKey", "CopyObject")
        if more.get("CopySourceIfMatch", source.etag).strip('"') != source.etag:
            raise refusal("PreconditionFailed", "CopyObject")
        if more.get("IfNoneMatch") == "*" and Key in self.objects:
            raise refusal("PreconditionFailed", "CopyObject")
        # A copy is one part, and a key of its own makes an ETag of its own.
        kms_key = more.get("SSEKMSKeyId", "")
        plain = hashlib.md5(source.body + kms_key.encode(), usedforsecurity=False).hexdigest()
        self._put(
            Key,
            replace(
                source,
                etag=plain,
                storage_class=more.get("StorageClass", "STANDARD"),
                kms_key=kms_key,
            ),
        )
        return {}

    def delete_object(self, *, Bucket: str, Key: str, **condition: Any) -> dict[str, Any]:
        self._refuse("DeleteObject", Key)
        found = self.objects.get(Key)
        if (expected := condition.get("IfMatch")) is not None:
            if found is None:
                raise refusal("NoSuchKey", "DeleteObject")
            if expected.strip('"') != found.etag:
                raise refusal("PreconditionFailed", "DeleteObject")
        self.objects.pop(Key, None)
        return {}

    def delete_objects(self, *, Bucket: str, Delete: dict[str, Any]) -> dict[str, Any]:
        assert 1 <= len(Delete["Objects"]) <= 1_000
        assert Delete["Quiet"]
        self._refuse("DeleteObjects", "")
        errors = []
        for each in Delete["Objects"]:
            try:
                self.delete_object(Bucket=Bucket, Key=each["Key"], IfMatch=each["ETag"])
            except ClientError as error:
                errors.append({"Key": each["Key"], "Code": error.response["Error"]["Code"]})
        return {"Errors": errors} if errors else {}

    def list_objects_v2(self, *, Bucket: str, Prefix: str, **request: Any) -> dict[str, Any]:
        after, most = request.get("StartAfter", ""), request.get("MaxKeys", 1000)
        contents = [
            {"Key": key, "LastModified": o.created, "ETag": f'"{o.etag}"', "Size": o.length}
            for key, o in sorted(self.objects.items())
            if key.startswith(Prefix) and key > after
        ]
        page = {"Contents": contents[:most]} if contents else {}
        return {"IsTruncated": len(contents) > most, **page}

    def get_paginator(self, operation: str) -> "Listing":
        assert operation == "list_objects_v2"
        return Listing(self)

    def _put(self, key: str, stored: StoredObject) -> None:
        numbered = replace(stored, version=f"v{next(self._numbers)}")
        self.objects[key] = self.versions[key, numbered.version] = numbered

    def _find(
        self, key: str, operation: str, condition: dict[str, Any], *, missing: str, failed: str
    ) -> StoredObject:
        self._refuse(operation, key)
        version = condition.get("VersionId")
        found = self.versions.get((key, version)) if version else self.objects.get(key)
        if found is None:
            raise refusal(missing, operation)
        if condition.get("IfMatch", found.etag).strip('"') != found.etag:
            raise refusal(failed, operation)
        return found


@dataclass(frozen=True)
class Listing:
    """The paginator of list_objects_v2, two keys a page."""

    s3: MemoryS3

    def paginate(self, **request: Any) -> Iterator[dict[str, Any]]:
        after = ""
        page: dict[str, Any] = {"IsTruncated": True}
        while page["IsTruncated"]:
            yield (page := self.s3.list_objects_v2(**request, StartAfter=after, MaxKeys=2))
            after = page["Contents"][-1]["Key"] if "Contents" in page else ""
