"""The names of objects in the image bucket (the contract, section 1.1)."""

import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ResultsObject:
    """`batch-output/{jobId}/{path}` with the path's ending, `.jsonl` or `.jsonl.out`."""

    job_id: str
    path: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """`batch-output/{jobId}/manifest.json.out`."""

    job_id: str


def read_key(key: str) -> ResultsObject | Manifest | None:
    """What a raw key stands for; None when it is ignored."""
    if not key.startswith("batch-output/"):
        return None
    job_id, slash, path = key.removeprefix("batch-output/").partition("/")
    if not job_id or not slash:
        return None
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
