"""JSON by the contract: RFC 8259, restricted to what all readers read alike.

No NaN and no Infinity, no unpaired surrogate escapes, no nesting deeper than 200, no more than
250,000 lists and objects, no integers of more than 4,300 digits; of repeated keys the last counts.
All but the number of lists and objects, and the last level of nesting, is what pydantic's parser
refuses by itself.
"""

import re
from typing import Any, Final, Self

from pydantic_core import SchemaValidator, ValidationError, from_json

MAX_NESTING: Final = 200
MAX_CONTAINERS: Final = 250_000
"""Lists and objects. A line of 16 MiB can name millions of them in nothing but brackets, and an
empty object costs Python 64 bytes, one with a member 350: such a line would take more memory than
a function has, and each attempt at its segment with it."""
TOO_MANY_CONTAINERS: Final = f"more than {MAX_CONTAINERS:,} lists and objects"

_PLACE: Final = re.compile(r"(.*) at line (\d+) column (\d+)", re.DOTALL)
_KINDS: Final = {dict: "an object", str: "a string", int: "a number", float: "a number"}
_AS_LISTS: Final = bytes.maketrans(b"{}", b"[]")
_NO_BRACKETS: Final = bytes(set(range(256)) - set(b"[]{}"))
_RUN: Final = re.compile(rb"\[+|\]+")
_LEVELS_REMOVED: Final = 8
_SHORT_LINE_BYTES: Final = 4096
_SLICE_BYTES: Final = 64 * 1024
_QUOTE: Final = b'"'
_BACKSLASH: Final = b"\\"[0]
_REST_OF_STRING: Final = re.compile(rb'[^"\\]*+(?:\\.[^"\\]*+)*+"', re.DOTALL)
_MAX_STRINGS: Final = 1000
"""Followed one by one; a record with an echoed image has some dozens."""
_BETWEEN_STRINGS: Final = frozenset((b":", b",", b": ", b", "))


class NotJson(ValueError):  # noqa: N818  not an error of the program
    """Bytes that are not one JSON object.

    Attributes:
        why: What is wrong, without the content.
        at: The byte at which it broke, from 0; None if there is none.
    """

    def __init__(self, why: str, at: int | None = None) -> None:
        """Keep the reason and the place."""
        self.why = why
        self.at = at
        super().__init__(why)

    @classmethod
    def of(cls, error: ValueError, content: bytes) -> Self:
        """From what the parser says, which counts lines and columns from 1."""
        found = _PLACE.fullmatch(str(error))
        if found is None:
            return cls(str(error))
        why, line, column = found.groups()
        begins = 0
        for _ in range(int(line) - 1):
            begins = content.find(b"\n", begins) + 1
        at = begins + max(int(column) - 1, 0)  # column 0 of an empty text
        return cls(why.replace("EOF while parsing", "it ends within"), at)


def parse_object(content: bytes) -> dict[str, Any]:
    """Parse what must be one JSON object in UTF-8.

    Raises:
        NotJson: it is not.
    """
    if len(content) < _SHORT_LINE_BYTES:  # here rather than in a call: most lines are short
        many_brackets = content.count(b"[") + content.count(b"{") > MAX_NESTING
    else:
        many_brackets = _has_many_brackets(content)
    if many_brackets and has_too_many_containers(content):
        raise NotJson(TOO_MANY_CONTAINERS)
    # Keeping the values as well, for lines that repeat them, costs a sixth more than it saves.
    try:
        value = from_json(content, allow_inf_nan=False, cache_strings="keys")
    except ValueError as error:
        raise NotJson.of(error, content) from None
    if not isinstance(value, dict):
        raise NotJson(f"JSON, but {kind_of(value)} and not an object")
    if many_brackets and _nests_too_deeply(content):
        raise NotJson(f"nested deeper than {MAX_NESTING}")
    return value


