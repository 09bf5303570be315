"""What can go wrong with the embedded AWS, each with its cure in its message.

LocalError
├── NotAFolder          a file has the name of the folder
├── NotADataFolder      the folder that was named holds something else
├── PortTaken           another program listens on the port that was asked for
├── StateOfOtherVersion the data folder was written by another MiniStack
├── StartupFailed       the process ended, or did not answer in time
├── SynthesisFailed     `python app.py` failed
└── DeploymentFailed    CloudFormation refused or rolled back
"""

# ruff: noqa: N818 - each is named for what happened
from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


class LocalError(Exception):
    """A problem with the embedded AWS that the user can solve.

    Attributes:
        exit_code: The exit code of the command: 1 failed, 2 nothing was done.
    """

    exit_code = 1


class NotAFolder(LocalError):
    """A file has the name that was given for the data folder, or for a folder above it."""

    exit_code = 2

    def __init__(self, file: Path) -> None:
        super().__init__(
            f"{file} is not a folder: with --data, name the folder of an embedded AWS, or one that "
            "is not there yet."
        )


class NotADataFolder(LocalError):
    """The folder holds files that are not the embedded AWS's."""

    exit_code = 2

    def __init__(self, folder: Path) -> None:
        super().__init__(
            f"{folder} holds other files: an embedded AWS wants a folder for itself, of which it "
            "clears parts. Name an empty one, or one that is not there yet, with --data."
        )


class PortTaken(LocalError):
    """The port that was asked for is in use."""

    exit_code = 2

    def __init__(self, port: int) -> None:
        super().__init__(
            f"Port {port} of 127.0.0.1 is taken by another program. "
            "Choose another with --port, or leave it out to get a free one."
        )


class StateOfOtherVersion(LocalError):
    """The saved state cannot be read by the MiniStack that is installed."""

    exit_code = 2

    def __init__(self, data: Path, *, saved: str, installed: str) -> None:
        super().__init__(
            f"{data} holds the state of MiniStack {saved}, but {installed} is installed. "
            f"Delete that folder to start empty, or name another with --data."
        )


class StartupFailed(LocalError):
    """The emulator did not become ready; the end of its log says why."""

    def __init__(self, what: str, *, log: Path, tail: str) -> None:
        super().__init__(f"The embedded AWS {what}. The end of {log}:\n{tail or '(empty)'}")


class SynthesisFailed(LocalError):
    """The CDK app did not synthesize; its own words say why."""

    def __init__(self, output: str) -> None:
        super().__init__(f"`python app.py` failed:\n{output.strip()[-6000:]}")


class DeploymentFailed(LocalError):
    """CloudFormation refused the template, or rolled it back."""

    def __init__(self, stack: str, status: str, reasons: Sequence[str]) -> None:
        listed = "".join(f"\n  {reason}" for reason in reasons)
        super().__init__(f"The stack {stack} ended as {status}.{listed}")
