"""Keys and contents of the ledger's rows.

| row | pk | sk |
|---|---|---|
| claim | `job#{jobId}` | `claim#{key}` |
| retry | the same | `claim-retry#{jobId}`: a retry of the job that has claimed results |
| folder | the same | `folder#{folder}`: where its manifest, or Bedrock, says that results are |
| end | the same | `bedrock`: how it ended at Bedrock |
| attempt | `object#{jobId}#{key}#{generation}` | `attempt#{from}` |
| segment | the same | `segment#{from}#{to}` |
| chunk | the same | `chunk#{n}` |
| progress | the same | `progress#{from}`, `progress#images#{n}`: how far a worker call has come |
| lease | `budget#{hash of the user's id}` | `lease#{execution}#{request id}`: see `budget_leases` |
| unclaimed | `unclaimed#{jobId}` | `claim#{key}`: a failure before the claim |
| announced | `execution#{arn}` | `told#{redriveCount}#{status}`: `functions.record_outcome` |

Positions and numbers are padded with zeros, so that a query returns rows in their order.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from functions.domain.attribute_values import Item, to_item
from functions.domain.counts import ImageCounts, LoadCounts
from functions.domain.progress import ChunkProgress, LoadProgress, Progress
from functions.domain.ranges import Range
from functions.domain.segments import Segment

CLAIM_PREFIX: Final = "claim#"
RETRY_PREFIX: Final = "claim-retry#"
"""In the partition of a root job: the retries of it that have claimed a results object."""
LAST_OF_RETRIES: Final = f"{RETRY_PREFIX}\uffff"
"""From `CLAIM_PREFIX` to this there are only claims and retries."""
ATTEMPT_PREFIX: Final = "attempt#"
SEGMENT_PREFIX: Final = "segment#"
CHUNK_PREFIX: Final = "chunk#"
PROGRESS_PREFIX: Final = "progress#"
_IMAGES: Final = "images#"
LEASE_PREFIX: Final = "lease#"
FOLDER_PREFIX: Final = "folder#"


@dataclass(frozen=True)
class RowKey:
    """The key of a ledger row."""

    pk: str
    sk: str

    def as_dict(self) -> dict[str, str]:
        """As attributes."""
        return {"pk": self.pk, "sk": self.sk}

    def as_item(self) -> Item:
        """As DynamoDB takes it."""
        return to_item(self.as_dict())


def job_partition(job_id: str) -> str:
    """Where the claims of a job are."""
    return f"job#{job_id}"


def object_partition(job_id: str, key: str, generation: int) -> str:
    """Where the attempts, segments and chunks of one claim of an object are."""
    return f"object#{job_id}#{key}#{generation}"


def claim_key(job_id: str, key: str) -> RowKey:
    """The claim of a results object."""
    return RowKey(job_partition(job_id), f"{CLAIM_PREFIX}{key}")


def retry_key(root_id: str, job_id: str) -> RowKey:
    """The row that a retry leaves with its root."""
    return RowKey(job_partition(root_id), f"{RETRY_PREFIX}{job_id}")


def folder_key(job_id: str, folder: str) -> RowKey:
    """A folder in which results of a job are."""
    return RowKey(job_partition(job_id), f"{FOLDER_PREFIX}{folder}")


def end_key(job_id: str) -> RowKey:
    """How a job ended at Bedrock."""
    return RowKey(job_partition(job_id), "bedrock")


def unclaimed_partition(job_id: str) -> str:
    """Where failures before a claim are."""
    return f"unclaimed#{job_id}"


def unclaimed_key(job_id: str, key: str) -> RowKey:
    """The failure of a results object before its claim."""
    return RowKey(unclaimed_partition(job_id), f"{CLAIM_PREFIX}{key}")


def lease_key(user_id: str, execution: str, caller: str) -> RowKey:
    """A worker's lease of its user's write budget; the user's id is in no key."""
    user = hashlib.sha256(user_id.encode()).hexdigest()[:32]
    return RowKey(f"budget#{user}", f"{LEASE_PREFIX}{execution}#{caller}")


def attempt_sk(start: int) -> str:
    """The attempt of the worker call that begins at this byte."""
    return f"{ATTEMPT_PREFIX}{start:015d}"


def segment_sk(span: Range) -> str:
    """The segment over these bytes."""
    return f"{SEGMENT_PREFIX}{span.start:015d}#{span.end:015d}"


def chunk_sk(number: int) -> str:
    """The chunk of images of this number, from 0."""
    return f"{CHUNK_PREFIX}{number:06d}"


def load_progress_sk(start: int) -> str:
    """How far the worker call has come that began at this byte."""
    return f"{PROGRESS_PREFIX}{start:015d}"


def chunk_progress_sk(number: int) -> str:
    """How far the images of a chunk have come."""
    return f"{PROGRESS_PREFIX}{_IMAGES}{number:06d}"


def segment_row(segment: Segment) -> dict[str, object]:
    """Attributes of a segment row, without its key and `ttl`."""
    return {
        **segment.counts.as_dict(),
        "deadLetters": segment.dead_letters,
        "images": segment.images,
    }


def read_segment(row: Mapping[str, Any]) -> Segment:
    """A segment from its row (plain values)."""
    _, start, end = row["sk"].split("#")
    return Segment(
        span=Range(int(start), int(end)),
        counts=LoadCounts.from_dict(row),
        dead_letters=row.get("deadLetters"),
        images=row.get("images"),
    )


def load_progress_row(end: int, counts: LoadCounts) -> dict[str, object]:
    """Attributes of a progress row: what was confirmed up to a byte."""
    return {**counts.as_dict(), "to": end}


def read_progress(rows: Iterable[Mapping[str, Any]]) -> Progress:
    """What worker calls last said, from their rows (plain values)."""
    loads, chunks = [], {}
    for row in rows:
        at = datetime.fromtimestamp(row.get("at", 0), UTC)
        position = row["sk"].removeprefix(PROGRESS_PREFIX)
        if position.startswith(_IMAGES):
            number = int(position.removeprefix(_IMAGES))
            chunks[number] = ChunkProgress(ImageCounts.from_dict(row), at)
        else:
            span = Range(int(position), int(row["to"]))
            loads.append(LoadProgress(span, LoadCounts.from_dict(row), at))
    return Progress(tuple(loads), chunks)


def read_chunk(row: Mapping[str, Any]) -> tuple[int, ImageCounts]:
    """A chunk's number and counts from its row (plain values)."""
    return int(row["sk"].removeprefix(CHUNK_PREFIX)), ImageCounts.from_dict(row)