def kind_of(value: object) -> str:
    """A JSON value's type in words."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "a boolean"
    if isinstance(value, list):
        return f"a list of {len(value)}"
    return _KINDS[type(value)]


def parse_members(content: bytes, kept: SchemaValidator) -> dict[str, Any] | None:
    """Parse some members of an object, and only scan the others: they are not copied.

    Args:
        content: What should be one JSON object in UTF-8.
        kept: Of a typed dict of the members wanted.

    Returns:
        Those that are present. None for anything that only `parse_object` can judge.
    """
    if not _is_plain(content):
        return None
    try:
        members: dict[str, Any] = kept.validate_json(content)
    except ValidationError:
        return None
    return members


def _is_plain(content: bytes) -> bool:
    """Whether JSON that the parser takes holds no NaN or Infinity and few enough brackets.

    Only what is outside of strings is looked at, and a string is left by a look for its end:
    lines with an image of 3.4 MB are read at 8.7 GB a second of processor time. Looking for
    `NaN` all over the image made it 0.9. False for what has too many strings for this.
    """
    at, room = 0, MAX_NESTING
    for _ in range(_MAX_STRINGS):
        begins = content.find(_QUOTE, at)
        outside = content[at:begins] if begins >= 0 else content[at:]
        if outside not in _BETWEEN_STRINGS:
            room -= outside.count(b"{") + outside.count(b"[")
            if room < 0 or b"N" in outside or b"I" in outside:
                return False
        if begins < 0:
            return True
        at = _string_end(content, begins + 1)
        if not at:
            return False
    return False


def _string_end(content: bytes, begins: int) -> int:
    """The position after the quote that ends a string; 0 if it has none."""
    at = content.find(_QUOTE, begins)
    if at > begins and content[at - 1] == _BACKSLASH:
        found = _REST_OF_STRING.match(content, begins)
        return found.end() if found else 0
    return at + 1


def _nests_too_deeply(content: bytes) -> bool:
    """Whether JSON that the parser took has an empty list or object on a level too many.

    To be asked of lines with that many brackets, which are rare; but one may be 16 MiB of nothing
    else. Taking token by token would last 12 s then; removing the shallow nests as bytes, and
    counting what is left by runs, takes less than one.
    """
    brackets = _brackets(content)
    for _ in range(_LEVELS_REMOVED):
        brackets = brackets.replace(b"[]", b"")
    depth = _LEVELS_REMOVED
    for run in _RUN.finditer(brackets):
        depth += len(run[0]) if run[0].startswith(b"[") else -len(run[0])
        if depth > MAX_NESTING:
            return True
    return False


def has_too_many_containers(content: bytes) -> bool:
    """Whether JSON has more of them than the bound; meaningless for anything else."""
    if content.count(b"[") + content.count(b"{") <= MAX_CONTAINERS:
        return False
    return _brackets(content).count(b"[") > MAX_CONTAINERS


def _brackets(content: bytes) -> bytes:
    """The brackets and braces of JSON outside of strings, all as brackets.

    Slice by slice: the strings between millions of quotes would be more than the line itself.
    """
    no_escapes = content.replace(b"\\\\", b"").replace(b'\\"', b"")
    outside_strings = []
    begins_inside = False
    for at in range(0, len(no_escapes), _SLICE_BYTES):
        pieces = no_escapes[at : at + _SLICE_BYTES].split(b'"')
        outside = b"".join(pieces[begins_inside::2])
        outside_strings.append(outside.translate(_AS_LISTS, _NO_BRACKETS))
        begins_inside ^= len(pieces) % 2 == 0
    return b"".join(outside_strings)


def _has_many_brackets(content: bytes) -> bool:
    """Whether a long line has more opening brackets than levels.

    `count` is faster on short lines; `find` skips an echoed image ten times as fast.
    """
    room = MAX_NESTING
    for bracket in (b"{", b"["):
        at = content.find(bracket)
        while at >= 0:
            if not room:
                return True
            room -= 1
            at = content.find(bracket, at + 1)
    return False
