"""RFC 8259 as the contract narrows it (the contract, section 1.3), by hand.

Numbers are kept as they were written: what is never converted is never rounded.
"""

import re
from dataclasses import dataclass
from typing import TypeAlias

NESTING_LIMIT = 200
CONTAINERS_LIMIT = 250_000
INTEGER_DIGITS_LIMIT = 4300

_WHITE_SPACE = frozenset(" \t\n\r")
_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_PLAIN_CHARACTERS = re.compile(r'[^"\\\x00-\x1f]*')
_FOUR_HEX_DIGITS = re.compile(r"[0-9a-fA-F]{4}")
SHORT_ESCAPES = {
    '"': '"',
    "\\": "\\",
    "/": "/",
    "b": "\b",
    "f": "\f",
    "n": "\n",
    "r": "\r",
    "t": "\t",
}
_LITERALS: dict[str, bool | None] = {"true": True, "false": False, "null": None}


class NotJsonError(Exception):
    """The text is not JSON in the contract's sense."""


@dataclass(frozen=True, slots=True)
class Number:
    """A JSON number as it was written."""

    text: str


Value: TypeAlias = "bool | str | Number | list[Value] | dict[str, Value] | None"


def parse_object_bytes(data: bytes) -> dict[str, Value]:
    """The one object that is the whole of the bytes; raises NotJsonError."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise NotJsonError(str(error)) from error
    return parse_object(text)


def parse_object(text: str) -> dict[str, Value]:
    """The one object that is the whole of the text; raises NotJsonError."""
    scanner = _Scanner(text)
    value = scanner.value(depth=1)
    scanner.skip_white_space()
    if scanner.position != len(text):
        raise NotJsonError("something follows the value")
    if not isinstance(value, dict):
        raise NotJsonError("not an object")
    return value


def parse_object_at(text: str, start: int) -> tuple[dict[str, Value], int]:
    """The object that begins there, and where it ends; raises NotJsonError."""
    scanner = _Scanner(text, start)
    return scanner.members(depth=1), scanner.position


class _Scanner:
    """A recursive descent; the nesting limit bounds the recursion."""

    def __init__(self, text: str, start: int = 0) -> None:
        self.text = text
        self.position = start
        self.containers = 0

    def skip_white_space(self) -> None:
        while self.text[self.position : self.position + 1] in _WHITE_SPACE:
            self.position += 1

    def next_is(self, character: str) -> bool:
        """Skip white space; take the character if it comes next."""
        self.skip_white_space()
        if self.text.startswith(character, self.position):
            self.position += 1
            return True
        return False

    def expect(self, character: str) -> None:
        if not self.next_is(character):
            raise NotJsonError(f"no {character} at {self.position}")

    def value(self, depth: int) -> Value:
        self.skip_white_space()
        first = self.text[self.position : self.position + 1]
        if first == "{":
            return self.members(depth)
        if first == "[":
            return self.elements(depth)
        if first == '"':
            return self.string()
        for word, literal in _LITERALS.items():
            if self.text.startswith(word, self.position):
                self.position += len(word)
                return literal
        return self.number()

    def enter(self, depth: int) -> None:
        """Another list or object begins."""
        self.containers += 1
        if depth > NESTING_LIMIT:
            raise NotJsonError("nested too deeply")
        if self.containers > CONTAINERS_LIMIT:
            raise NotJsonError("too many lists and objects")

    def members(self, depth: int) -> dict[str, Value]:
        self.enter(depth)
        self.expect("{")
        members: dict[str, Value] = {}
        if self.next_is("}"):
            return members
        while True:
            self.skip_white_space()
            key = self.string()
            self.expect(":")
            members[key] = self.value(depth + 1)
            if self.next_is("}"):
                return members
            self.expect(",")

    def elements(self, depth: int) -> list[Value]:
        self.enter(depth)
        self.expect("[")
        elements: list[Value] = []
        if self.next_is("]"):
            return elements
        while True:
            elements.append(self.value(depth + 1))
            if self.next_is("]"):
                return elements
            self.expect(",")

    def number(self) -> Number:
        match = _NUMBER.match(self.text, self.position)
        if match is None:
            raise NotJsonError(f"no value at {self.position}")
        if len(match.group(1)) > INTEGER_DIGITS_LIMIT:
            raise NotJsonError("an integer of too many digits")
        self.position = match.end()
        return Number(match.group())

    def string(self) -> str:
        if self.text[self.position : self.position + 1] != '"':
            raise NotJsonError(f"no string at {self.position}")
        self.position += 1
        pieces: list[str] = []
        while True:
            plain = _PLAIN_CHARACTERS.match(self.text, self.position)
            assert plain is not None
            pieces.append(plain.group())
            self.position = plain.end()
            stop = self.text[self.position : self.position + 1]
            self.position += 1
            if stop == '"':
                return "".join(pieces)
            if stop != "\\":
                raise NotJsonError("a string without end, or a control character in it")
            pieces.append(self.escape())

    def escape(self) -> str:
        """What follows a backslash."""
        letter = self.text[self.position : self.position + 1]
        self.position += 1
        if letter in SHORT_ESCAPES:
            return SHORT_ESCAPES[letter]
        if letter != "u":
            raise NotJsonError("an unknown escape")
        unit = self.code_unit()
        if 0xDC00 <= unit <= 0xDFFF:
            raise NotJsonError("a low surrogate without a high one")
        if not 0xD800 <= unit <= 0xDBFF:
            return chr(unit)
        if self.text[self.position : self.position + 2] != "\\u":
            raise NotJsonError("a high surrogate without a low one")
        self.position += 2
        low = self.code_unit()
        if not 0xDC00 <= low <= 0xDFFF:
            raise NotJsonError("a high surrogate without a low one")
        return chr(0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00))

    def code_unit(self) -> int:
        digits = _FOUR_HEX_DIGITS.match(self.text, self.position)
        if digits is None:
            raise NotJsonError("a \\u without four hexadecimal digits")
        self.position = digits.end()
        return int(digits.group(), 16)
