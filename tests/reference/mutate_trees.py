"""Damage to the receipt or to the record, by its structure."""

import copy
import random

from tests.reference.forms import TEXT_FORMS, Said, make_record, make_response
from tests.reference.oddities import (
    ERRORS,
    KEYS,
    NO_NUMBERS,
    NO_VALUES,
    ODD_DATES,
    ODD_NUMBERS,
    ODD_STRINGS,
    ODD_VALUES,
    STOP_REASONS,
    WHITE_SPACES,
)
from tests.reference.tree import Members, Node, Raw, objects, places
from tests.reference.vocabulary import BAD_FIELDS


def odd_number(tree: Members, chance: random.Random) -> None:
    """Some value becomes a number at an edge."""
    chance.choice(list(places(tree))).replace(Raw(chance.choice(ODD_NUMBERS)))


def no_number(tree: Members, chance: random.Random) -> None:
    """Some value becomes what only looks like a number."""
    chance.choice(list(places(tree))).replace(Raw(chance.choice(NO_NUMBERS)))


def no_value(tree: Members, chance: random.Random) -> None:
    """Some value becomes what is no JSON, or ends its parent early."""
    chance.choice(list(places(tree))).replace(Raw(chance.choice(NO_VALUES)))


def odd_string(tree: Members, chance: random.Random) -> None:
    """Some value becomes a string at an edge: escapes, surrogates, bytes, white space."""
    chance.choice(list(places(tree))).replace(Raw(chance.choice(ODD_STRINGS)))


def _odd_value(chance: random.Random) -> Node:
    """A value of any type, of its own: later damage to it must not come back."""
    return copy.deepcopy(chance.choice(ODD_VALUES))


def other_type(tree: Members, chance: random.Random) -> None:
    """Some value becomes one of another type."""
    chance.choice(list(places(tree))).replace(_odd_value(chance))


def wrapped(tree: Members, chance: random.Random) -> None:
    """Some value moves a level down."""
    place = chance.choice(list(places(tree)))
    place.replace(
        chance.choice(
            ([place.value], Members([(chance.choice(KEYS), place.value)]), [1, place.value])
        )
    )


def nested(tree: Members, chance: random.Random) -> None:
    """Some value becomes nesting about as deep as is allowed, or very deep."""
    place = chance.choice(list(places(tree)))
    depth = chance.choice((190, 195, 196, 197, 198, 199, 200, 201, 202, 500, 1500, 20_000))
    opening, closing = chance.choice((("[", "]"), ('{"a":', "}"), ('[{"":', "}]")))
    depth = depth // 2 if len(opening) == 5 and opening[0] == "[" else depth
    core = chance.choice(("1", "[]", "{}", '""'))
    closings = closing * (depth if chance.random() < 0.9 else chance.randint(0, depth))
    place.replace(Raw(opening * depth + core + closings))


def repeated_key(tree: Members, chance: random.Random) -> None:
    """A key comes again, before or after, with another value."""
    members = chance.choice(list(objects(tree)))
    if not members.pairs:
        return
    key, value = chance.choice(members.pairs)
    other = chance.choice(
        (_odd_value(chance), copy.deepcopy(value), Raw(chance.choice(ODD_NUMBERS)))
    )
    members.pairs.insert(chance.randint(0, len(members.pairs)), (key, other))


def missing_key(tree: Members, chance: random.Random) -> None:
    members = chance.choice(list(objects(tree)))
    if members.pairs:
        members.pairs.pop(chance.randrange(len(members.pairs)))


def other_key(tree: Members, chance: random.Random) -> None:
    members = chance.choice(list(objects(tree)))
    if members.pairs:
        index = chance.randrange(len(members.pairs))
        members.pairs[index] = (chance.choice(KEYS), members.pairs[index][1])


def added_key(tree: Members, chance: random.Random) -> None:
    members = chance.choice(list(objects(tree)))
    value = chance.choice((_odd_value(chance), Raw(chance.choice(ODD_STRINGS))))
    members.pairs.insert(chance.randint(0, len(members.pairs)), (chance.choice(KEYS), value))


def shuffled(tree: Members, chance: random.Random) -> None:
    for members in objects(tree):
        chance.shuffle(members.pairs)


def odd_amount(tree: Members, chance: random.Random) -> None:
    tree.put("amount", Raw(chance.choice(ODD_NUMBERS)))


