r"""Text from outside, made fit to be read: shown, never obeyed.

Keys, ids and reasons are written by users and models. A control character in them could move a
terminal's cursor or add a line to an e-mail, an invisible one hide a part of a command, one that
reverses the writing direction show another name. They are shown as escapes (`\x1b`).
"""

import re
import shlex
import unicodedata
from typing import Final

# Cc: control characters. Cf: invisible ones, those that reverse the writing direction among
# them. Cs: halves of surrogate pairs, which nothing can be sent. Zl, Zp: other line ends.
_UNSHOWABLE: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_SHORTENED: Final = "..."
_AS_ONE_WORD: Final = re.compile(r"[\w@%+=:,./-]+")


def visible(value: object) -> str:
    """A string from outside, every character of it showable and none obeyed."""
    return "".join(
        character if unicodedata.category(character) not in _UNSHOWABLE else _escape(character)
        for character in str(value)
    )


def shortened(text: str, most: int) -> str:
    """The text, or its head with `...` behind it: `most` characters at most."""
    return text if len(text) <= most else text[: most - len(_SHORTENED)] + _SHORTENED


def argument(text: str) -> str:
    r"""A string as one word of a command that a person copies into a shell.

    What a terminal could obey is written as the shell's own escapes (`$'...'`), so that the word
    still means what it says.
    """
    if visible(text) == text:
        return text if _AS_ONE_WORD.fullmatch(text) else shlex.quote(text)
    escaped = visible(text.replace("\\", "\\\\").replace("'", "\\'"))
    return f"$'{escaped}'"


def _escape(character: str) -> str:
    return character.encode("unicode_escape", "surrogatepass").decode()
