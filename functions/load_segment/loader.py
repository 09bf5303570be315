"""Loads as much of a range as the time allows, and states exactly that in the ledger."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from functions.aws.deadline import Deadline
from functions.aws.objects import PinnedObject, WorkFiles
from functions.aws.tables import Ledger
from functions.aws.writer import TransactionWriter
from functions.domain.counts import sum_loads
from functions.domain.errors import WriteThrottled
from functions.domain.ledger_rows import object_partition
from functions.domain.lines import Line, split_lines
from functions.domain.object_keys import dead_letters_key, image_list_key, work_prefix
from functions.domain.payloads import SegmentWork
from functions.domain.ranges import Range
from functions.domain.segments import Segment
from functions.load_segment.groups import Group, RecordSorter

if TYPE_CHECKING:
    from concurrent.futures import Future

DRAIN_SECONDS: Final = 15.0
"""Reading stops this long before writing does, for what is still in flight."""
MAX_DEAD_LETTER_BYTES: Final = 8 * 1024 * 1024
"""Rejects held in memory; with more of them the segment ends, and another one begins."""


@dataclass(frozen=True)
class SegmentLoader:
    """One worker call."""

    source: PinnedObject
    sorter: RecordSorter
    writer: TransactionWriter
    files: WorkFiles
    ledger: Ledger
    deadline: Deadline
    line_bytes_limit: int
    expires: int

    def load(self, work: SegmentWork) -> Segment:
        """Read, write, confirm, and put the segment on record.

        Returns:
            What was done: from the work's first byte to the end of its range, or to the first
            byte of the record that the next call begins with.

        Raises:
            WriteThrottled: if not one group was confirmed in time.
            ResultsObjectChanged, ResultsObjectMissing: as their names say.
        """
        span = work.range.as_range()
        lines = _UntilStopped(self._lines(span), span.end, self.deadline.earlier(DRAIN_SECONDS))
        done = self._confirmed(self._write(lines))
        if lines.reached_end and len(done.groups) == done.of:
            end = span.end
        elif done.groups:
            end = min(done.groups[-1].end, span.end)
        else:
            raise WriteThrottled(
                table=self.writer.table, start=span.start, attempts=self.writer.throttles
            )
        return self._record(work, Range(span.start, end), done.groups)

    def _lines(self, span: Range) -> Iterator[Line]:
        blocks = self.source.blocks(max(span.start - 1, 0), span.end)
        return split_lines(blocks, start=span.start, line_bytes_limit=self.line_bytes_limit)

    def _write(self, lines: "_UntilStopped") -> "list[tuple[Group, Future[bool] | None]]":
        written: list[tuple[Group, Future[bool] | None]] = []
        held = 0
        for group in self.sorter.groups(lines):
            if group.repeats_earlier:
                self.writer.settle()
            items = list(group.items.values())
            written.append((group, self.writer.write(items) if items else None))
            held += sum(map(len, group.dead_letters))
            if held > MAX_DEAD_LETTER_BYTES:
                lines.stop()
        return written

    @staticmethod
    def _confirmed(written: "list[tuple[Group, Future[bool] | None]]") -> "_Confirmed":
        groups: list[Group] = []
        for group, future in written:
            if future is not None and not future.result():
                break
            groups.append(group)
        return _Confirmed(groups, len(written))

    def _record(self, work: SegmentWork, span: Range, groups: list[Group]) -> Segment:
        """Write the files of a segment, and only then its row."""
        letters = [letter for group in groups for letter in group.dead_letters]
        image_ids = [image_id for group in groups for image_id in group.image_ids]
        letters_key = images_key = None
        if letters:
            letters_key = dead_letters_key(work.results_key, etag=work.object.etag, segment=span)
            self.files.write_lines(letters_key, letters)
        if image_ids:
            prefix = work_prefix(work.results_key, generation=work.claim.generation)
            images_key = image_list_key(prefix, span)
            self.files.write_lines(images_key, [json.dumps(i).encode() for i in image_ids])
        segment = Segment(
            span=span,
            counts=sum_loads(group.counts for group in groups),
            dead_letters=letters_key,
            images=images_key,
        )
        partition = object_partition(work.job.job_id, work.object.key, work.claim.generation)
        self.ledger.put_segment(partition, segment, expires=self.expires)
        return segment


@dataclass(frozen=True)
class _Confirmed:
    """The confirmed groups from the first on, of how many there were."""

    groups: list[Group]
    of: int


class _UntilStopped:
    """The lines that begin before a position, until somebody says stop or time is up.

    The first line always comes: a call that did nothing would be called again for ever.
    """

    def __init__(self, lines: Iterable[Line], end: int, deadline: Deadline) -> None:
        self._lines = lines
        self._end = end
        self._deadline = deadline
        self._stopped = False
        self.reached_end = False

    def stop(self) -> None:
        self._stopped = True

    def __iter__(self) -> Iterator[Line]:
        first = True
        for line in self._lines:
            if line.start >= self._end:
                break
            if not first and (self._stopped or self._deadline.has_passed):
                return
            first = False
            yield line
        self.reached_end = True
