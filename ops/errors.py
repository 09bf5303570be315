"""Errors of commands: one sentence with the cure, and an exit code.

OpsError
├── NothingFound      no embedded AWS, stack, job or execution of that name
├── Refused           invalid request, or not confirmed
├── StillWaiting      what was followed did not end in time
└── ResultDiffers     the demo's result differs from the expected one

The exit codes are in `ExitCode`; 2 is also the exit code of an invalid command line.
"""

# ruff: noqa: N818 - each is named for what happened
from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING

from functions.domain.plain_text import counted

if TYPE_CHECKING:
    from collections.abc import Sequence


class ExitCode(IntEnum):
    """How a command ends."""

    DONE = 0
    FAILED = 1
    """The command could not do its work; the sentence on stderr says why and the cure."""
    REFUSED = 2
    """Nothing was done: the request is invalid or was not confirmed."""
    NOT_FOUND = 3
    """Not found."""
    JOB_FAILED = 4
    """The command succeeded, and shows a failed job or execution."""
    DIFFERENT = 5
    """`demo`: the result differs from the expected one."""


class OpsError(Exception):
    """A command cannot go on; its message is for the person who typed it."""

    exit_code = ExitCode.FAILED


class NothingFound(OpsError):
    """Not found."""

    exit_code = ExitCode.NOT_FOUND


class Refused(OpsError):
    """The request is invalid, or was not confirmed: nothing was done."""

    exit_code = ExitCode.REFUSED


class StillWaiting(OpsError):
    """It has not ended in the time that was given."""


class ResultDiffers(OpsError):
    """The demo's result differs from the expected one.

    Attributes:
        differences: A sentence each.
    """

    exit_code = ExitCode.DIFFERENT

    def __init__(self, differences: Sequence[str]) -> None:
        self.differences = tuple(differences)
        super().__init__(
            "The outcome differs from what the generator knows in "
            f"{counted(len(differences), 'place')}; the first: {differences[0]}"
        )
