"""Questions before a command changes anything."""

from __future__ import annotations

import sys

import typer

from ops.errors import Refused


def confirm(question: str, *, yes: bool, as_json: bool) -> None:
    """Ask a person, unless `--yes` was given.

    Raises:
        Refused: the answer is no, or there is no terminal to ask on.
    """
    if yes:
        return
    if as_json or not sys.stdin.isatty():
        raise Refused(f"{question} There is no terminal to ask on: say --yes. Nothing was done.")
    if not typer.confirm(question, err=True):
        raise Refused("Nothing was done.")
