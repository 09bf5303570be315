"""What a results object holds: all of a small one is read, and parts of a big one."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from functions.domain.lines import split_lines
from functions.domain.load_plan import SAMPLE_BYTES, mean_line_bytes
from functions.domain.records import Padding, Reject
from ops.model import project
from ops.model.file_check import interpreter

if TYPE_CHECKING:
    from collections.abc import Callable

WHOLE_BYTES: Final = 4 * SAMPLE_BYTES
"""Objects up to this size are read whole."""
_WINDOWS: Final = 8
_WINDOW_BYTES: Final = 256 * 1024
_LINES_A_WINDOW: Final = 4


@dataclass(frozen=True)
class Workload:
    """What is to be ingested.

    Attributes:
        size: Bytes.
        line_bytes: Mean length of a line at its beginning, as PlanRanges learns it.
        records: Padding included.
        transactions: Records that become one.
        item_units: Write units of a transaction, the mean.
        images: Images that are moved.
        is_conditional: Another object of the job comes first, so its writes are conditional.
        is_sampled: The numbers are the sample's, scaled up.
        sampled_ids: Images of some of its records.
    """

    size: int
    line_bytes: float
    records: float
    transactions: float
    item_units: float
    images: float
    is_conditional: bool = False
    is_sampled: bool = False
    sampled_ids: tuple[str, ...] = ()


@dataclass
class _Sample:
    """What some lines hold."""

    size: int = 0
    records: int = 0
    transactions: int = 0
    item_units: int = 0
    ids: list[str] = field(default_factory=list)

    def add(self, content: bytes) -> None:
        """Count whole lines."""
        interpret, limit = interpreter(), project.number("lineBytesLimit")
        self.size += len(content)
        for line in split_lines([content], start=0, line_bytes_limit=limit):
            self.records += 1
            outcome = interpret(line)
            if not isinstance(outcome, (Padding, Reject)):
                self.transactions += 1
                self.item_units += outcome.write_units
                self.ids.append(outcome.image_id)


def read_workload(size: int, read: Callable[[int, int], bytes]) -> Workload:
    """Look at an object: at all of it, or at parts of it.

    `read` takes a position and a number of bytes. Every transaction is taken to have an image that
    is moved, until more is known.
    """
    if size == 0:
        return Workload(0, 1.0, 0, 0, 1.0, 0)
    head = read(0, min(size, WHOLE_BYTES if size <= WHOLE_BYTES else SAMPLE_BYTES))
    line_bytes = mean_line_bytes(head[:SAMPLE_BYTES], object_bytes=size)
    sample = _Sample()
    if len(head) == size:
        sample.add(head)
    else:
        sample.add(head[: head.rfind(b"\n") + 1])
        for content in _windows(size, line_bytes, read):
            sample.add(content)
    if not sample.records and len(head) == size:
        return Workload(size, line_bytes, 0, 0, 1.0, 0)
    if not sample.records:  # one line is longer than the whole sample
        return Workload(size, line_bytes, 1, 1, 1.0, 1, is_sampled=True)
    scale = size / sample.size
    transactions = sample.transactions * scale
    return Workload(
        size=size,
        line_bytes=line_bytes,
        records=sample.records * scale,
        transactions=transactions,
        item_units=sample.item_units / max(1, sample.transactions),
        images=transactions,
        is_sampled=len(head) < size,
        sampled_ids=tuple(sample.ids[:: max(1, len(sample.ids) // 100)][:100]),
    )


def _windows(size: int, line_bytes: float, read: Callable[[int, int], bytes]) -> list[bytes]:
    """Whole lines from evenly spaced parts of an object."""
    length = min(WHOLE_BYTES, max(_WINDOW_BYTES, int(line_bytes * _LINES_A_WINDOW)))
    found = []
    for number in range(1, _WINDOWS):
        start = min(size * number // _WINDOWS, size - length)
        content = read(start, length)
        first, last = content.find(b"\n") + 1, content.rfind(b"\n") + 1
        found.append(content[first:last] if first else b"")
    return found
