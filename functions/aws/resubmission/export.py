"""Rejected records as Bedrock batch input: `recordId` and `modelInput`, a line each.

https://docs.aws.amazon.com/bedrock/latest/userguide/batch-inference-data.html
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import IO, Any

from botocore.exceptions import ClientError

from functions.aws.resubmission.rejects import Reject
from functions.aws.resubmission.services import Services
from functions.aws.runtime.service_errors import NOT_FOUND, PRECONDITION_FAILED, is_any
from functions.domain.answered_images import ImageDigest, image_digest
from functions.domain.padding import padding_records
from functions.domain.receipts.image_id import image_id_of
from functions.domain.receipts.strict_json import parse_object

_MAX_LINE_BYTES = 64 * 1024 * 1024
"""A line is kept in memory whole; this is far more than the loader reads by default."""


@dataclass(frozen=True)
class NotExported:
    """A record that was not exported."""

    where: str
    why: str


@dataclass
class Export:
    """What was written, and what was not.

    Attributes:
        written: Records, without padding.
        padding: Records that fill the file up.
        shortest: The input with the shortest line; None where nothing was written.
    """

    written: int = 0
    padding: int = 0
    left: list[NotExported] = field(default_factory=list)
    shortest: Mapping[str, Any] | None = field(default=None, repr=False)


class _Unusable(Exception):  # noqa: N818 - a verdict on a record
    """A record whose input cannot be exported, and why."""


def export_records(services: Services, letters: Iterable[Reject], file: IO[bytes]) -> Export:
    """Read each record again where it lies, and write its input; one line for each record id."""
    export = Export()
    written: set[ImageDigest] = set()
    least = _MAX_LINE_BYTES
    for letter in letters:
        try:
            record = _input(_line(services, letter))
        except _Unusable as error:
            export.left.append(NotExported(letter.where, str(error)))
            continue
        if (digest := image_digest(record["recordId"])) in written:
            export.left.append(NotExported(letter.where, "its recordId was written already"))
            continue
        written.add(digest)
        size = _write(record, file)
        export.written += 1
        if export.shortest is None or size < least:
            export.shortest, least = record["modelInput"], size
    return export


def pad(export: Export, file: IO[bytes], *, minimum: int, prefix: str) -> None:
    """Fill an exported file up to a number of records; an empty file stays empty."""
    if export.shortest is None:
        return
    count = max(0, minimum - export.written)
    for record in padding_records(export.shortest, count=count, prefix=prefix):
        _write(record, file)
        export.padding += 1


def _write(record: Mapping[str, Any], file: IO[bytes]) -> int:
    return file.write(json.dumps(record, ensure_ascii=False).encode() + b"\n")


def _line(services: Services, letter: Reject) -> bytes:
    if not 0 < letter.length <= _MAX_LINE_BYTES:
        raise _Unusable(f"it has {letter.length} bytes, and is read up to {_MAX_LINE_BYTES}")
    pin: dict[str, Any] = {"VersionId": letter.version} if letter.version else {}
    last = letter.offset + letter.length - 1
    try:
        answer = services.s3.get_object(
            Bucket=services.bucket,
            Key=letter.key,
            Range=f"bytes={letter.offset}-{last}",
            IfMatch=f'"{letter.etag}"',
            **pin,
        )
    except ClientError as error:
        if is_any(error, NOT_FOUND | PRECONDITION_FAILED):
            raise _Unusable("the results object is gone or has other content now") from error
        raise
    if not answer.get("ContentRange", "").startswith(f"bytes {letter.offset}-{last}/"):
        raise _Unusable("S3 answered with other bytes than were asked for")
    return answer["Body"].read()


def _input(line: bytes) -> dict[str, Any]:
    try:
        record = parse_object(line)
    except ValueError as error:
        raise _Unusable("its line is not a JSON object, so its input is not known") from error
    if not isinstance(record.get("modelInput"), dict):
        raise _Unusable("it does not echo its modelInput")
    image_id = image_id_of(record)
    if image_id is None:
        raise _Unusable("it has no recordId, so its answer could not be assigned")
    return {"recordId": image_id, "modelInput": record["modelInput"]}
