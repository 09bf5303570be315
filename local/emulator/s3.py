"""What S3 does and MiniStack does not, for reads, copies, conditional requests and events.

* The permissions that a request needs besides its own:
  a key that is not there answers 403 to who may not list the bucket
  (https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html, "Permissions"),
  tags are read and written with permissions of their own
  (https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-tagging.html), and a condition
  on an ETag reads the object
  (https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html,
  https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-deletes.html).
* IfMatch and IfNoneMatch on the destination of a copy, its storage class, which is STANDARD
  unless the request says otherwise, and its ETag, which is that of one part
  (https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html).
* A range of a version
  (https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html).
* `version-id` and a time in whole seconds in EventBridge events
  (https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html).
"""

from __future__ import annotations

import contextvars
import functools
import hashlib
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote
from xml.sax.saxutils import escape

from ministack.core import iam_actions
from ministack.services import eventbridge, s3

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

TOUCHES = (
    "ministack.core.iam_actions:s3_access_point_resources",
    "ministack.core.iam_actions:s3_additional_checks",
    "ministack.services.eventbridge:_dispatch_event",
    "ministack.services.s3:S3_PERSIST",
    "ministack.services.s3:_buckets",
    "ministack.services.s3:_check_put_preconditions",
    "ministack.services.s3:_copy_object",
    "ministack.services.s3:_fire_s3_event",
    "ministack.services.s3:_fire_s3_event_async",
    "ministack.services.s3:_get_object",
    "ministack.services.s3:_object_tags",
    "ministack.services.s3:_object_versions",
    "ministack.services.s3:_parse_range",
    "ministack.services.s3:_persist_object",
    "ministack.services.s3:_range_error_xml",
    "ministack.services.s3:_read_body",
    "ministack.services.s3:_xml_body",
)

Response = tuple[int, dict[str, str], bytes]

_additional_checks = iam_actions.s3_additional_checks
_access_point_resources = iam_actions.s3_access_point_resources
_copy_object = s3._copy_object
_get_object = s3._get_object
_fire_event = s3._fire_s3_event
_fire_event_async = s3._fire_s3_event_async
_dispatch_event = eventbridge._dispatch_event

_version_of_event: contextvars.ContextVar[str | None] = contextvars.ContextVar(
    "version_of_event", default=None
)
_etag_of_copy: contextvars.ContextVar[str | None] = contextvars.ContextVar(
    "etag_of_copy", default=None
)


def install() -> None:
    """Put the functions below in the place of MiniStack's."""
    iam_actions.s3_additional_checks = _required_besides
    iam_actions.s3_access_point_resources = _resources_in_context
    s3._copy_object = _copy
    s3._get_object = _get
    s3._fire_s3_event = _fire
    s3._fire_s3_event_async = _fire_async
    eventbridge._dispatch_event = _dispatch


class _ArnInContext(str):
    """An ARN to check together with condition keys of the request."""

    __slots__ = ("context",)
    context: Mapping[str, str]


def _required_besides(
    method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, Any]
) -> list[tuple[str, str]]:
    checks: list[tuple[str, str]] = _additional_checks(method, path, headers, body, query)
    bucket, _, key = unquote(path).lstrip("/").partition("/")
    if key and not query.keys() & _SUBRESOURCES:
        checks.extend(_of_object_request(method, bucket, key, headers, query))
    return checks


_SUBRESOURCES = {"tagging", "acl", "retention", "legal-hold", "attributes", "uploadId", "uploads"}


def _of_object_request(
    method: str, bucket: str, key: str, headers: Mapping[str, str], query: Mapping[str, Any]
) -> Iterator[tuple[str, str]]:
    arn = f"arn:aws:s3:::{bucket}/{key}"
    if method in ("GET", "HEAD"):
        version = _first(query.get("versionId"))
        yield from _listing_if_missing(bucket, key, version)
    if method == "DELETE" and headers.get("if-match"):
        yield "s3:GetObject", arn
    if method == "PUT":
        if headers.get("if-match"):
            yield "s3:GetObject", arn
        if headers.get("x-amz-tagging"):
            yield "s3:PutObjectTagging", arn
        if source := _copy_source(headers):
            yield from _of_copy_source(arn, source, headers)


