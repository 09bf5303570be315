"""Damage to what the model answered: fences, tags, prose, white space, characters."""

import random

from tests.reference import ingredients
from tests.reference.oddities import CLOSINGS, NEWLINES, ODD_TAGS, OPENINGS, WHITE_SPACES


def fenced(text: str, chance: random.Random) -> str:
    """A fence, good or nearly."""
    newlines = chance.choice(NEWLINES), chance.choice(NEWLINES)
    return chance.choice(OPENINGS) + newlines[0] + text + newlines[1] + chance.choice(CLOSINGS)


def good_fence(text: str, chance: random.Random) -> str:
    """A fence as it should be (a second one, if the text is in one already)."""
    newline = chance.choice(("\n", "\r\n"))
    return newline.join((chance.choice(("```", "```json")), text, "```"))


def half_fence(text: str, chance: random.Random) -> str:
    return chance.choice((f"```json\n{text}", f"{text}\n```", f"```{text}```", "```", "```\n```"))


def empty_fence(_: str, chance: random.Random) -> str:
    """A fence with next to nothing in it."""
    body = chance.choice(("", "\n", " ", "\n\n", "{}", "[]", "\r", "``"))
    return f"```{chance.choice(('', 'json'))}\n{body}\n```"


def surrounded(text: str, chance: random.Random) -> str:
    """White space, real and supposed, around the text."""
    spaces = chance.choices(WHITE_SPACES, k=chance.randint(1, 4))
    cut = chance.randint(0, len(spaces))
    return "".join(spaces[:cut]) + text + "".join(spaces[cut:])


def talkative(text: str, chance: random.Random) -> str:
    return chance.choice(
        (f"Here: {text}", f"{text}\nDone.", f"{text}{text}", f"[{text}]", f'"{text}"')
    )


def cut_text(text: str, chance: random.Random) -> str:
    return text[: chance.randint(0, len(text))]


def odd_character(text: str, chance: random.Random) -> str:
    """A character more, anywhere."""
    index = chance.randint(0, len(text))
    extra = chance.choice(
        (*WHITE_SPACES, "\\", '"', "{", "}", ",", ":", "`", "\u0000", "😀", "\x7f")
    )
    return text[:index] + extra + text[index:]


def lost_character(text: str, chance: random.Random) -> str:
    index = chance.randrange(len(text)) if text else 0
    return text[:index] + text[index + 1 :]


def dressed(text: str, chance: random.Random) -> str:
    return ingredients.dress(text, chance)


def odd_tag(text: str, chance: random.Random) -> str:
    """A tag of reasoning, or nearly one, anywhere; most at the front."""
    index = 0 if chance.random() < 0.6 else chance.randint(0, len(text))
    return text[:index] + chance.choice(ODD_TAGS) + text[index:]


def cut_reasoning(text: str, chance: random.Random) -> str:
    """Reasoning before the text, a piece of it lost: a part of a tag, a tag, or more."""
    reasoning = ingredients.make_reasoning(chance)
    start = chance.randint(0, len(reasoning))
    return reasoning[:start] + reasoning[start + chance.randint(1, 12) :] + text


def closing_tag_inside(text: str, chance: random.Random) -> str:
    """A closing tag within a string of the object."""
    tag = chance.choice(("</think>", "</reasoning>", "</thinking>", "<think>"))
    quotes = [index + 1 for index, character in enumerate(text) if character == '"']
    index = chance.choice(quotes) if quotes else 0
    return text[:index] + tag + text[index:]


def second_object(text: str, chance: random.Random) -> str:
    """An object more, or what only looks like one."""
    others = ("{}", '{"a": 1}', "{a}", "{", '{"a": {"b": 1}', '{"a": [{}, {}', text, "{{}}", "{]")
    other = chance.choice(others)
    between = chance.choice(("", "\n", ",", "\n\nand also ", "\n---\n"))
    return text + between + other if chance.random() < 0.7 else other + between + text


def lost_brace(text: str, _: random.Random) -> str:
    """The opening brace was prefilled."""
    return text.replace("{", "", 1)


def quoted(text: str, chance: random.Random) -> str:
    """The object written once more as a string, or within another text in quotes."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return chance.choice((f'"{escaped}"', f'"{text}"', f'"Result": {text}', f'"a": 1, {text[1:]}'))


TEXT_STEPS = (
    *(fenced, fenced, good_fence, half_fence, empty_fence, surrounded, talkative, cut_text),
    *(odd_character, lost_character, dressed, dressed, odd_tag, cut_reasoning, cut_reasoning),
    *(closing_tag_inside, second_object, second_object, lost_brace, quoted),
)
