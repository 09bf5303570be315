"""The dead letters of a job, as the ledger knows them."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from functions.domain.ledger_rows import object_partition

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from functions.domain.claims import Claim
    from ops.model.deployment import Deployment


@dataclass(frozen=True)
class Reject:
    """A rejected record.

    Attributes:
        key, etag, version: The results object that it lies in; no version without versions.
        offset, length: Where its line lies, in bytes.
        record_id: None where the record has none that can be read.
        excerpt: Of the model's text, or of the line.
    """

    key: str
    etag: str
    version: str
    offset: int
    length: int
    reason: str
    details: tuple[str, ...]
    record_id: str | None
    excerpt: str = field(repr=False)

    @property
    def where(self) -> str:
        """For people."""
        return f"{self.key} @{self.offset}"

    def as_json(self, *, excerpts: bool) -> dict[str, Any]:
        """For programs; what the model wrote only if it was asked for."""
        shown = {
            "key": self.key,
            "etag": self.etag,
            "offset": self.offset,
            "length": self.length,
            "recordId": self.record_id,
            "reason": self.reason,
            "details": list(self.details),
        }
        return {**shown, "excerpt": self.excerpt} if excerpts else shown


def read_rejects(deployed: Deployment, job_id: str, claims: Iterable[Claim]) -> Iterator[Reject]:
    """The rejects of a job's claims, by place; one at a time, for there may be millions.

    Two workers may have processed a record twice: its letter is yielded once.
    """
    for claim in sorted(claims, key=lambda claim: claim.key):
        partition = object_partition(job_id, claim.key, claim.generation)
        read_to = -1
        for segment in deployed.ledger.segments(partition):
            if segment.dead_letters is None:
                continue
            for letter in _letters(deployed, segment.dead_letters, of=claim):
                # Segments come by their first byte, and each has all letters of its span: one
                # that lies before another was read with it.
                if letter.offset > read_to:
                    read_to = letter.offset
                    yield letter


def _letters(deployed: Deployment, key: str, *, of: Claim) -> Iterator[Reject]:
    """Of an object. Which one the ledger says: a forged letter must not name another."""
    body = deployed.s3.get_object(Bucket=deployed.bucket, Key=key)["Body"]
    for line in body.iter_lines():
        letter = json.loads(line)
        yield Reject(
            key=of.key,
            etag=of.etag,
            version=of.version,
            offset=letter["offset"],
            length=letter["length"],
            reason=letter["reason"],
            details=tuple(letter.get("details", ())),
            record_id=letter.get("recordId"),
            excerpt=letter.get("excerpt", ""),
        )
