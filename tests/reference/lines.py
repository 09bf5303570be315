"""An object's bytes into its records (the contract, section 1.3)."""

from collections.abc import Iterator
from dataclasses import dataclass

BYTE_ORDER_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Line:
    """A record's place in its object, and its bytes.

    `start` is the line's first byte; `offset` and `length` are those of its content: without the
    line's end, and without a byte-order mark at byte 0.
    """

    start: int
    offset: int
    length: int
    content: bytes


def split(data: bytes) -> Iterator[Line]:
    start = 0
    while start < len(data):
        end = data.find(b"\n", start)
        written = data[start:] if end < 0 else data[start:end].removesuffix(b"\r")
        content = written.removeprefix(BYTE_ORDER_MARK) if start == 0 else written
        if content.strip(b" \t\r"):
            offset = start + len(written) - len(content)
            yield Line(start, offset, len(content), content)
        start = len(data) if end < 0 else end + 1


def of_segment(data: bytes, from_byte: int, to_byte: int) -> list[Line]:
    """The records whose first byte lies in `[from_byte, to_byte)` (section 3.1)."""
    return [line for line in split(data) if from_byte <= line.start < to_byte]
