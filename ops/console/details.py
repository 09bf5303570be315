"""Details of a job that are read when they are asked for: rejects, transactions."""

from __future__ import annotations

import time
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Final

from functions.aws.resubmission.open_rejects import answering_claims, read_open_rejects
from ops.model.reject_kinds import OfKind, kind_of, own_details, sort_out

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from functions.aws.resubmission.rejects import Reject
    from ops.console.job_view import JobView
    from ops.model.deployment import Deployment
    from ops.model.reject_kinds import Kind

MOST_REJECTS: Final = 5000
"""Rejects that are read for one job."""
SHOWN: Final = 25
"""Rejects and transactions on the page."""
_KEPT_JOBS: Final = 8
_PAUSE_SECONDS: Final = 10.0


@dataclass(frozen=True)
class Rejects:
    """The open rejects of a job.

    Attributes:
        letters: In the order of the object.
        is_cut: There are more than were read.
        notes: What has expired.
    """

    letters: Sequence[Reject]
    kinds: Mapping[Kind, OfKind[Reject]]
    is_cut: bool
    notes: tuple[str, ...]

    def reasons(self) -> list[tuple[str, int, list[tuple[str, int]]]]:
        """By reason: its count, and the counts of its details."""
        found: dict[str, list[tuple[str, int]]] = {}
        for kind, of_kind in self.kinds.items():
            found.setdefault(kind.reason, []).append((kind.detail, of_kind.count))
        rows = [(name, sum(n for _, n in details), details) for name, details in found.items()]
        return sorted(rows, key=lambda row: -row[1])

    def chosen(self, reason: str, detail: str) -> list[Reject]:
        """The first of a kind, of a reason, or of all."""
        if not reason:
            return list(self.letters[:SHOWN])
        kept = [
            each
            for kind, of_kind in self.kinds.items()
            if kind.reason == reason and detail in {"", kind.detail}
            for each in of_kind.kept
        ]
        return sorted(kept, key=lambda each: (each.key, each.offset))[:SHOWN]

    def offsets(self, key: str) -> list[int]:
        """Where the rejects of an object are."""
        return [each.offset for each in self.letters if each.key == key]


class RejectsReader:
    """Reads rejects again when a job has other dead letters, at work at most every ten seconds."""

    def __init__(self, deployed: Deployment) -> None:
        """Make the reader; it reads nothing yet."""
        self._deployed = deployed
        self._read: dict[str, tuple[object, float, Rejects]] = {}

    def of(self, view: JobView) -> Rejects:
        """The rejects of a job."""
        job_id = view.report.job_id
        letters = tuple(
            (each.claim.key, each.claim.etag, each.claim.state, each.dead_letters)
            for each in view.report.objects
        )
        known = self._read.pop(job_id, None)
        is_new = known is not None and view.is_running and time.monotonic() < known[1]
        if known is None or (known[0] != letters and not is_new):
            known = letters, time.monotonic() + _PAUSE_SECONDS, self._rejects(job_id)
        self._read[job_id] = known
        while len(self._read) > _KEPT_JOBS:
            del self._read[next(iter(self._read))]
        return known[2]

    def _rejects(self, job_id: str) -> Rejects:
        notes: list[str] = []
        found = read_open_rejects(
            self._deployed, answering_claims(self._deployed, job_id), note=notes.append
        )
        letters = list(islice(found, MOST_REJECTS + 1))
        is_cut = len(letters) > MOST_REJECTS
        letters = letters[:MOST_REJECTS]
        return Rejects(letters, sort_out(letters, most=SHOWN), is_cut, tuple(notes))


@dataclass(frozen=True)
class RejectRow:
    """A rejected record as it is listed; its text only where it was asked for."""

    letter: Reject
    detail: str
    text: str | None


def reject_rows(rejects: Rejects, *, reason: str, detail: str, text_of: str) -> list[RejectRow]:
    """The first rejects of a kind.

    Args:
        rejects: Of the job.
        reason: Empty for all.
        detail: Empty for all of the reason.
        text_of: The offset of the record whose text was asked for.
    """
    return [
        RejectRow(
            each,
            detail=own_details(each.details) or kind_of(each.reason, each.details).detail,
            text=each.excerpt if str(each.offset) == text_of else None,
        )
        for each in rejects.chosen(reason, detail)
    ]
