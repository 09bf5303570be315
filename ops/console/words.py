"""How statuses look: a shape, a word and a colour for each, never the colour alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from functions.domain.jobs import JobStatus


@dataclass(frozen=True)
class Pill:
    """A status.

    Attributes:
        look: Shape and colour: done, failed, running, pending, warn or stopped.
        word: What it is called.
    """

    look: str
    word: str


_PILLS: Final = {
    JobStatus.COMPLETED.value: Pill("done", "Completed"),
    JobStatus.PARTIALLY_COMPLETED.value: Pill("warn", "Partly completed"),
    JobStatus.FAILED.value: Pill("failed", "Failed"),
    JobStatus.INGESTING.value: Pill("running", "Ingesting"),
    "SUBMITTED": Pill("pending", "Waiting for results"),
}


def sentence(text: str) -> str:
    """Begin a text with a capital letter."""
    return text[:1].upper() + text[1:]


def pill_of(status: str | None) -> Pill:
    """Return the look of a job's status; unknown words are shown as they are."""
    if not status or status == "-":
        return Pill("pending", "No status")
    return _PILLS.get(status, Pill("pending", status))
