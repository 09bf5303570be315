r"""Make text from outside safe to show.

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
_AS_ONE_WORD: Final = re.compile(r"[\w@%+=:,./-]+")


def visible(value: object) -> str:
    """Escape the characters of a string that a terminal would not show as they are."""
    return "".join(each if _is_showable(each) else _escape(each) for each in str(value))


def argument(text: str) -> str:
    r"""A string as one word of a command that a person copies into a shell.

    Control characters become the shell's own escapes (`$'...'`), so that the word keeps its
    meaning.
    """
    if all(map(_is_showable, text)):
        return text if _AS_ONE_WORD.fullmatch(text) else shlex.quote(text)
    plain = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"$'{''.join(each if _is_showable(each) else _shell_escape(each) for each in plain)}'"


def counted(number: int, noun: str) -> str:
    """`1 execution`, `2 executions`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _is_showable(character: str) -> bool:
    return unicodedata.category(character) not in _UNSHOWABLE


def _shell_escape(character: str) -> str:
    r"""A shell takes `\x9b` for a byte, not for a letter."""
    code = ord(character)
    return f"\\x{code:02x}" if character.isascii() else f"\\U{code:08x}"


def _escape(character: str) -> str:
    return character.encode("unicode_escape", "surrogatepass").decode()
