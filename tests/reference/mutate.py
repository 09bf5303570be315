"""Seeded, structure-aware damage to lines: most of it small, so that most of a line still counts.

`case(seed, number)` gives one line; the same two numbers give the same line. A good record is
built first and then damaged up to three times: in its receipt, in the text around the receipt, in
the record around the text, or in the bytes of the line.
"""

import copy
import random
from collections.abc import Iterable
from dataclasses import dataclass

from tests.reference import ingredients
from tests.reference.forms import (
    TEXT_FORMS,
    TOOL_FORMS,
    Form,
    Said,
    make_model_input,
    make_record,
)
from tests.reference.lines import BYTE_ORDER_MARK
from tests.reference.mutate_bytes import BYTE_STEPS
from tests.reference.mutate_texts import TEXT_STEPS
from tests.reference.mutate_trees import RECEIPT_STEPS, RECORD_STEPS
from tests.reference.tree import Members, Node, to_bytes, write

STEPS = tuple(
    dict.fromkeys(
        step.__name__ for step in (*RECEIPT_STEPS, *TEXT_STEPS, *RECORD_STEPS, *BYTE_STEPS)
    )
)
"""The name of every kind of damage."""


@dataclass(frozen=True, slots=True)
class Case:
    """A line, and how it came about."""

    seed: int
    number: int
    steps: tuple[str, ...]
    line: bytes


def case(seed: int, number: int, *, image_id: str | None = None) -> Case:
    """The line of that number, with an image id of its own or with the given one."""
    chance = random.Random(f"line {seed} {number}")
    counts = _counts(chance)
    steps: list[str] = []

    receipt = ingredients.make_receipt(chance)
    for damage_tree in chance.choices(RECEIPT_STEPS, k=counts[0]):
        steps.append(damage_tree.__name__)
        damage_tree(receipt, chance)

    text = write(receipt, ingredients.make_style(chance, 0.1), chance)
    if chance.random() < 0.2:
        text = ingredients.dress(text, chance)
    for damage_text in chance.choices(TEXT_STEPS, k=counts[1]):
        steps.append(damage_text.__name__)
        text = damage_text(text, chance)

    form, said = _said(_without_bytes(text), receipt, chance)
    made_id = ingredients.make_image_id(chance, number=number, odd_share=0.1)
    record = make_record(
        form,
        image_id=("__pad__" if chance.random() < 0.02 else "") + (image_id or made_id)[:2000],
        said=said,
        model_input=make_model_input(chance),
        chance=chance,
    )
    for damage_tree in chance.choices(RECORD_STEPS, k=counts[2]):
        steps.append(damage_tree.__name__)
        damage_tree(record, chance)

    line = to_bytes(write(record, ingredients.make_style(chance, 0.1), chance))
    for damage_bytes in chance.choices(BYTE_STEPS, k=counts[3]):
        steps.append(damage_bytes.__name__)
        line = damage_bytes(line, chance)
    return Case(seed, number, tuple(steps), line)


def joined(lines: Iterable[bytes], chance: random.Random) -> bytes:
    """An object of lines: some end in CRLF, some are followed by blank ones; with and without a
    byte-order mark and a last newline.
    """
    data = bytearray(BYTE_ORDER_MARK if chance.random() < 0.3 else b"")
    for line in lines:
        data += line + chance.choice((b"\n", b"\n", b"\r\n", b"\n\n", b"\n \t\r\n"))
    if chance.random() < 0.5:
        del data[-1:]
    return bytes(data)


def _said(text: str, receipt: Members, chance: random.Random) -> tuple[Form, Said]:
    """The answer as a text, or by a tool call: some with a text beside it, some by two."""
    stop = chance.choices(("end", "limit", "refused"), weights=(90, 5, 5))[0]
    if chance.random() >= 0.25:
        return chance.choice(TEXT_FORMS), Said(text, stop=stop)
    form = chance.choice(TOOL_FORMS)
    call: Node = text if form is Form.CHAT else receipt
    calls = (call,) if chance.random() < 0.9 else (call, copy.deepcopy(call))
    return form, Said(chance.choice(("", "I will save it.", text)), calls, stop)


def _counts(chance: random.Random) -> list[int]:
    """How many times to damage the receipt, the text, the record and the bytes."""
    levels = chance.choices(range(4), weights=(4, 3, 4, 2), k=chance.randint(1, 3))
    return [levels.count(level) for level in range(4)]


def _without_bytes(text: str) -> str:
    """A text is a string inside JSON: single bytes of it can only be damaged in the line."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
