"""Results objects made to cost a worker as much as they can."""

import json
from collections import Counter
from collections.abc import Callable
from typing import Any

from functions.aws.runtime.request_bodies import BODY
from functions.domain.ranges import Range
from tests.hostile.costs import Case
from tests.unit.load import segment_loading
from tests.unit.load.segment_loading import SegmentLoading, good
from tests.workflow.memory.s3 import MemoryS3

BLOCK = 1024 * 1024
MAX_FILE_BYTES = 5 * 1024 * 1024
"""A segment ends with 4 MiB of dead letters, or image ids, and the group that it was at."""
MAX_IMAGE_LIST_BYTES = 7 * MAX_FILE_BYTES
"""Ids are counted by their letters, and JSON writes a letter in up to six bytes."""


class _Sizes(MemoryS3):
    """Files, looked at and forgotten."""

    def __init__(self) -> None:
        super().__init__()
        self.largest: Counter[str] = Counter()

    def put_object(self, **request: Any) -> dict[str, Any]:
        folder = request["Key"].partition("/")[0]
        self.largest[folder] = max(self.largest[folder], len(request["Body"]))
        return {}


class _Forgetful(segment_loading.Table):
    """A table that keeps nothing."""

    def batch_write_item(self, **parameters: object) -> dict[str, object]:
        del parameters
        return {"UnprocessedItems": {}}

    def batch_execute_statement(self, **parameters: Any) -> dict[str, Any]:
        return {"Responses": [{} for _ in json.loads(parameters[BODY])["Statements"]]}


def _load(data: bytes) -> str:
    """Load an object in one range, segment by segment; what was counted."""
    segment_loading.LIMIT = 16 * 1024 * 1024
    here = SegmentLoading(data, block=BLOCK)
    here.table = _Forgetful()
    here.files = files = _Sizes()
    at, segments = 0, 0
    total: Counter[str] = Counter()
    while at < len(data):
        segment = here.load(Range(at, len(data))).segment
        assert segment.span.end > at
        at, segments = segment.span.end, segments + 1
        counts = segment.counts
        total.update({"success": counts.success, "duplicate": counts.duplicate}, **counts.rejects)
    assert files.largest["dead-letters"] <= MAX_FILE_BYTES
    assert files.largest["work"] <= MAX_IMAGE_LIST_BYTES
    said = {name: number for name, number in sorted(total.items()) if number}
    return json.dumps({"segments": segments, **said})


def _date(number: int) -> bytes:
    receipt = json.dumps({"date": f"{number:05d}" + "1" * 1024 * 1024})
    return json.dumps({"recordId": "r", "output": {"text": receipt}}).encode() + b"\n"


_OBJECTS: dict[str, Callable[[], bytes]] = {
    "100,000 lines of one digit": lambda: b"1\n" * 100_000,
    "a million lines of one digit": lambda: b"1\n" * 1_000_000,
    "a million line ends": lambda: b"\n" * 1_000_000,
    "a million blank lines with returns": lambda: b"\r\r\n" * 1_000_000,
    "16 MiB of returns": lambda: b"\r" * 16 * BLOCK,
    "5,000 rejects with long excerpts": lambda: (
        (b'{"recordId":"r","output":{"text":"' + b"\\u0001" * 1024 + b'"}}\n') * 5_000
    ),
    "50,000 answers for one image": lambda: (good("image") + b"\n") * 50_000,
    "10,000 image ids of 2,048 bytes": lambda: b"".join(
        good(f"{number:05d}" + "\x01" * 2043) + b"\n" for number in range(10_000)
    ),
    "20 items of 390 KiB": lambda: b"".join(
        good(f"image-{number}", description="\x01" * 390 * 1024) + b"\n" for number in range(20)
    ),
    "100 dates of 1 MiB": lambda: b"".join(map(_date, range(100))),
    "one line of 100 MiB": lambda: b"x" * 100 * BLOCK,
}
CASES: dict[str, Case] = {name: (make, _load) for name, make in _OBJECTS.items()}
