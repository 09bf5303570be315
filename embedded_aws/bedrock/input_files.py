"""The input of a job: find its files, read them with the job's role, and validate every record.

https://docs.aws.amazon.com/bedrock/latest/userguide/batch-inference-data.html
Quotas: https://docs.aws.amazon.com/general/latest/gr/bedrock.html#limits_bedrock
The wording of AWS's messages is not documented.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ministack.services import s3

from embedded_aws.bedrock.jobs import JobFailed
from embedded_aws.bedrock.locations import Location

if TYPE_CHECKING:
    from collections.abc import Iterator

    from embedded_aws.bedrock.permissions import JobRole

_SUFFIX = ".jsonl"
_MAX_RECORDS = 100_000
_MAX_FILE_BYTES = 1 << 30
_MAX_JOB_BYTES = 5 << 30


@dataclass(frozen=True)
class InputRecord:
    """A line of the input."""

    record_id: str | None
    """None where the line has none: Bedrock makes one up."""
    model_input: dict[str, Any]


@dataclass(frozen=True)
class InputFile:
    """A file of the input that was validated, and how many records it has."""

    name: str
    """Its key, below the input's folder."""
    location: Location
    records: int


def validate(where: Location, role: JobRole, *, minimum: int) -> list[InputFile]:
    """Read the whole input once.

    Raises:
        JobFailed: It is not what Bedrock takes, or the role may not read it.
    """
    files = []
    total = size = 0
    for name, location in _find(where, role):
        body = _read(location, role)
        size += len(body)
        if len(body) > _MAX_FILE_BYTES or size > _MAX_JOB_BYTES:
            raise JobFailed(f"The input is too large: a file may have {_MAX_FILE_BYTES} bytes, "
                            f"a job {_MAX_JOB_BYTES}.")  # fmt: skip
        count = sum(1 for _ in _parse(location, body))
        total += count
        files.append(InputFile(name, location, count))
    if total < minimum:
        raise JobFailed(
            f"The job contains less records ({total}) than the required minimum of: {minimum}"
        )
    if total > _MAX_RECORDS:
        raise JobFailed(f"The job contains more records ({total}) than the maximum of: "
                        f"{_MAX_RECORDS}")  # fmt: skip
    return files


def read(file: InputFile, role: JobRole) -> Iterator[InputRecord]:
    """The records of a validated file.

    Raises:
        JobFailed: The file was replaced by something else, removed, or may not be read.
    """
    return _parse(file.location, _read(file.location, role))


def _find(where: Location, role: JobRole) -> list[tuple[str, Location]]:
    """The names and places of the files: one object, or all in a folder that end in .jsonl."""
    bucket = s3._buckets.get(where.bucket)
    if bucket is None:
        raise JobFailed(f"The bucket {where.bucket} does not exist.")
    if where.key.endswith(_SUFFIX):
        return [(where.key.rpartition("/")[2], where)]
    folder = where.folder.key
    role.require("s3:ListBucket", f"arn:aws:s3:::{where.bucket}", prefix=folder)
    keys = sorted(key for key in bucket["objects"]
                  if key.startswith(folder) and key.endswith(_SUFFIX))  # fmt: skip
    if not keys:
        raise JobFailed(f"No file that ends in {_SUFFIX} is in s3://{where.bucket}/{folder}.")
    return [(key.removeprefix(folder), Location(where.bucket, key)) for key in keys]


def _read(location: Location, role: JobRole) -> bytes:
    role.require("s3:GetObject", location.arn)
    status, _, body = s3._get_object(location.bucket, location.key, {}, {})
    if status != 200:
        raise JobFailed(f"s3://{location.bucket}/{location.key} cannot be read: status {status}.")
    return bytes(body)


def _parse(location: Location, body: bytes) -> Iterator[InputRecord]:
    name = location.key.rpartition("/")[2]
    for number, line in enumerate(body.split(b"\n"), 1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except ValueError:
            raise JobFailed(f"Line {number} of {name} is not JSON.") from None
        if not isinstance(record, dict) or not isinstance(record.get("modelInput"), dict):
            raise JobFailed(f"Line {number} of {name} is not an object with a modelInput object.")
        record_id = record.get("recordId")
        if record_id is not None and not isinstance(record_id, str):
            raise JobFailed(f"The recordId in line {number} of {name} is not a string.")
        yield InputRecord(record_id, record["modelInput"])
