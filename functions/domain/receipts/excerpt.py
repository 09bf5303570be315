"""Excerpts of rejects: at most 1 KiB of a record, never anything of `modelInput`."""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any, Final

from functions.domain.receipts.written_numbers import WrittenNumber, with_written_numbers

MAX_EXCERPT_BYTES: Final = 1024
KEPT_MEMBERS: Final = (
    "recordId",
    "customData",
    "custom_id",
    "modelOutput",
    "response",
    "output",
    "error",
)
"""What is read of a record, and may be shown: all but `modelInput` and what is not read."""
_MODEL_INPUT: Final = "modelInput"
_HEAD_OF_RECORD: Final = re.compile(rf'\s*{{\s*"(?:{"|".join(KEPT_MEMBERS)})"\s*:'.encode())
"""How a record begins. A piece that a line feed cut out of an echoed prompt begins otherwise."""
_MAY_BE_MODEL_INPUT: Final = re.compile(rb"modelInput|\\u00")


def excerpt_of_text(text: str) -> str:
    """The head of the model's text."""
    return text.encode()[:MAX_EXCERPT_BYTES].decode(errors="ignore")


def excerpt_of_line(content: bytes) -> str:
    """The head of a broken record, up to where `modelInput` may begin.

    An escape may spell a letter of that key.
    """
    if not _HEAD_OF_RECORD.match(content):
        return ""
    head = _MAY_BE_MODEL_INPUT.split(content[:MAX_EXCERPT_BYTES], maxsplit=1)[0]
    return excerpt_of_text(head.decode(errors="replace"))


def excerpt_of_record(record: dict[str, Any], content: bytes) -> str:
    """The members of a record that are read, and no others.

    Args:
        record: All of them.
        content: The line, in which its numbers are written.
    """
    return excerpt_of_value(_kept_members(record), content, find=_kept_members)


def excerpt_of_value(value: Any, content: bytes, *, find: Callable[[dict[str, Any]], Any]) -> str:
    """The head of a value of a record, with its numbers as they are written.

    Args:
        value: As it was parsed.
        content: The line, in which its numbers are written.
        find: Takes the value out of the parsed line.
    """
    shown: list[float] = []
    head = json_head(value, shown)
    if not any(isinstance(number, float) for number in shown):
        return head
    return json_head(find(with_written_numbers(content.decode(), shown)))


def json_head(value: Any, shown: list[float] | None = None) -> str:
    """A value as JSON, without what is called `modelInput` on any level.

    Written piece by piece and only as far as needed: a record may be 16 MiB of numbers.

    Args:
        value: Anything parsed.
        shown: Takes the numbers in the head.
    """
    head = ""
    for piece in _json_pieces(value, [] if shown is None else shown):
        head += piece
        if len(head) >= MAX_EXCERPT_BYTES:
            break
    return excerpt_of_text(head)


def _kept_members(record: dict[str, Any]) -> dict[str, Any]:
    return {name: record[name] for name in KEPT_MEMBERS if name in record}


def _json_pieces(value: Any, shown: list[float]) -> Iterator[str]:
    """JSON in short pieces, without what is called `modelInput` on any level."""
    if isinstance(value, dict):
        before = "{"
        for name, member in value.items():
            if name != _MODEL_INPUT:
                yield f"{before}{_head_of_string(name)}: "
                yield from _json_pieces(member, shown)
                before = ", "
        yield "}" if before == ", " else "{}"
    elif isinstance(value, list):
        yield "["
        for position, element in enumerate(value):
            yield ", " if position else ""
            yield from _json_pieces(element, shown)
        yield "]"
    elif isinstance(value, WrittenNumber):
        yield value
    elif isinstance(value, str):
        yield _head_of_string(value)
    else:
        if type(value) in (int, float):
            shown.append(value)
        yield json.dumps(value)


def _head_of_string(text: str) -> str:
    """As JSON, and no longer than an excerpt can be."""
    return json.dumps(text[:MAX_EXCERPT_BYTES], ensure_ascii=False)