def random_amount(tree: Members, chance: random.Random) -> None:
    """The amount of random digits about the limits of digits and powers."""
    digits = "".join(chance.choices("0123456789", k=chance.randint(1, 42)))
    point = chance.randint(1, len(digits))
    whole, fraction = digits[:point].lstrip("0") or "0", digits[point:]
    written = whole + (f".{fraction}" if fraction else "")
    if chance.random() < 0.6:
        written += chance.choice("eE") + str(
            chance.choice((0, -130, 12, -25)) + chance.randint(-9, 9)
        )
    tree.put("amount", Raw(written))


def odd_date(tree: Members, chance: random.Random) -> None:
    tree.put("date", chance.choice(ODD_DATES))


def odd_field(tree: Members, chance: random.Random) -> None:
    tree.put(*copy.deepcopy(chance.choice(BAD_FIELDS)))


def odd_white_space(tree: Members, chance: random.Random) -> None:
    """The merchant within or of white space, real and supposed."""
    spaces = "".join(chance.choices(WHITE_SPACES, k=chance.randint(1, 3)))
    tree.put("merchant", chance.choice((spaces, f"{spaces}x", f"x{spaces}", f"{spaces}x{spaces}y")))


def odd_image_id(tree: Members, chance: random.Random) -> None:
    """The image id of an odd type or length, under either name."""
    for key in chance.sample(("recordId", "customData", "custom_id"), chance.randint(1, 3)):
        tree.put(key, chance.choice((_odd_value(chance), Raw(chance.choice(ODD_STRINGS)))))


def odd_error(tree: Members, chance: random.Random) -> None:
    """An error of any shape, beside the answer, around it, or in its place."""
    error = chance.choice((*map(copy.deepcopy, ERRORS), _odd_value(chance)))
    if isinstance(error, Members) and chance.random() < 0.5:
        added_key(error, chance)
        other_type(error, chance)
    draw = chance.random()
    if draw < 0.5:
        tree.put("error", error)
    elif draw < 0.8:
        inside = Members([("error", error)])
        if chance.random() < 0.3:
            inside.put("type", chance.choice(("error", "Error", "message")))
        tree.put("modelOutput", inside)
    else:
        statuses = ("200", "199", "299", "300", "299.5", "4.29e2", "500", "-1", '"500"', "null")
        body = chance.choice((Members([("error", error)]), error))
        tree.put("response", make_response(body, Raw(chance.choice(statuses))))
        if chance.random() < 0.5:
            tree.pairs[:] = [pair for pair in tree.pairs if pair[0] != "modelOutput"]


def odd_stop_reason(tree: Members, chance: random.Random) -> None:
    """A stop reason more, of any family, anywhere."""
    members = chance.choice(list(objects(tree)))
    key = chance.choice(("stop_reason", "stopReason", "finish_reason", "completionReason"))
    members.put(key, chance.choice(STOP_REASONS))


def guarded(tree: Members, chance: random.Random) -> None:
    """What a guardrail, or a model that refuses, leaves in an answer."""
    members = chance.choice(list(objects(tree)))
    key = chance.choice(("amazon-bedrock-guardrailAction", "refusal"))
    members.put(key, chance.choice(("INTERVENED", "NONE", "I cannot.", "", None, True)))


def two_forms(tree: Members, chance: random.Random) -> None:
    """A second form's path beside the first."""
    other = make_record(
        chance.choice(TEXT_FORMS),
        image_id="other",
        said=Said(chance.choice(("", "{}", "second form"))),
        model_input=Members(),
        chance=chance,
    )
    for key, value in other.pairs:
        if key == "output":
            tree.put("output", value)
        elif key == "modelOutput" and isinstance(value, Members):
            for name, present in tree.pairs:
                if name == "modelOutput" and isinstance(present, Members):
                    present.pairs.extend(value.pairs)
                    break
            else:
                tree.put("modelOutput", value)


def odd_model_input(tree: Members, chance: random.Random) -> None:
    """Damage inside `modelInput`, which is scanned and otherwise unused."""
    texts = (*ODD_NUMBERS, *NO_NUMBERS, *NO_VALUES, *ODD_STRINGS)
    tree.put("modelInput", Raw(f'{{"image":{chance.choice(texts)}}}'))


_ANYWHERE = (
    *(odd_number, no_number, no_value, odd_string, other_type, wrapped, nested),
    *(repeated_key, missing_key, other_key, added_key, shuffled),
)
RECEIPT_STEPS = (
    *(*_ANYWHERE, odd_amount, odd_amount, random_amount, random_amount, odd_date, odd_field),
    odd_white_space,
)
RECORD_STEPS = (
    *(*_ANYWHERE, odd_image_id, odd_error, odd_error, two_forms, odd_model_input),
    *(odd_model_input, odd_stop_reason, guarded),
)
