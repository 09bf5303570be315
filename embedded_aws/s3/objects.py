"""Objects, read and written by other services within the process.

The caller checks the permission (`iam.roles`).
"""

from __future__ import annotations

from ministack.services import s3


class NotDone(Exception):  # noqa: N818 - reads as what it is
    """S3 refused a request: its status and its answer."""

    def __init__(self, status: int, answer: str) -> None:
        self.status, self.answer = status, answer
        super().__init__(f"{status}: {answer}")


def has_bucket(name: str) -> bool:
    """Whether there is such a bucket."""
    return name in s3._buckets


def is_empty(bucket: str) -> bool:
    """Whether a bucket holds neither an object nor a version of one."""
    versions = (entries for (name, _), entries in s3._object_versions.items() if name == bucket)
    return not (s3._buckets.get(bucket) or {}).get("objects") and not any(versions)


def read(bucket: str, key: str) -> bytes:
    """An object's content.

    Raises:
        NotDone: there is no such object.
    """
    status, _, body = s3._get_object(bucket, key, {}, {})
    if status != 200:
        raise NotDone(status, _text(body))
    return bytes(body)


def write(bucket: str, key: str, content: bytes) -> None:
    """Put an object, with the events that this causes.

    Raises:
        NotDone: it cannot be put.
    """
    status, _, answer = s3._put_object(bucket, key, content, {})
    if status != 200:
        raise NotDone(status, _text(answer))


def _text(answer: bytes | str) -> str:
    return answer.decode(errors="replace") if isinstance(answer, bytes) else answer