def _of_copy_source(
    target: str, source: tuple[str, str, str | None], headers: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    bucket, key, version = source
    yield from _listing_if_missing(bucket, key, version)
    copies_tags = headers.get("x-amz-tagging-directive", "COPY").upper() == "COPY"
    record = (s3._buckets.get(bucket) or {"objects": {}})["objects"].get(key) or {}
    if copies_tags and s3._object_tags.get((bucket, key, version or record.get("version_id"))):
        read = "s3:GetObjectVersionTagging" if version else "s3:GetObjectTagging"
        yield read, f"arn:aws:s3:::{bucket}/{key}"
        yield "s3:PutObjectTagging", target


def _listing_if_missing(bucket: str, key: str, version: str | None) -> Iterator[tuple[str, str]]:
    """Only who may list a bucket learns that a key is not in it; others are denied."""
    found = s3._buckets.get(bucket)
    if found is None:
        return
    if version:
        versions = s3._object_versions.get((bucket, key)) or []
        present = any(entry["version_id"] == version for entry in versions)
    else:
        present = key in found["objects"]
    if not present:
        arn = _ArnInContext(f"arn:aws:s3:::{bucket}")
        arn.context = {"s3:prefix": key}
        yield "s3:ListBucket", arn


def _resources_in_context(arn: str) -> list[tuple[str, Mapping[str, str]]]:
    if isinstance(arn, _ArnInContext):
        return [(str(arn), arn.context)]
    resources: list[tuple[str, Mapping[str, str]]] = _access_point_resources(arn)
    return resources


def _copy_source(headers: Mapping[str, str]) -> tuple[str, str, str | None] | None:
    """Bucket, key and version that a copy reads; None if the request is no copy."""
    path, _, query = headers.get("x-amz-copy-source", "").lstrip("/").partition("?")
    bucket, _, key = unquote(path).partition("/")
    return (bucket, key, _first(parse_qs(query).get("versionId"))) if key else None


def _first(values: Any) -> str | None:
    if isinstance(values, list):
        values = values[0] if values else None
    return values or None


def _copy(bucket: str, key: str, headers: dict[str, str]) -> Response:
    """Copy, but never against a condition on the destination."""
    target, source = s3._buckets.get(bucket), _copy_source(headers)
    if target is not None and source is not None:
        source_bucket = s3._buckets.get(source[0])
        # What is wrong with the source is said first, by MiniStack.
        if source[2] or (source_bucket and source[1] in source_bucket["objects"]):
            refused = s3._check_put_preconditions(headers, target["objects"].get(key))
            if refused is not None:
                return refused  # type: ignore[no-any-return]
    whole = _etag_of_whole(source) if source else None
    token = _etag_of_copy.set(whole)
    try:
        copied: Response = _copy_object(bucket, key, {"x-amz-storage-class": "STANDARD", **headers})
    finally:
        _etag_of_copy.reset(token)
    if whole and copied[0] == 200:
        return _name_by_content(bucket, key, whole, copied)
    return copied


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


def _get(
    bucket: str, key: str, headers: dict[str, str], query: dict[str, Any] | None = None
) -> Response:
    """Cut a version's content as a current object's is cut."""
    got: Response = _get_object(bucket, key, headers, query)
    status, answered, body = got
    wanted = headers.get("range")
    if status != 200 or not wanted or not _first((query or {}).get("versionId")):
        return got
    span = s3._parse_range(wanted, len(body))
    if span is None:
        answered = {"Content-Type": "application/xml", "Content-Range": f"bytes */{len(body)}"}
        return 416, answered, s3._xml_body(s3._range_error_xml(bucket, key))
    start, end = span
    # A whole object's checksum does not fit a part of it, and clients would compare them.
    answered = {
        name: value
        for name, value in answered.items()
        if not name.lower().startswith("x-amz-checksum")
    }
    part = body[start : end + 1]
    answered["Content-Length"] = str(len(part))
    answered["Content-Range"] = f"bytes {start}-{end}/{len(body)}"
    return 206, answered, part


@functools.wraps(_fire_event)
def _fire(*args: Any, version_id: str | None = None, **kwargs: Any) -> None:
    token = _version_of_event.set(version_id)
    try:
        _fire_event(*args, version_id=version_id, **kwargs)
    finally:
        _version_of_event.reset(token)


def _dispatch(event: dict[str, Any], view: Any = None) -> None:
    """Complete an event of S3's on its way to the rules."""
    if event["Source"] == "aws.s3":
        detail = json.loads(event["Detail"])
        if version := _version_of_event.get():
            detail["object"]["version-id"] = version
        # 2026-11-23T19:59:31.123Z -> 2026-11-23T19:59:31Z
        time = f"{event['Time'][:19]}Z"
        event, view = {**event, "Detail": json.dumps(detail), "Time": time}, None
    _dispatch_event(event, view)
