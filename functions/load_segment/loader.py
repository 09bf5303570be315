"""Loads as much of a range as the time allows, and records exactly that in the ledger."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Final

from functions.aws.ledger import Ledger
from functions.aws.objects import PinnedObject, WorkFiles
from functions.aws.progress_reports import ProgressReports
from functions.aws.runtime.deadline import Deadline
from functions.aws.writing.writer import TransactionWriter
from functions.domain.errors import SegmentOutOfTime, WriteThrottled
from functions.domain.ledger_rows import load_progress_row
from functions.domain.lines import Line, split_lines
from functions.domain.object_keys import dead_letters_key, image_list_key
from functions.domain.payloads.segment_work import SegmentWork
from functions.domain.ranges import Range
from functions.domain.segments import Segment
from functions.load_segment.groups import RecordSorter
from functions.load_segment.progress import Progress

DRAIN_SECONDS: Final = 15.0
"""Reading stops this long before writing does, for what is still in flight."""


@dataclass(frozen=True)
class Loaded:
    """What a worker call did.

    Attributes:
        segment: As it is in the ledger.
        nothing_beyond: No record behind the segment was written, so that the next call is the
            first there.
    """

    segment: Segment
    nothing_beyond: bool


@dataclass(frozen=True)
class SegmentLoader:
    """One worker call."""

    source: PinnedObject
    sorter: RecordSorter
    writer: TransactionWriter
    files: WorkFiles
    ledger: Ledger
    reports: ProgressReports
    deadline: Deadline
    line_bytes_limit: int
    expires: int

    def load(self, work: SegmentWork) -> Loaded:
        """Read, write and confirm records; then record the segment.

        Returns:
            What was done: from the work's first byte to the end of its range, or to the first
            byte of the record that the next call begins with.

        Raises:
            WriteThrottled: if not one group was confirmed in time, for DynamoDB refused writes.
            SegmentOutOfTime: if not one was, and DynamoDB refused none.
            ResultsObjectChanged, ResultsObjectMissing: as their names say.
        """
        span = work.range.as_range()
        lines = LinesUntilStopped(self._lines(span), span.end, self.deadline.earlier(DRAIN_SECONDS))
        progress = self._write(lines)
        if lines.reached_end and not progress.is_broken:
            end = span.end
        elif progress.end is not None:
            end = min(progress.end, span.end)
        elif attempts := self.writer.throttles:
            raise WriteThrottled(table=self.writer.table, start=span.start, attempts=attempts)
        else:
            raise SegmentOutOfTime(start=span.start)
        segment = self._record(work, Range(span.start, end), progress)
        return Loaded(segment, nothing_beyond=not progress.is_broken)

    def _lines(self, span: Range) -> Iterator[Line]:
        blocks = self.source.blocks(max(span.start - 1, 0), span.end)
        return split_lines(
            blocks, start=span.start, end=span.end, line_bytes_limit=self.line_bytes_limit
        )

    def _write(self, lines: "LinesUntilStopped") -> Progress:
        progress = Progress()
        for group in self.sorter.groups(lines):
            if group.repeats_earlier:
                self.writer.drain()
            batch = list(group.transactions.values())
            replace = not group.repeats_earlier
            progress.add(group, self.writer.write(batch, replace=replace) if batch else None)
            if (end := progress.end) is not None:
                counts = progress.counts
                self.reports.note(counts.total, partial(load_progress_row, end, counts))
            if progress.is_full or progress.is_broken:
                lines.stop()
        progress.finish()
        return progress

    def _record(self, work: SegmentWork, span: Range, progress: Progress) -> Segment:
        """Write the files of a segment, and only then its row."""
        letters_key = images_key = None
        if progress.dead_letters:
            letters_key = dead_letters_key(work.results_key, etag=work.object.etag, segment=span)
            self.files.write_lines(letters_key, bytes(progress.dead_letters))
        if progress.images:
            images_key = image_list_key(work.work_prefix, span)
            self.files.write_lines(images_key, bytes(progress.images))
        segment = Segment(
            span=span, counts=progress.counts, dead_letters=letters_key, images=images_key
        )
        self.ledger.put_segment(work.ledger_partition, segment, expires=self.expires)
        return segment


class LinesUntilStopped:
    """The lines that begin before a position, until `stop` is called or the time is up.

    The first line always comes: a call that did nothing would be repeated without end.

    Attributes:
        reached_end: There were no more of them.
    """

    def __init__(self, lines: Iterable[Line], end: int, deadline: Deadline) -> None:
        """Take the lines, and what ends them."""
        self._lines = lines
        self._end = end
        self._deadline = deadline
        self._stopped = False
        self.reached_end = False

    def stop(self) -> None:
        """Let no further line come."""
        self._stopped = True

    def __iter__(self) -> Iterator[Line]:
        """Go through them, once."""
        first, end, clock, stop_at = True, self._end, self._deadline.clock, self._deadline.at
        for line in self._lines:
            if line.start >= end:
                break
            if not first and (self._stopped or clock() >= stop_at):
                return
            first = False
            yield line
        self.reached_end = True
