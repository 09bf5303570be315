r"""The terminal: what came from outside is shown, never obeyed.

Keys, ids and reasons are written by users and models. A control character in them could move
the cursor, recolour or rename the terminal; a bracket could be taken for rich's markup. They
are shown as escapes (`\x1b`), and reach rich as `Text` alone, which has no markup.
"""

from __future__ import annotations

import json
import sys
import unicodedata
from typing import TextIO

from rich.console import Console
from rich.text import Text

# Cc: control characters. Cf: invisible ones, those that reverse the writing direction among
# them. Cs: halves of surrogate pairs, which no terminal can be sent. Zl, Zp: other line ends.
_UNSHOWABLE = {"Cc", "Cf", "Cs", "Zl", "Zp"}

_WIDTH = 160  # of tables in files and pipes


def _console(stream: TextIO, *, stderr: bool) -> Console:
    return Console(
        stderr=stderr,
        width=None if stream.isatty() else _WIDTH,
        highlight=False,
        markup=False,
        emoji=False,
        soft_wrap=True,
    )


out = _console(sys.stdout, stderr=False)
"""What a command was asked for."""
err = _console(sys.stderr, stderr=True)
"""What it has to say beside that."""


def visible(value: object) -> str:
    """A string from outside, every character of it showable and none obeyed."""
    return "".join(
        character if unicodedata.category(character) not in _UNSHOWABLE else _escape(character)
        for character in str(value)
    )


def outside(value: object, style: str = "") -> Text:
    """A string from outside as rich shows it."""
    return Text(visible(value), style=style)


def print_json(value: object) -> None:
    """Print a JSON value for a program; it is ASCII, so a terminal cannot be told anything."""
    out.out(json.dumps(value, indent=2, default=str))


def _escape(character: str) -> str:
    return character.encode("unicode_escape", "surrogatepass").decode()
