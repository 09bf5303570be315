"""What can go wrong in a command: one sentence with the cure, and an exit code.

OpsError
├── NothingFound      no embedded AWS, stack, job or execution of that name
├── AWSRefused        AWS answered with an error, or not at all
├── Refused           what was asked for makes no sense, or nobody said yes
├── CannotSubmit      the file cannot be uploaded as that job's results
├── StillWaiting      what was followed did not end in time
└── ResultDiffers     what came of the demo is not what its generator knows

The exit codes are in `ExitCode`; 2 is also what a command line that makes no sense ends with.
"""

# ruff: noqa: N818 - each is named for what happened
from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


class ExitCode(IntEnum):
    """How a command ends."""

    DONE = 0
    FAILED = 1
    """The command could not do its work; the sentence on stderr says why and the cure."""
    REFUSED = 2
    """Nothing was done: what was asked for makes no sense or is not allowed."""
    NOT_FOUND = 3
    """What the command was about is not there."""
    JOB_FAILED = 4
    """The command did its work, and what it shows is a failed job or execution."""
    DIFFERENT = 5
    """`demo`: the outcome differs from what the generator knows."""


class OpsError(Exception):
    """A command cannot go on; its message is for the person who typed it."""

    exit_code = ExitCode.FAILED


class NothingFound(OpsError):
    """What was named is not there."""

    exit_code = ExitCode.NOT_FOUND


class AWSRefused(OpsError):
    """AWS answered with an error, or not at all."""


class Refused(OpsError):
    """What was asked for makes no sense, or the person said no: nothing was done."""

    exit_code = ExitCode.REFUSED


class CannotSubmit(OpsError):
    """The file cannot become the job's results object."""

    exit_code = ExitCode.REFUSED


class StillWaiting(OpsError):
    """It has not ended in the time that was given."""


class ResultDiffers(OpsError):
    """What came of a run is not what it was made to become.

    Attributes:
        differences: A sentence each.
    """

    exit_code = ExitCode.DIFFERENT

    def __init__(self, differences: Sequence[str]) -> None:
        self.differences = tuple(differences)
        super().__init__(
            f"The outcome differs from what the generator knows in {len(differences)} places; "
            f"the first: {differences[0]}"
        )
