"""Keys of the image bucket: their forms, and the keys that this system writes.

Keys arrive raw in EventBridge events (they are not URL-encoded, unlike those of S3's
notifications to queues and functions), and are used as they come.
"""

import hashlib
import json
from dataclasses import dataclass
from typing import Final, Self

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

MAX_FOLDERS: Final = 8
"""Of a key: how many are tried as the id of a job."""

_RESULTS_ENDINGS: Final = (".jsonl.out", ".jsonl")


@dataclass(frozen=True)
class ResultsKey:
    """A results object of a job: `batch-output/{.../}{jobId}/{path}.jsonl[.out]`.

    Attributes:
        key: The whole key.
        name: `{path}` with its ending.
    """

    key: str
    job_id: str
    name: str

    @classmethod
    def of(cls, job_id: str, name: str) -> Self:
        """In a job's folder directly under `batch-output/`."""
        return cls(f"{results_folder(job_id)}{name}", job_id, name)

    @property
    def folder(self) -> str:
        """The job's folder, with its final slash."""
        return self.key.removesuffix(self.name)


@dataclass(frozen=True)
class ManifestKey:
    """A job's manifest: `batch-output/{.../}{jobId}/manifest.json.out`."""

    key: str
    job_id: str

    @property
    def folder(self) -> str:
        """The job's folder, with its final slash."""
        return self.key.removesuffix(MANIFEST_NAME)


@dataclass(frozen=True)
class ArrivedKey:
    """A key that is a results object or a manifest, if one of its folders is a job's.

    Attributes:
        folders: Names that can be ids of jobs, in the order in which they are tried.
    """

    key: str
    folders: tuple[str, ...]

    def of_job(self, job_id: str) -> ResultsKey | ManifestKey | None:
        """A key of a job's folder; None if it is neither results nor manifest.

        Args:
            job_id: The first of `folders` that is on record.
        """
        parts = self.key.split("/")
        name = "/".join(parts[parts.index(job_id, 1) + 1 :])
        if name == MANIFEST_NAME:
            return ManifestKey(self.key, job_id)
        if _is_results_name(name):
            return ResultsKey(self.key, job_id, name)
        return None


def parse_key(key: str) -> ArrivedKey | None:
    """Split a key of the bucket; None for a key that this system ignores.

    Empty folders are skipped, and so are names with a `#`: a transaction's id is made of
    `{jobId}#{imageId}`, and two jobs could make the same.
    """
    if not key.startswith(RESULTS_PREFIX):
        return None
    folders, _, name = key.removeprefix(RESULTS_PREFIX).lstrip("/").rpartition("/")
    _, _, below = f"{folders}/{name}".partition("/")
    if not folders or not (name == MANIFEST_NAME or _is_results_name(below)):
        return None
    named = [folder for folder in folders.split("/") if folder and "#" not in folder]
    return ArrivedKey(key, tuple(named[:MAX_FOLDERS]))


def results_of(key: str, job_id: str) -> ResultsKey | None:
    """The key as a results object of a job; None if it is not one."""
    parsed = parse_key(key)
    found = parsed.of_job(job_id) if parsed and job_id in parsed.folders else None
    return found if isinstance(found, ResultsKey) else None


def _is_results_name(name: str) -> bool:
    return any(name.endswith(ending) and name != ending for ending in _RESULTS_ENDINGS)


def key_problem(key: str) -> str | None:
    """Why a results object or a manifest of this key is refused; None if it is not.

    Other keys are ignored.
    """
    if (parsed := parse_key(key)) is None:
        return None
    try:
        size = len(json.dumps(key, ensure_ascii=False).encode()) - len('""')
    except UnicodeEncodeError:
        return "its key is not valid UTF-8"
    if size > MAX_ARRIVED_KEY_BYTES:
        return f"its key has {size} bytes; {MAX_ARRIVED_KEY_BYTES} are the most"
    if not parsed.folders:
        return "its job's id has a '#'"
    return None


def results_folder(job_id: str) -> str:
    """A job's folder directly under `batch-output/`."""
    return f"{RESULTS_PREFIX}{job_id}/"


def manifest_key(folder: str) -> str:
    """Where Bedrock writes the totals of the job whose folder this is."""
    return f"{folder}{MANIFEST_NAME}"


def dead_letters_key(results: ResultsKey, *, etag: str, segment: Range) -> str:
    """Where the rejects of a segment go. Positions are padded, so listings sort by position."""
    return f"{dead_letters_prefix(results, etag=etag)}{segment.start:015d}-{segment.end:015d}.jsonl"


def dead_letters_prefix(results: ResultsKey, *, etag: str) -> str:
    """Where the rejects of some content of a results object go."""
    return f"{DEAD_LETTERS_PREFIX}{results.job_id}/{results.name}/{etag}/"


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
