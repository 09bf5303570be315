"""Lines out of blocks of bytes, in one pass and bounded memory.

A line ends at LF; a CR before it, blank lines, a missing final LF and a byte-order mark at
byte 0 of the object are normal.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
_BLANK: Final = b" \t\r"


@dataclass(frozen=True, slots=True)
class Line:
    """One non-blank line, that is, one record.

    Attributes:
        start: The line's first byte in the object: it decides whose record this is.
        next_start: The first byte after its LF, or the object's end.
        offset: Where its content starts: `start`, or 3 behind a byte-order mark.
        length: Bytes of content, without the line's end.
        content: These bytes, or None where there are more of them than the bound: such a line
            was measured, never kept.
    """

    start: int
    next_start: int
    offset: int
    length: int
    content: bytes | None


def split_lines(blocks: Iterable[bytes], *, start: int, line_bytes_limit: int) -> Iterator[Line]:
    """Yield the non-blank lines that begin at `start` or later.

    Args:
        blocks: The object's bytes from `start - 1` on (from 0 if `start` is 0), in order. That
            one byte tells whether a line begins at `start`. Blocks are asked for one at a
            time, so a caller that stops early reads no further.
        start: A byte position; a line under way there belongs to the range before.
        line_bytes_limit: Content of more bytes than this is measured, never kept.
    """
    position = max(start - 1, 0)
    begins = position
    under_way = _LineUnderWay(line_bytes_limit)
    skipping = start > 0
    for block in blocks:
        cursor = 0
        while (newline := block.find(b"\n", cursor)) >= 0:
            next_start = position + newline + 1
            if skipping:
                skipping = False
            else:
                under_way.add(block[cursor:newline])
                if line := under_way.finish(begins, next_start=next_start, by_newline=True):
                    yield line
            begins = next_start
            cursor = newline + 1
        if not skipping:
            under_way.add(block[cursor:])
        position += len(block)
    if not skipping and begins < position:
        line = under_way.finish(begins, next_start=position, by_newline=False)
        if line is not None:
            yield line


class _LineUnderWay:
    """The parts of the line being read, given up once they are certainly too many."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._reset()

    def _reset(self) -> None:
        self._parts: list[bytes] = []
        self._size = 0
        self._has_mark = False
        self._last = b""

    def add(self, part: bytes) -> None:
        if not part:
            return
        if self._size < len(BYTE_ORDER_MARK):
            head = b"".join(self._parts) + part[: len(BYTE_ORDER_MARK)]
            self._has_mark = head.startswith(BYTE_ORDER_MARK)
        self._size += len(part)
        self._last = part[-1:]
        # A mark and a CR may still go; only beyond them is the line too long for certain.
        if self._size <= self._limit + len(BYTE_ORDER_MARK) + 1:
            self._parts.append(part)
        else:
            self._parts.clear()

    def finish(self, begins: int, *, next_start: int, by_newline: bool) -> Line | None:
        marked = self._has_mark and begins == 0
        before = len(BYTE_ORDER_MARK) if marked else 0
        after = 1 if by_newline and self._last == b"\r" and self._size > before else 0
        length = self._size - before - after
        content = b"".join(self._parts)[before : self._size - after]
        self._reset()
        if length > self._limit:
            return Line(begins, next_start, begins + before, length, None)
        if not content.strip(_BLANK):
            return None
        return Line(begins, next_start, begins + before, length, content)
