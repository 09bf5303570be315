"""Ranges of objects.

MiniStack answers a range of a version with the whole version, and reads a whole object into memory
for each of its ranges: 64 GB for an object of 1 GB that is read in 64 ranges.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html, "Range" and "versionId". A
header that is not one range in bytes is ignored (recorded: localstack, test_get_object_range).
"""

from __future__ import annotations

import contextvars
import mmap
import re
from pathlib import Path
from typing import Any

from ministack.services import s3

from embedded_aws.s3.requests import Response, first

_get_object = s3._get_object
_read_body = s3._read_body

_RANGE = re.compile(r"bytes=(?:(\d+)-(\d*)|-\d+)")
_is_for_a_range: contextvars.ContextVar[bool] = contextvars.ContextVar("range", default=False)


def install() -> None:
    """Replace the reading of objects."""
    s3._get_object = _get
    s3._read_body = _read


def _get(
    bucket: str, key: str, headers: dict[str, str], query: dict[str, Any] | None = None
) -> Response:
    """Answer the range of a version as that of a current object."""
    if not _is_one_range(headers.get("range", "")):
        headers = {name: value for name, value in headers.items() if name != "range"}
    token = _is_for_a_range.set(bool(headers.get("range")))
    try:
        got: Response = _get_object(bucket, key, headers, query)
    finally:
        _is_for_a_range.reset(token)
    status, answered, body = got
    wanted = headers.get("range")
    if status != 200 or not wanted or not first((query or {}).get("versionId")):
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


def _is_one_range(header: str) -> bool:
    match = _RANGE.fullmatch(header)
    return match is not None and (not match[2] or int(match[1]) <= int(match[2]))


def _read(bucket: str, key: str, record: dict[str, Any]) -> bytes | mmap.mmap:
    """An object's content; for a range, a view of its file."""
    path = s3._object_disk_path(bucket, key)
    if record.get("body") is None and record["size"] and path and _is_for_a_range.get():
        with Path(path).open("rb") as file:
            return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    content: bytes = _read_body(bucket, key, record)
    return content
