"""What a key of the image bucket is, and the keys that this system writes.

Keys arrive raw in EventBridge events (they are not URL-encoded, unlike those of S3's
notifications to queues and functions), and are used as they come.
"""

import hashlib
import json
import re
from dataclasses import dataclass
from typing import Final

from functions.domain.ranges import Range

RESULTS_PREFIX: Final = "batch-output/"
DEAD_LETTERS_PREFIX: Final = "dead-letters/"
WORK_PREFIX: Final = "work/"
UPLOADS_PREFIX: Final = "uploads/"
PROCESSED_PREFIX: Final = "processed/"
MANIFEST_NAME: Final = "manifest.json.out"
MAX_ARRIVED_KEY_BYTES: Final = 900
"""Of a results object or a manifest. S3 allows 1,024, and so does DynamoDB for a sort key: the rest
is for what this system's own keys and rows add to it. Counted as JSON writes it: each dead letter
names its object, and letters that JSON has to escape would make them six times as long."""

_RESULTS = re.compile(r"batch-output/(?P<job>[^/]+)/(?P<name>.+\.jsonl(?:\.out)?)", re.DOTALL)
_MANIFEST = re.compile(r"batch-output/(?P<job>[^/]+)/manifest\.json\.out")


@dataclass(frozen=True)
class ResultsKey:
    """`batch-output/{jobId}/{path}.jsonl[.out]`; `name` is the path with its ending."""

    job_id: str
    name: str

    @property
    def key(self) -> str:
        """The whole key."""
        return f"{RESULTS_PREFIX}{self.job_id}/{self.name}"


@dataclass(frozen=True)
class ManifestKey:
    """`batch-output/{jobId}/manifest.json.out`."""

    job_id: str

    @property
    def key(self) -> str:
        """The whole key."""
        return manifest_key(self.job_id)


def parse_key(key: str) -> ResultsKey | ManifestKey | None:
    """Tell what a key is; None for a key that is nothing to this system."""
    if match := _MANIFEST.fullmatch(key):
        return ManifestKey(match["job"])
    if match := _RESULTS.fullmatch(key):
        return ResultsKey(match["job"], match["name"])
    return None


def key_problem(key: str) -> str | None:
    """Why a results object or a manifest of this key cannot be worked with; None if it can.

    Other keys are ignored, whatever they are like.
    """
    if (parsed := parse_key(key)) is None:
        return None
    try:
        size = len(json.dumps(key, ensure_ascii=False).encode()) - len('""')
    except UnicodeEncodeError:
        return "its key is no text"
    if size > MAX_ARRIVED_KEY_BYTES:
        return f"its key has {size} bytes; {MAX_ARRIVED_KEY_BYTES} are the most"
    if "#" in parsed.job_id:
        # A transaction's id is made of `{jobId}#{imageId}`: two jobs could make the same.
        return "its job's id has a '#'"
    return None


def manifest_key(job_id: str) -> str:
    """Where Bedrock writes a job's totals."""
    return f"{RESULTS_PREFIX}{job_id}/{MANIFEST_NAME}"


def dead_letters_key(results: ResultsKey, *, etag: str, segment: Range) -> str:
    """Where the rejects of a segment go. Positions are padded, so listings sort by position."""
    return (
        f"{DEAD_LETTERS_PREFIX}{results.job_id}/{results.name}/{etag}/"
        f"{segment.start:015d}-{segment.end:015d}.jsonl"
    )


def work_prefix(results: ResultsKey, *, generation: int) -> str:
    """The folder of one claim's own files, without a final slash.

    The key is hashed: a results key can be as long as S3 allows, and nothing would be left
    for the names below it.
    """
    digest = hashlib.sha256(results.key.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    return f"{WORK_PREFIX}{results.job_id}/{digest}/{generation}"


def image_list_key(prefix: str, segment: Range) -> str:
    """The image ids of a segment's transactions."""
    return f"{prefix}/images/{segment.start:015d}-{segment.end:015d}.jsonl"
