"""The names of objects in the image bucket (the contract, section 1.1)."""

import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ResultsObject:
    """`batch-output/{.../}{jobId}/{path}` with the path's ending, `.jsonl` or `.jsonl.out`."""

    job_id: str
    path: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """`batch-output/{.../}{jobId}/manifest.json.out`."""

    job_id: str


@dataclass(frozen=True, slots=True)
class NoJob:
    """None of the folders that were tried is a job's."""

    tried: tuple[str, ...]


def read_key(key: str, on_record: set[str]) -> ResultsObject | Manifest | NoJob | None:
    """What a raw key stands for; None when it is ignored.

    Args:
        key: As S3 sends it.
        on_record: The ids of all jobs.
    """
    parts = key.split("/")
    is_named = parts[-1] == "manifest.json.out" or parts[-1].endswith((".jsonl", ".jsonl.out"))
    if parts[0] != "batch-output" or not is_named:
        return None
    tried: list[str] = []
    for place in range(1, len(parts) - 1):
        if not parts[place] or "#" in parts[place] or len(tried) == 8:
            continue
        tried.append(parts[place])
        if parts[place] in on_record:
            return _in_folder(parts[place], "/".join(parts[place + 1 :]))
    # A file without a name of its own belongs to no job, where nothing but its job can be meant.
    if not tried or (len([*filter(None, parts[1:-1])]) == 1 and parts[-2] and _has_no_path(parts)):
        return None
    return NoJob(tuple(tried))


def _has_no_path(parts: list[str]) -> bool:
    return parts[-1] in (".jsonl", ".jsonl.out")


def _in_folder(job_id: str, path: str) -> ResultsObject | Manifest | None:
    if path == "manifest.json.out":
        return Manifest(job_id)
    for ending in (".jsonl.out", ".jsonl"):
        if path.endswith(ending) and path != ending:
            return ResultsObject(job_id, path)
    return None


def processed_key(upload_key: str, event_time: str) -> str:
    """Where an upload is moved to; the date is the event time's in JST (UTC+9)."""
    moment = dt.datetime.fromisoformat(event_time)
    date = (moment + dt.timedelta(hours=9)).date()
    return f"processed/{date.isoformat()}/{upload_key.removeprefix('uploads/')}"
