"""What the S3 extensions read out of a request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote

if TYPE_CHECKING:
    from collections.abc import Mapping

Response = tuple[int, dict[str, str], bytes]
"""A response in MiniStack's form: status, headers, body."""


def copy_source(headers: Mapping[str, str]) -> tuple[str, str, str | None] | None:
    """Bucket, key and version that a copy reads; None if the request is not a copy."""
    path, _, query = headers.get("x-amz-copy-source", "").lstrip("/").partition("?")
    bucket, _, key = unquote(path).partition("/")
    return (bucket, key, first(parse_qs(query).get("versionId"))) if key else None


def first(values: Any) -> str | None:
    """The first value of a query parameter, given as a list; None without one."""
    if isinstance(values, list):
        values = values[0] if values else None
    return values or None
