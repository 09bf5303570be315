"""Ranges of a version, which MiniStack answers with the whole.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html, "Range" and "versionId"
"""

from __future__ import annotations

from typing import Any

from ministack.services import s3

from local.emulator.s3_requests import Response, first

TOUCHES = (
    "ministack.services.s3:_get_object",
    "ministack.services.s3:_parse_range",
    "ministack.services.s3:_range_error_xml",
    "ministack.services.s3:_xml_body",
)

_get_object = s3._get_object


def install() -> None:
    """Read objects here."""
    s3._get_object = _get


def _get(
    bucket: str, key: str, headers: dict[str, str], query: dict[str, Any] | None = None
) -> Response:
    """Cut a version's content as a current object's is cut."""
    got: Response = _get_object(bucket, key, headers, query)
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
