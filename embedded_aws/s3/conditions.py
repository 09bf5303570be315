"""The condition that failed, named in a 412; malformed version ids.

Recorded of AWS (localstack, tests/aws/services/s3, test_copy_object_if_none_match,
test_get_object_with_version_unversioned_bucket): a 412 names the header in Condition; a version id
of another form than S3's is 400 InvalidArgument.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ministack.services import s3

from embedded_aws.s3.requests import Response, copy_source, first

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_handle_request = s3.handle_request

_ON_OBJECT = ("If-Match", "If-Unmodified-Since", "If-None-Match")
_ON_SOURCE = tuple(f"x-amz-copy-source-{name}" for name in (*_ON_OBJECT, "If-Modified-Since"))
# S3's ids have 32 characters; MiniStack's are UUIDs.
_VERSION = re.compile(r"[A-Za-z0-9._-]{32}|[0-9a-f-]{36}|null")


def install() -> None:
    """Check version ids, and complete the answers to failed conditions."""
    s3.handle_request = _handle


async def _handle(
    method: str,
    path: str,
    headers: dict[str, str],
    body: bytes,
    query: dict[str, Any],
    **more: Any,
) -> Response:
    source = copy_source(headers)
    version = source[2] if source else first(query.get("versionId"))
    if version is not None and not _VERSION.fullmatch(version):
        extra = {"ArgumentName": "versionId", "ArgumentValue": version}
        return s3._error(  # type: ignore[no-any-return]
            "InvalidArgument", "Invalid version id specified", 400, path, extra
        )
    answer: Response = await _handle_request(method, path, headers, body, query, **more)
    return named(answer, headers, _ON_SOURCE if source else _ON_OBJECT)


def named_on_target(answer: Response, headers: Mapping[str, str]) -> Response:
    """A copy's answer, when it is the condition on the target that failed."""
    return named(answer, headers, _ON_OBJECT)


def named(answer: Response, headers: Mapping[str, str], names: Sequence[str]) -> Response:
    """The answer with the condition that failed, the first of these that was given."""
    status, answered, body = answer
    given = next((name for name in names if headers.get(name.lower())), None)
    if status != 412 or given is None or b"<Condition>" in body:
        return answer
    condition = f"<Condition>{given}</Condition><RequestId>".encode()
    return status, answered, body.replace(b"<RequestId>", condition, 1)
