"""Compare what AWS holds of a batch with what is expected, item by item."""

from __future__ import annotations

import base64
import re
from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from demo.differences import between
from demo.expectation import Expectation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from demo.batch import Batch
    from demo.observation import Observation

_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_EXCERPT_BYTES = 1024
_FREE = ("details", "excerpt")
"""Members of a dead letter whose type the contract fixes, but not always their text."""


def compare(
    batch: Batch, seen: Observation, *, etag: str, not_before: datetime, not_after: datetime
) -> list[str]:
    """Name every difference; none means that the run is right.

    The results object has this ETag, and was uploaded between these two moments.
    """
    claim = seen.claims.get(f"claim#{batch.key}")
    if claim is None:
        return [f"results object {batch.key}: was never claimed"]
    event_time = datetime.fromisoformat(claim["eventTime"])
    if not not_before.replace(microsecond=0) <= event_time <= not_after:
        return [f"event time: {event_time} lies outside of the upload"]
    expected = Expectation(batch, event_time.astimezone(UTC))
    return [
        *between(expected.transactions(), seen.transactions, what="transaction"),
        *_dead_letters(expected, seen, etag=etag),
        *between(expected.objects(), seen.objects, what="image"),
        *_image_records(expected, seen),
        *_claim(expected, claim, etag=etag),
        *_job_record(expected, seen, owner=claim["owner"]),
    ]


def _dead_letters(expected: Expectation, seen: Observation, *, etag: str) -> Iterator[str]:
    letters = {str(letter.get("offset")): letter for _, letter in seen.dead_letters}
    for offset, count in Counter(str(each.get("offset")) for _, each in seen.dead_letters).items():
        if count > 1:
            yield f"dead letter {offset}: is there {count} times"
    known = expected.dead_letters(etag=etag)
    shown = {
        offset: {name: value for name, value in letter.items() if name not in _FREE}
        | {name: letter.get(name) for name in known.get(offset, {}) if name in _FREE}
        for offset, letter in letters.items()
    }
    yield from between(known, shown, what="dead letter")
    folder = f"dead-letters/{expected.batch.job.job_id}/{expected.batch.name}/{etag}/"
    for key, letter in seen.dead_letters:
        yield from _place(key, letter, folder=folder)
        yield from _manners(letter, expected.batch)


def _place(key: str, letter: dict[str, Any], *, folder: str) -> Iterator[str]:
    match = re.fullmatch(re.escape(folder) + r"(\d{15})-(\d{15})\.jsonl", key)
    if match is None or not int(match[1]) <= letter["offset"] < int(match[2]):
        yield f"dead letter {letter.get('offset')}: lies in {key}"


def _manners(letter: dict[str, Any], batch: Batch) -> Iterator[str]:
    """The rules for every dead letter."""
    what = f"dead letter {letter.get('offset')}"
    details, excerpt = letter.get("details"), letter.get("excerpt")
    if not isinstance(details, list) or not all(isinstance(each, str) for each in details):
        yield f"{what}, details: {details!r} is not a list of strings"
    if not isinstance(excerpt, str) or len(excerpt.encode()) > _EXCERPT_BYTES:
        yield f"{what}, excerpt: no string, or longer than 1 KiB"
    elif "modelInput" in excerpt or _image_start(batch) in excerpt:
        yield f"{what}, excerpt: shows modelInput"


def _image_start(batch: Batch) -> str:
    content = next(image.content for image in batch.images if image.content is not None)
    return base64.b64encode(content[:18]).decode()


def _image_records(expected: Expectation, seen: Observation) -> Iterator[str]:
    shown = {}
    for image_id, record in seen.image_records.items():
        rest = dict(record)
        if rest.get("status") == "processed" and not _TIME.fullmatch(rest.pop("processedAt", "")):
            yield f"image record {image_id}, processedAt: is not a time"
        shown[image_id] = rest
    yield from between(expected.image_records(), shown, what="image record")


def _claim(expected: Expectation, claim: dict[str, Any], *, etag: str) -> Iterator[str]:
    counts = expected.counts()
    stats = {k: v for k, v in counts.items() if k not in ("missingCount", "unexpectedCount")}
    known = {"etag": etag, "state": "done", "generation": 1, "stats": stats}
    known["size"] = len(expected.batch.body)
    shown = {name: claim.get(name) for name in known}
    yield from between({expected.batch.key: known}, {expected.batch.key: shown}, what="claim")


def _job_record(expected: Expectation, seen: Observation, *, owner: str) -> Iterator[str]:
    rest = dict(seen.job_record)
    completed, state = rest.pop("completedAt", ""), dict(rest.pop("ingestState", {}))
    job_id = expected.batch.job.job_id
    known_record = expected.job_record(seen.manifest)
    yield from between({job_id: known_record}, {job_id: rest}, what="job record")
    if not _TIME.fullmatch(completed):
        yield f"job record {job_id}, completedAt: {completed!r} is not a time"
    revision, updated = state.pop("revision", 0), state.pop("updatedAt", "")
    if revision < 1 or not _TIME.fullmatch(updated):
        yield f"job record {job_id}, ingestState: revision {revision}, updatedAt {updated!r}"
    # Bedrock's own event can come at any time, and only for a job that Bedrock ran.
    if (ended := state.pop("bedrock", {"status": "Completed"})).get("status") != "Completed":
        yield f"job record {job_id}, ingestState, bedrock: {ended}"
    ranges = state.pop("ranges", 0)
    known = {"objects": 1, "objectsDone": 1, "objectsFailed": 0, "rangesDone": ranges}
    known["executions"] = [owner]
    if ranges < 1:
        yield f"job record {job_id}, ingestState: {ranges} ranges"
    yield from between({job_id: known}, {job_id: state}, what="job record, ingestState of")
