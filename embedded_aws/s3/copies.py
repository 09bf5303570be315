"""Copies: conditions on their destination, their storage class, their ETag.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html: IfMatch and IfNoneMatch are
about the destination; the storage class is STANDARD unless the request says otherwise.
https://docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html: a copy is one object in one part,
and its ETag is the MD5 of its content.
"""

from __future__ import annotations

import contextvars
import functools
import hashlib
from typing import Any
from xml.sax.saxutils import escape

from ministack.services import s3

from embedded_aws.s3.conditions import named_on_target
from embedded_aws.s3.requests import Response, copy_source

_copy_object = s3._copy_object
_fire_event_async = s3._fire_s3_event_async

_etag_of_copy: contextvars.ContextVar[str | None] = contextvars.ContextVar(
    "etag_of_copy", default=None
)


def install() -> None:
    """Replace copying, and the ETag in a copy's event."""
    s3._copy_object = _copy
    s3._fire_s3_event_async = _fire_async


def _copy(bucket: str, key: str, headers: dict[str, str]) -> Response:
    """Copy, unless a condition on the destination fails."""
    if _has_unknown_condition(headers):
        message = "A header you provided implies functionality that is not implemented"
        return s3._error("NotImplemented", message, 501)  # type: ignore[no-any-return]
    target, source = s3._buckets.get(bucket), copy_source(headers)
    if target is not None and source is not None:
        source_bucket = s3._buckets.get(source[0])
        # An error of the source comes first; MiniStack reports it.
        if source[2] or (source_bucket and source[1] in source_bucket["objects"]):
            refused = s3._check_put_preconditions(headers, target["objects"].get(key))
            if refused is not None:
                return named_on_target(refused, headers)
    whole = _etag_of_whole(source) if source else None
    token = _etag_of_copy.set(whole)
    try:
        copied: Response = _copy_object(bucket, key, {"x-amz-storage-class": "STANDARD", **headers})
    finally:
        _etag_of_copy.reset(token)
    if whole and copied[0] == 200:
        return _name_by_content(bucket, key, whole, copied)
    return copied


def _has_unknown_condition(headers: dict[str, str]) -> bool:
    """Whether a copy has a condition that S3 does not implement.

    It knows an ETag in If-Match, or `*` in If-None-Match, and not both (recorded: localstack,
    test_copy_object_precondition_write_validation).
    """
    match, none_match = headers.get("if-match"), headers.get("if-none-match")
    return match == "*" or none_match not in (None, "*") or bool(match and none_match)


def _etag_of_whole(source: tuple[str, str, str | None]) -> str | None:
    """The ETag of a copy of an object that came in parts; None for other objects.

    A copy is one object in one part, and is named by the MD5 of its content.
    https://docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html
    """
    bucket, key, version = source
    record = (s3._buckets.get(bucket) or {"objects": {}})["objects"].get(key)
    if version or record is None or "-" not in record["etag"]:
        return None
    content = s3._read_body(bucket, key, record)
    return f'"{hashlib.md5(content, usedforsecurity=False).hexdigest()}"'


def _name_by_content(bucket: str, key: str, etag: str, copied: Response) -> Response:
    status, answered, body = copied
    record = s3._buckets.get(bucket)["objects"][key]
    old, record["etag"] = record["etag"], etag
    for entry in s3._object_versions.get((bucket, key)) or []:
        if entry["version_id"] == record.get("version_id"):
            entry["etag"] = etag
    if s3.S3_PERSIST:
        s3._persist_object(bucket, key, record)
    return status, answered, body.replace(escape(old).encode(), escape(etag).encode())


@functools.wraps(_fire_event_async)
def _fire_async(*args: Any, **kwargs: Any) -> None:
    if etag := _etag_of_copy.get():
        kwargs["etag"] = etag
    _fire_event_async(*args, **kwargs)
