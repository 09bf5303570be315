"""RFC 8259 as the contract narrows it (section 1.3), on the parser of the standard library.

Numbers are kept as they were written: what is never converted is never rounded.
"""

import json
import re
from dataclasses import dataclass
from typing import NoReturn, TypeAlias

NESTING_LIMIT = 200
CONTAINERS_LIMIT = 250_000
INTEGER_DIGITS_LIMIT = 4300
_SURROGATE = re.compile("[\ud800-\udfff]")


class NotJsonError(Exception):
    """The text is not JSON in the contract's sense."""


@dataclass(frozen=True, slots=True)
class Number:
    """A JSON number as it was written."""

    text: str


Value: TypeAlias = "bool | str | Number | list[Value] | dict[str, Value] | None"


class _Object(dict[str, Value]):
    """An object, with the levels and the lists and objects that were written in it.

    Of repeated keys the last value is kept, but all of them must be JSON.
    """

    levels: int
    containers: int


def parse_object_bytes(data: bytes) -> dict[str, Value]:
    """The one object that is the whole of the bytes; raises NotJsonError."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise NotJsonError(str(error)) from error
    return parse_object(text)


def parse_object(text: str) -> dict[str, Value]:
    """The one object that is the whole of the text; raises NotJsonError."""
    found, end = parse_object_at(text, len(text) - len(text.lstrip(" \t\n\r")))
    if text[end:].strip(" \t\n\r"):
        raise NotJsonError("something follows the value")
    return found


def parse_object_at(text: str, start: int) -> tuple[dict[str, Value], int]:
    """The object that begins there, and where it ends; raises NotJsonError."""
    try:
        found, end = _DECODER.raw_decode(text, start)
    except (ValueError, RecursionError) as error:
        raise NotJsonError(str(error)) from error
    if not isinstance(found, _Object):
        raise NotJsonError("not an object")
    if found.levels > NESTING_LIMIT:
        raise NotJsonError("nested too deeply")
    if found.containers > CONTAINERS_LIMIT:
        raise NotJsonError("too many lists and objects")
    return found, end


def _object(pairs: list[tuple[str, Value]]) -> _Object:
    made = _Object(pairs)
    sizes = [_size(each) for pair in pairs for each in pair]
    made.levels = 1 + max((levels for levels, _ in sizes), default=0)
    made.containers = 1 + sum(containers for _, containers in sizes)
    return made


def _size(value: Value) -> tuple[int, int]:
    """Levels, and how many lists and objects; raises NotJsonError for an unpaired surrogate."""
    if isinstance(value, _Object):
        return value.levels, value.containers
    if isinstance(value, list):
        sizes = [_size(each) for each in value]
        return 1 + max((s[0] for s in sizes), default=0), 1 + sum(s[1] for s in sizes)
    if isinstance(value, str) and _SURROGATE.search(value):
        raise NotJsonError("an unpaired surrogate")
    return 0, 0


def _number(text: str) -> Number:
    whole = text.lower().partition("e")[0].partition(".")[0]
    if len(whole.removeprefix("-")) > INTEGER_DIGITS_LIMIT:
        raise NotJsonError("an integer of too many digits")
    return Number(text)


def _no_constant(name: str) -> NoReturn:
    raise NotJsonError(name)


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object,
    parse_float=_number,
    parse_int=_number,
    parse_constant=_no_constant,
)
