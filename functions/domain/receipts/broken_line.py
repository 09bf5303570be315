"""A line that is not one JSON object: its image id, and what it looks like."""

import re
from collections.abc import Iterable
from typing import Any, Final

from pydantic_core import from_json

from functions.domain.receipts.image_id import ID_MEMBERS, image_id_of
from functions.domain.receipts.strict_json import NotJson, has_too_many_containers, parse_object

_HEAD_BYTES: Final = 16 * 1024
"""Room for an image id of 2,048 bytes with all its letters escaped."""
_MAGIC_NUMBERS: Final = (
    (b"\x1f\x8b", "gzip"),
    (b"PK\x03\x04", "a ZIP archive"),
    (b"\x28\xb5\x2f\xfd", "Zstandard"),
    (b"BZh", "bzip2"),
    (b"\xff\xfe", "UTF-16"),
    (b"\xfe\xff", "UTF-16"),
)
_LAST_MEMBER: Final = re.compile(
    rb'[}\]]\s*,\s*("(?:%s)"\s*:\s*"(?:[^"\\]++|\\.)*+"\s*\})\s*$' % "|".join(ID_MEMBERS).encode()
)
_ONE_MEMBER: Final = re.compile(rb'\s*"(?:[^"\\]++|\\.)*+"\s*:')
_OF_NUMBERS: Final = b"0123456789+-.eE"
"""A number that breaks a line belongs to the part before the break."""
_BRACKETS_ALONE: Final = re.compile(rb"[\s\[\]{},]*+$")


def image_id_in(content: bytes) -> str | None:
    """The image id of a broken line: before the break, or at its end.

    Args:
        content: The line, or the head of one that is too long to be read.
    """
    for members in _members_in(content):
        if (image_id := image_id_of(members)) is not None:
            return image_id
    return None


def looks_like(content: bytes, *, begins_object: bool, problem: NotJson | None = None) -> list[str]:
    """What an object with such a line looks like; empty if not known.

    Args:
        content: The line, or its head.
        begins_object: Whether the line is the first of its object.
        problem: Why it is not JSON; None where it was not parsed.
    """
    stripped = content.strip()
    found = (
        (_magic_number(content) if begins_object else "")
        or _layout(stripped)
        or _several_objects(content, problem)
        or ("one JSON array with an object a line" if _is_element(stripped) else "")
        or _encoding(content)
    )
    return [f"the object looks like {found}, not like JSON Lines"] if found else []


def _magic_number(content: bytes) -> str:
    return next((name for magic, name in _MAGIC_NUMBERS if content.startswith(magic)), "")


def _layout(stripped: bytes) -> str:
    if _BRACKETS_ALONE.match(stripped) or _ONE_MEMBER.match(stripped):
        return "pretty-printed JSON, one value over several lines"
    return "one JSON array" if stripped.startswith(b"[") else ""


def _several_objects(content: bytes, problem: NotJson | None) -> str:
    at = problem.at if problem else None
    if at and content[at : at + 1] == b"{" and _is_object(content[:at]):
        return f"several objects a line (the second begins at byte {at + 1} of this one)"
    return ""


def _is_element(stripped: bytes) -> bool:
    return stripped.endswith(b",") and _is_object(stripped[:-1])


def _encoding(content: bytes) -> str:
    try:
        content.decode()
    except UnicodeDecodeError as error:
        cut = error.reason == "unexpected end of data"
        return "" if cut else f"binary data (byte {error.start + 1} of this line is not UTF-8)"
    return ""


def _members_in(content: bytes) -> Iterable[dict[str, Any]]:
    """Members of the broken object, as far as they can be read."""
    head = content[:_HEAD_BYTES] if has_too_many_containers(content) else content
    yield _members_until_broken(head)
    yield _members_until_broken(content[:_HEAD_BYTES].decode(errors="replace").encode())
    if last := _LAST_MEMBER.search(content[-_HEAD_BYTES:]):
        yield _members_until_broken(b"{" + last[1])


def _members_until_broken(content: bytes) -> dict[str, Any]:
    """The members of a broken object before the break."""
    try:
        value = from_json(content, allow_inf_nan=True, allow_partial=True)
    except ValueError as error:
        broke_at = NotJson.of(error, content).at
        if not broke_at:
            return {}
        try:
            before = content[:broke_at].rstrip(_OF_NUMBERS)
            value = from_json(before, allow_inf_nan=True, allow_partial=True)
        except ValueError:
            return {}
    return value if isinstance(value, dict) else {}


def _is_object(content: bytes) -> bool:
    try:
        parse_object(content)
    except NotJson:
        return False
    return True
