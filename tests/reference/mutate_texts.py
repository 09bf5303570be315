"""Damage to what the model answered: fences, white space, characters."""

import random

from tests.reference.oddities import CLOSINGS, NEWLINES, OPENINGS, WHITE_SPACES


def fenced(text: str, chance: random.Random) -> str:
    """A fence, good or nearly."""
    newlines = chance.choice(NEWLINES), chance.choice(NEWLINES)
    return chance.choice(OPENINGS) + newlines[0] + text + newlines[1] + chance.choice(CLOSINGS)


def good_fence(text: str, chance: random.Random) -> str:
    """A fence as it should be (a second one, if the text is in one already)."""
    newline = chance.choice(("\n", "\r\n"))
    return newline.join((chance.choice(("```", "```json")), text, "```"))


def half_fence(text: str, chance: random.Random) -> str:
    """A fence's opening or its end alone."""
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
    """Words around the text."""
    return chance.choice(
        (f"Here: {text}", f"{text}\nDone.", f"{text}{text}", f"[{text}]", f'"{text}"')
    )


def cut_text(text: str, chance: random.Random) -> str:
    """The text ends early."""
    return text[: chance.randint(0, len(text))]


def odd_character(text: str, chance: random.Random) -> str:
    """A character more, anywhere."""
    index = chance.randint(0, len(text))
    extra = chance.choice(
        (*WHITE_SPACES, "\\", '"', "{", "}", ",", ":", "`", "\u0000", "😀", "\x7f")
    )
    return text[:index] + extra + text[index:]


def lost_character(text: str, chance: random.Random) -> str:
    """A character less."""
    index = chance.randrange(len(text)) if text else 0
    return text[:index] + text[index + 1 :]


TEXT_STEPS = (
    *(fenced, fenced, good_fence, half_fence, empty_fence, surrounded, talkative, cut_text),
    *(odd_character, lost_character),
)
