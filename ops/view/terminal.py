r"""The terminal: text from outside is escaped.

Keys, ids and reasons are written by users and models. A control character in them could move
the cursor, recolour or rename the terminal; a bracket could be taken for rich's markup. They
are shown as escapes (`\x1b`), and reach rich as `Text` alone, which has no markup.
"""

from __future__ import annotations

import io
import json
import os
import re
import sys
from typing import TYPE_CHECKING, TextIO

from rich.console import Console
from rich.table import Table
from rich.text import Text

from functions.domain.plain_text import visible

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["err", "out", "outside", "print_json", "prose", "table", "visible"]

_WIDTH = 160  # of tables in files and pipes, unless COLUMNS says otherwise
_WORDS = re.compile(r"(?:`[^`]*`|\S)+")


def _console(stream: TextIO | None, *, stderr: bool) -> Console:
    """A console on a stream of this process, which may be closed (`>&-`): then there is none."""
    if isinstance(stream, io.TextIOWrapper):
        # A merchant's name must not end a command where the encoding has no letters for it.
        stream.reconfigure(errors="backslashreplace")
    return Console(
        stderr=stderr,
        width=None if stream is not None and stream.isatty() else _columns(),
        highlight=False,
        markup=False,
        emoji=False,
        soft_wrap=True,
    )


def _columns() -> int:
    """Characters of a line where no terminal says it."""
    said = os.environ.get("COLUMNS", "")
    return int(said) if re.fullmatch("[1-9][0-9]{0,3}", said, re.ASCII) else _WIDTH


out = _console(sys.stdout, stderr=False)
"""The result of a command."""
err = _console(sys.stderr, stderr=True)
"""Progress, notes and errors."""


def outside(value: object, style: str = "") -> Text:
    """A string from outside as rich shows it."""
    return Text(visible(value), style=style)


def prose(text: str, *, indent: int = 0, width: int | None = None) -> str:
    """Sentences, wrapped at words, behind `indent` spaces; a command in backticks stays whole.

    Lines are as wide as the terminal, and have no limit elsewhere.
    """
    margin = " " * indent
    if width is None and not out.is_terminal:
        return margin + text
    width = width or out.width
    lines, line = [], ""
    for word in _WORDS.findall(text):
        if line and indent + len(line) + 1 + len(word) > width:
            lines.append(line)
            line = ""
        line = f"{line} {word}" if line else word
    return "\n".join(f"{margin}{each}" for each in [*lines, line])


def table(
    *columns: str, right: Sequence[str] = (), whole: Sequence[str] = (), title: str | None = None
) -> Table:
    """An empty table without lines; cells are wrapped but in `whole` columns."""
    made = Table(box=None, header_style="dim", pad_edge=False, title=title)
    made.title_justify, made.title_style = "left", "bold"
    for column in columns:
        made.add_column(
            column,
            overflow="fold",
            justify="right" if column in right else "left",
            no_wrap=column in whole,
        )
    return made


def print_json(value: object) -> None:
    """Print a JSON value for a program; it is ASCII, so it cannot control the terminal."""
    out.out(json.dumps(value, indent=2, default=str))
