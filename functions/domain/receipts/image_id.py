"""The image that a record answers."""

from typing import Any, Final

from functions.domain.receipts.strict_json import kind_of

ID_MEMBERS: Final = ("recordId", "customData", "custom_id")
"""Bedrock's name, the name of hand-made records, and the name of OpenAI's batch API."""
DEFAULT_PADDING_PREFIX: Final = "__pad__"
"""What an id of padding begins with."""
MAX_IMAGE_ID_BYTES: Final = 2048
"""DynamoDB's limit of a partition key; `imageId` is one."""
_ALWAYS_SHORT_ENOUGH: Final = MAX_IMAGE_ID_BYTES // 4
"""A character has at most 4 bytes in UTF-8."""


def image_id_of(record: dict[str, Any]) -> str | None:
    """The first of the members that is an image id; None if none is."""
    for name in ID_MEMBERS:
        value = record.get(name)
        if not isinstance(value, str) or not value:
            continue
        if len(value) <= _ALWAYS_SHORT_ENOUGH or len(value.encode()) <= MAX_IMAGE_ID_BYTES:
            return value
    return None


def missing_id(record: dict[str, Any]) -> list[str]:
    """Details of a record without an image id."""
    found = [_problem(name, record[name]) for name in ID_MEMBERS if name in record]
    return found or [f"no {', '.join(ID_MEMBERS[:-1])} or {ID_MEMBERS[-1]}"]


def _problem(name: str, value: Any) -> str:
    if isinstance(value, str):
        return f"{name} has {len(value.encode())} bytes, not 1 to {MAX_IMAGE_ID_BYTES:,}"
    return f"{name} is {kind_of(value)}, not a string"
