"""JSON as something to build and to damage: members repeat, and any text can stand for a value."""

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Raw:
    """Text written where a value belongs; a character U+DC80 to U+DCFF becomes that one byte."""

    text: str


@dataclass(slots=True)
class Members:
    """An object's members in order; a key may repeat."""

    pairs: list[tuple[str, "Node"]] = field(default_factory=list)

    def put(self, key: str, value: "Node") -> None:
        """Replace the first member of that key, or add one."""
        for index, (name, _) in enumerate(self.pairs):
            if name == key:
                self.pairs[index] = (key, value)
                return
        self.pairs.append((key, value))


Node: TypeAlias = "str | int | bool | Raw | Members | list[Node] | None"


@dataclass(frozen=True, slots=True)
class Style:
    """How to write: separators, and which share of characters is escaped without need."""

    item_separator: str = ","
    key_separator: str = ":"
    escape_all: bool = False
    escape_share: float = 0.0


def write(node: Node, style: Style, chance: random.Random) -> str:
    if isinstance(node, Raw):
        return node.text
    if isinstance(node, Members):
        members = (
            f"{_string(key, style, chance)}{style.key_separator}{write(value, style, chance)}"
            for key, value in node.pairs
        )
        return "{" + style.item_separator.join(members) + "}"
    if isinstance(node, list):
        return "[" + style.item_separator.join(write(each, style, chance) for each in node) + "]"
    if isinstance(node, str):
        return _string(node, style, chance)
    return json.dumps(node)


def to_bytes(text: str) -> bytes:
    """UTF-8, with the bytes that Raw asked for."""
    return text.encode("utf-8", "surrogateescape")


def _string(value: str, style: Style, chance: random.Random) -> str:
    if style.escape_share == 0.0 or len(value) > 1000:
        return json.dumps(value, ensure_ascii=style.escape_all)
    return '"' + "".join(_character(each, style, chance) for each in value) + '"'


def _character(character: str, style: Style, chance: random.Random) -> str:
    if chance.random() >= style.escape_share:
        if character.isascii() and character.isalnum():
            return character
        return json.dumps(character, ensure_ascii=style.escape_all)[1:-1]
    if character == "/":
        return "\\/"
    units = character.encode("utf-16-be")
    hexadecimal = [units[index : index + 2].hex() for index in range(0, len(units), 2)]
    return "".join(f"\\u{each.upper() if chance.random() < 0.5 else each}" for each in hexadecimal)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a value hangs: in an object's members or in a list."""

    parent: "Members | list[Node]"
    index: int

    @property
    def value(self) -> Node:
        if isinstance(self.parent, Members):
            return self.parent.pairs[self.index][1]
        return self.parent[self.index]

    def replace(self, value: Node) -> None:
        if isinstance(self.parent, Members):
            self.parent.pairs[self.index] = (self.parent.pairs[self.index][0], value)
        else:
            self.parent[self.index] = value


def places(node: Node) -> Iterator[Place]:
    """Every value below a node, depth first."""
    if isinstance(node, Members):
        children: list[Node] = [value for _, value in node.pairs]
    elif isinstance(node, list):
        children = list(node)
    else:
        return
    for index, child in enumerate(children):
        yield Place(node, index)
        yield from places(child)


def objects(node: Node) -> Iterator[Members]:
    """The node, if it is an object, and every object below it."""
    if isinstance(node, Members):
        yield node
    for place in places(node):
        if isinstance(place.value, Members):
            yield place.value
