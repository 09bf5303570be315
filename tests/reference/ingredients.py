"""Good receipts, image ids and ways to write them, by chance."""

import random
from dataclasses import dataclass
from decimal import Decimal

from tests.reference.receipts import CATEGORIES, TYPES
from tests.reference.tree import Members, Node, Raw, Style, write
from tests.reference.vocabulary import (
    AMOUNTS,
    FENCES,
    IMAGE_ID_PARTS,
    MERCHANTS,
    PHRASES,
    POSTSCRIPTS,
    PREAMBLES,
    THOUGHTS,
)


@dataclass(frozen=True, slots=True)
class ExpectedReceipt:
    """What a good record's transaction must hold."""

    amount: Decimal
    type: str
    date: str
    merchant: str
    category: str
    description: str


def make_image_id(chance: random.Random, *, number: int, odd_share: float) -> str:
    """An image id of its own; odd ones hold characters that trip encoders, or are 2,048 bytes."""
    plain = f"{chance.getrandbits(64):016x}-{number}"
    if chance.random() >= odd_share:
        return plain
    odd = "/".join(chance.choices(IMAGE_ID_PARTS, k=chance.randint(1, 4))) + plain
    if chance.random() < 0.1:
        return odd + "x" * (2048 - len(odd.encode()))
    return odd


def make_style(chance: random.Random, escaped_share: float) -> Style:
    """A way to write JSON."""
    item_separator, key_separator = chance.choice(
        ((",", ":"), (", ", ": "), (" ,\t", " : "), (",\r", "\r:\t"))
    )
    escaped = chance.random() < escaped_share
    return Style(
        item_separator,
        key_separator,
        escape_all=chance.random() < 0.5,
        escape_share=0.3 if escaped else 0.0,
    )


def make_receipt(
    chance: random.Random, description_characters: tuple[int, int] = (0, 120)
) -> tuple[Members, ExpectedReceipt]:
    """A receipt that is good, and what it must become."""
    if chance.random() < 0.3:
        written, exact = chance.choice(AMOUNTS)
    else:
        written = exact = f"{chance.randint(1, 10**9)}.{chance.randint(0, 99):02d}"
    date = f"{chance.randint(1, 9999):04d}-{chance.randint(1, 12):02d}-{chance.randint(1, 28):02d}"
    merchant = chance.choice(MERCHANTS)
    padding = chance.choice(("", "", "", " ", "\t", "\u3000", "\u00a0"))
    kind, category = chance.choice(TYPES), chance.choice(CATEGORIES)
    description = make_description(chance, description_characters)
    pairs: list[tuple[str, Node]] = [
        ("amount", Raw(written)),
        ("type", kind),
        ("date", date),
        ("merchant", padding + merchant + padding),
        ("category", category),
    ]
    if description or chance.random() < 0.5:
        pairs.append(("description", description))
    elif chance.random() < 0.5:
        pairs.append(("description", None))
    if chance.random() < 0.2:
        pairs.append(("confidence", Raw("0.97")))
    if chance.random() < 0.2:
        pairs.append(("items", [Members([("name", merchant), ("price", 1)])]))
    chance.shuffle(pairs)
    expected = ExpectedReceipt(Decimal(exact), kind, date, merchant.strip(), category, description)
    return Members(pairs), expected


def make_description(chance: random.Random, characters: tuple[int, int]) -> str:
    """Phrases of the world up to a length drawn from the span."""
    length = chance.randint(*characters)
    pieces: list[str] = []
    while sum(map(len, pieces)) < length:
        pieces.append(chance.choice(PHRASES))
    return " ".join(pieces)[:length]


def make_text(chance: random.Random, receipt: Members, *, dressed_share: float) -> str:
    """The model's answer: the receipt, some with what models put around it."""
    style = chance.choice((Style(), Style(", ", ": "), Style(",\n  ", ": ")))
    text = write(receipt, style, chance)
    if chance.random() < dressed_share:
        text = dress(text, chance)
    around = chance.choice(("", "", "\n", " \n\n", "\u3000", "\ufeff"))
    return around + text + around


def dress(text: str, chance: random.Random) -> str:
    """An object's text with what models put around it: fences, prose, reasoning, a lost brace."""
    draw = chance.random()
    if draw < 0.1 and text.rfind("{") == 0 and "</" not in text:
        return text[1:]
    if draw < 0.5:
        newline = chance.choice(("\n", "\n", "\r\n"))
        text = newline.join((chance.choice(FENCES), text, chance.choice(("```", "~~~", ""))))
    if draw > 0.4:
        text = chance.choice(PREAMBLES) + text + chance.choice(POSTSCRIPTS)
    if draw > 0.6 and "</" not in text:
        text = make_reasoning(chance) + text
    return text


def make_reasoning(chance: random.Random) -> str:
    """Reasoning as it precedes an answer, with braces in it, or without its first tag."""
    tag = chance.choice(("reasoning", "think", "thinking"))
    thoughts = [chance.choice(THOUGHTS) for _ in range(chance.choice((1, 1, 2)))]
    if chance.random() < 0.2:
        return f"{' '.join(thoughts)}</{tag}>\n"
    between = chance.choice(("", "\n", "\n\n"))
    return "".join(f"<{tag}>{thought}</{tag}>{between}" for thought in thoughts)
