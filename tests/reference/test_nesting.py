"""Both count levels alike, whatever stands beside them and whatever strings hold brackets."""

import random

from functions.domain.receipts import strict_json as product
from tests.reference import strict_json as reference

LEAVES = ("[]", "{}", "1", '""', '"[{\\""', '"\\\\"')
BESIDE = ("[]", "{}", '"["', '"\\"]"', '"\\\\\\\\"', "[[],[]]")
KEYS = ("a", "[", '\\"]', "\\\\")


def nested(depth: int, chance: random.Random) -> str:
    """JSON of that many levels, or one more where the innermost is empty."""
    text = chance.choice(LEAVES)
    for _ in range(depth):
        elements = [text]
        if chance.random() < 0.5:
            elements.insert(chance.randint(0, 1), chance.choice(BESIDE))
        if chance.random() < 0.5:
            text = f"[{','.join(elements)}]"
        else:
            members = (f'"{chance.choice(KEYS)}{n}":{each}' for n, each in enumerate(elements))
            text = "{" + ",".join(members) + "}"
    return text


def _product_takes(text: str) -> bool:
    try:
        product.parse_object(text.encode())
    except ValueError:
        return False
    return True


def _reference_takes(text: str) -> bool:
    try:
        reference.parse_object(text)
    except reference.NotJsonError:
        return False
    return True


def test_they_agree_on_levels() -> None:
    chance = random.Random(1)
    taken = 0
    for _ in range(1000):
        depth = chance.choice((3, 100, *range(195, 203)))
        parts = [nested(depth, chance), *(nested(5, chance) for _ in range(chance.randint(0, 3)))]
        chance.shuffle(parts)
        text = "{" + ",".join(f'"{n}":{part}' for n, part in enumerate(parts)) + "}"
        assert _product_takes(text) == _reference_takes(text), text
        taken += _reference_takes(text)
    assert 300 < taken < 970
