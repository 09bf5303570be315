"""How this command was started, so that a command to type next works as pasted."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from functions.domain.plain_text import argument

NAME = "ingest"


def program() -> str:
    """`ingest` where the shell finds it by that name, else the path that it was started by."""
    started = Path(sys.argv[0])
    if started.name != NAME or not started.exists():
        return NAME
    found = shutil.which(NAME)
    if found is not None and Path(found).samefile(started):
        return NAME
    return argument(sys.argv[0])


def pasteable(text: str) -> str:
    """A text whose commands in backticks work as pasted."""
    return text.replace(f"`{NAME} ", f"`{program()} ")
