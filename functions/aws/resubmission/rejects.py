"""The rejects of a job, from its dead-letter objects."""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from functions.aws.resubmission.services import Services
from functions.aws.runtime.service_errors import NOT_FOUND, is_any
from functions.domain.claims import Claim
from functions.domain.counts import LoadCounts
from functions.domain.ledger_rows import object_partition
from functions.domain.object_keys import dead_letters_prefix, results_of


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
        return f"{self.key} bytes {self.offset}-{self.offset + self.length - 1}"

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


def read_rejects(
    services: Services,
    job_id: str,
    claims: Iterable[Claim],
    *,
    note: Callable[[str], None] = lambda _: None,
) -> Iterator[Reject]:
    """The rejects of a job's claims, by place; one at a time, for there may be millions.

    Two workers may have processed a record twice: its reject is yielded once. `note` gets sentences
    about what has expired.
    """
    for claim in sorted(claims, key=lambda claim: claim.key):
        count = 0
        for reject in _of_claim(services, job_id, claim, note):
            count += 1
            yield reject
        if count < rejected(claim):
            note(
                f"{claim.key} had {rejected(claim)} rejects, of which {count} can still be read: "
                "the others have expired."
            )


def rejected(claim: Claim) -> int:
    """How many records a claim counts as rejected; 0 before its load was verified."""
    return LoadCounts.from_dict(claim.stats or {}).failure


def _of_claim(
    services: Services, job_id: str, claim: Claim, note: Callable[[str], None]
) -> Iterator[Reject]:
    read_to = -1
    for file in _files(services, job_id, claim, note):
        for reject in _letters(services, file, of=claim):
            # Files come by their first byte, and each has all rejects of its span: one that lies
            # before another was read with it.
            if reject.offset > read_to:
                read_to = reject.offset
                yield reject


def _files(
    services: Services, job_id: str, claim: Claim, note: Callable[[str], None]
) -> Iterator[str]:
    """The claim's dead-letter objects: as the ledger names them, or as S3 lists them."""
    segments = services.ledger.segments(object_partition(job_id, claim.key, claim.generation))
    counted = sum(segment.counts.failure for segment in segments)
    if segments and counted >= rejected(claim):
        yield from (each.dead_letters for each in segments if each.dead_letters)
        return
    if (results := results_of(claim.key, job_id)) is None:
        return
    prefix = dead_letters_prefix(results, etag=claim.etag)
    pages = services.s3.get_paginator("list_objects_v2").paginate(
        Bucket=services.bucket, Prefix=prefix
    )
    listed = [each["Key"] for page in pages for each in page.get("Contents", [])]
    if listed:
        note(f"Rows of {claim.key} have left the ledger: its rejects are those under {prefix}.")
    yield from listed


def _letters(services: Services, key: str, *, of: Claim) -> Iterator[Reject]:
    """Of an object. Which one the ledger says: a forged letter must not name another."""
    try:
        body = services.s3.get_object(Bucket=services.bucket, Key=key)["Body"]
    except ClientError as error:
        if is_any(error, NOT_FOUND):
            return  # it has expired
        raise
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
