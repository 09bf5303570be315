"""Good receipts, image ids and ways to write them, by chance."""

import random

from tests.reference.receipts import CATEGORIES, TYPES
from tests.reference.tree import Members, Node, Raw, Style
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


def make_receipt(chance: random.Random) -> Members:
    if chance.random() < 0.3:
        amount = chance.choice(AMOUNTS)
    else:
        amount = f"{chance.randint(1, 10**9)}.{chance.randint(0, 99):02d}"
    date = f"{chance.randint(1, 9999):04d}-{chance.randint(1, 12):02d}-{chance.randint(1, 28):02d}"
    merchant = chance.choice(MERCHANTS)
    padding = chance.choice(("", "", "", " ", "\t", "\u3000", "\u00a0"))
    pairs: list[tuple[str, Node]] = [
        ("amount", Raw(amount)),
        ("type", chance.choice(TYPES)),
        ("date", date),
        ("merchant", padding + merchant + padding),
        ("category", chance.choice(CATEGORIES)),
    ]
    description = " ".join(chance.choices(PHRASES, k=chance.randint(0, 8)))
    if description or chance.random() < 0.5:
        pairs.append(("description", description))
    elif chance.random() < 0.5:
        pairs.append(("description", None))
    if chance.random() < 0.2:
        pairs.append(("confidence", Raw("0.97")))
    if chance.random() < 0.2:
        pairs.append(("items", [Members([("name", merchant), ("price", 1)])]))
    chance.shuffle(pairs)
    return Members(pairs)


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
