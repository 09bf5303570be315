"""Lines out of blocks of bytes, in one pass and bounded memory.

A line ends at LF; a CR before it, blank lines, a missing final LF and a byte-order mark at
byte 0 of the object are normal.
"""

import io
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
_BLANK: Final = b" \t\r"
HEAD_BYTES: Final = 16 * 1024
"""Kept of a line that is too long: room for an image id of 2,048 bytes, all letters escaped."""
_UNCOUNTED: Final = len(BYTE_ORDER_MARK) + 1
"""A mark and a CR do not count as content: a line is too long only beyond them."""


class Line(NamedTuple):
    """One non-blank line, that is, one record.

    Attributes:
        start: The line's first byte in the object: it decides whose record this is.
        next_start: The first byte after its LF, or the object's end.
        offset: Where its content starts: `start`, or 3 behind a byte-order mark.
        length: Bytes of content, without the line's end.
        content: These bytes, or None where there are more of them than the bound: such a line
            was measured, never kept.
        head: Its first bytes, where `content` is None.
    """

    start: int
    next_start: int
    offset: int
    length: int
    content: bytes | None
    head: bytes = b""


def split_lines(
    blocks: Iterable[bytes], *, start: int, line_bytes_limit: int, end: int | None = None
) -> Iterator[Line]:
    """Yield the non-blank lines that begin at `start` or later.

    Args:
        blocks: The object's bytes from `start - 1` on (from 0 if `start` is 0), in order. That
            one byte tells whether a line begins at `start`. Blocks are asked for one at a
            time, so a caller that stops early reads no further.
        start: A byte position; a line under way there belongs to the range before.
        line_bytes_limit: Content of more bytes than this is measured, never kept.
        end: Lines that begin here or later are not asked for. Where one line goes over the
            whole span, nothing is read beyond it.
    """
    position = max(start - 1, 0)
    skipping = start > 0
    under_way = _LineUnderWay(begins=0, limit=line_bytes_limit)
    for block in blocks:
        cursor = 0
        if skipping or under_way.size:
            cursor = block.find(b"\n") + 1
            if not cursor:
                position += len(block)
                if not skipping:
                    under_way.add(block)
                elif end is not None and position >= end:
                    return
                continue
            if not skipping and (line := under_way.finish(memoryview(block)[:cursor])):
                yield line
            skipping = False
        while (newline := block.find(b"\n", cursor)) >= 0:
            line = _line(block, cursor, newline, position, line_bytes_limit)
            cursor = newline + 1
            if line is not None:
                yield line
        under_way = _LineUnderWay(begins=position + cursor, limit=line_bytes_limit)
        under_way.add(memoryview(block)[cursor:])
        position += len(block)
    if under_way.size and (line := under_way.finish(b"")):
        yield line


def _line(block: bytes, begins: int, newline: int, position: int, limit: int) -> Line | None:
    """A line that lies in a block as a whole; None for a blank one.

    Args:
        block: Where it is.
        begins: Its first byte, in the block.
        newline: Where its LF is.
        position: The block's first byte, in the object.
        limit: As for `split_lines`.
    """
    start = position + begins
    if newline - begins > limit or not start:
        under_way = _LineUnderWay(begins=start, limit=limit)
        return under_way.finish(memoryview(block)[begins : newline + 1])
    # The usual line, copied once: a second copy without its end cost lines of 400 KB about a
    # tenth of their processor time.
    content = block[begins:newline]
    if content.endswith(b"\r"):
        content = content[:-1]
    if not content.strip(_BLANK):
        return None
    return Line(start, position + newline + 1, start, len(content), content)


class _LineUnderWay:
    """A line in parts, dropped once it is too long.

    The parts go into one growing buffer, whose `getvalue` hands out the buffer itself: a line
    of many MiB is in memory once, not once in parts and once as a whole.
    """

    def __init__(self, *, begins: int, limit: int) -> None:
        self._begins = begins
        self._limit = limit
        self._kept = io.BytesIO()
        self._head = b""
        self._tail = b""
        self.size = 0

    def add(self, part: bytes | memoryview) -> None:
        """Take the next bytes."""
        self.size += len(part)
        self._tail = (self._tail + part[-2:])[-2:]
        if (room := HEAD_BYTES - len(self._head)) > 0:
            self._head += part[:room]
        if self.size <= self._limit + _UNCOUNTED + 1:
            self._kept.write(part)
        else:
            self._kept = io.BytesIO()

    def finish(self, rest: bytes | memoryview) -> Line | None:
        """Take the last bytes, with the LF if there is one; None for a blank line."""
        self.add(rest)
        before = len(BYTE_ORDER_MARK) if not self._begins and self._has_mark else 0
        end = self.size - (self._tail[-1:] == b"\n")
        if end < self.size and self._tail == b"\r\n" and end > before:
            end -= 1
        offset, length, next_start = self._begins + before, end - before, self._begins + self.size
        if length > self._limit:
            head = self._head[before : before + length]
            return Line(self._begins, next_start, offset, length, None, head)
        self._kept.truncate(end)
        content = self._kept.getvalue()[before:]
        if not content.strip(_BLANK):
            return None
        return Line(self._begins, next_start, offset, length, content)

    @property
    def _has_mark(self) -> bool:
        return self._head.startswith(BYTE_ORDER_MARK)
