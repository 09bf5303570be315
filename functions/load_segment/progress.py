"""How far a worker call has come: the confirmed groups from its first byte on, added up."""

from collections import deque
from json.encoder import encode_basestring_ascii
from typing import TYPE_CHECKING, Final

from functions.domain.counts import LoadCounts
from functions.load_segment.groups import Group

if TYPE_CHECKING:
    from concurrent.futures import Future

MAX_HELD_BYTES: Final = 4 * 1024 * 1024
"""Dead letters, and image ids, held in memory for the segment's files: with more of either the
segment ends, and another one begins."""
MAX_TRANSACTIONS: Final = 100_000
"""Transactions of a segment: each costs some 90 bytes for telling repeated ones."""


class Progress:
    """Takes groups in their order and folds them, as they are confirmed, into one sum.

    A group's transactions are its writer's; nothing here keeps them.

    Attributes:
        end: First byte after the confirmed records; None while there are none.
        dead_letters: Lines of the confirmed records' dead-letter object.
        images: Lines of their image list.
        is_full: More of it would not stay in bounds.
        is_broken: A group was not confirmed in time: nothing after it counts.
    """

    def __init__(self) -> None:
        self.end: int | None = None
        self.dead_letters = bytearray()
        self.images = bytearray()
        self.is_broken = False
        self._counts = LoadCounts()
        self._waiting: deque[tuple[Group, Future[bool] | None]] = deque()
        self._dead_letter_bytes = self._image_bytes = self._transactions = 0

    @property
    def is_full(self) -> bool:
        """Whether the segment has to end here."""
        return (
            self._dead_letter_bytes > MAX_HELD_BYTES
            or self._image_bytes > MAX_HELD_BYTES
            or self._transactions > MAX_TRANSACTIONS
        )

    @property
    def counts(self) -> LoadCounts:
        """What became of the confirmed records."""
        return self._counts

    def add(self, group: Group, written: "Future[bool] | None") -> None:
        """Take the next group.

        Args:
            group: Its transactions are taken away from it.
            written: Whether they are confirmed; None where there is nothing to write.
        """
        group.transactions = {}
        self._dead_letter_bytes += sum(map(len, group.dead_letters))
        self._image_bytes += sum(map(len, group.image_ids))
        self._transactions += len(group.image_ids)
        self._waiting.append((group, written))
        while self._waiting and (self._waiting[0][1] is None or self._waiting[0][1].done()):
            self._fold()

    def finish(self) -> None:
        """Wait for all that is under way.

        Raises:
            Exception: what a write failed of.
        """
        while self._waiting:
            self._fold()

    def _fold(self) -> None:
        group, written = self._waiting.popleft()
        confirmed = written is None or written.result()
        self.is_broken |= not confirmed
        if self.is_broken:
            return
        self.end = group.end
        self._counts += group.counts
        for letter in group.dead_letters:
            self.dead_letters += letter + b"\n"
        for image_id in group.image_ids:
            self.images += encode_basestring_ascii(image_id).encode() + b"\n"
