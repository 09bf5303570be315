"""Moves a batch of images, in an order that is safe to interrupt between any two calls.

The copies, and the `s3Key` of each transaction whose image is copied; then the marks of all pending
images, then the deletes of the sources. Whenever this stops, each transaction points at an object
that exists, or at none; and doing it again ends in the same state.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from botocore.exceptions import ClientError

from functions.aws.image_deletion import ImageDeletion
from functions.aws.image_records import BATCH_KEYS, ImageRecords, KeysUnread
from functions.aws.image_store import ContentArchived, ContentRefused
from functions.aws.image_updates import ImageUpdates, Placed
from functions.aws.runtime.deadline import Deadline
from functions.aws.runtime.service_errors import THROTTLED, is_any
from functions.aws.writing.batch_statements import MAX_STATEMENTS
from functions.domain.failures import ImageLeftReason
from functions.domain.images import PendingImage
from functions.migrate_images.copier import ImageCopier, Left, Move
from functions.migrate_images.pace import Pace


@dataclass(frozen=True)
class ImageResult:
    """What became of one image in one pass.

    Attributes:
        left: Why it was left; None where it moved, or where the next attributes say more.
        refused: S3 did not allow to read or copy it.
        not_now: A service throttled it, or throttled others until the call's time was spent; or
            the write budget left no part for it in time.
    """

    left: ImageLeftReason | None = None
    refused: ContentRefused | None = None
    not_now: bool = False


_NOT_NOW = ImageResult(not_now=True)
_BATCH_SECONDS: Final = 5.0
"""How long the updates of a batch's transactions take at the rate in force: the claim is looked at
between two batches."""


@dataclass(frozen=True)
class BatchMover:
    """Moves images of one job, at most 100 of different ids at a time."""

    copier: ImageCopier
    records: ImageRecords
    updates: ImageUpdates
    deletion: ImageDeletion
    deadline: Deadline
    pace: Pace
    now: Callable[[], datetime]

    @property
    def batch_size(self) -> int:
        """How many images to move at a time, at the rate that the write budget allows now."""
        affordable = int(self.updates.budget.rate * _BATCH_SECONDS)
        return min(BATCH_KEYS, max(1, affordable))

    def move(self, image_ids: Sequence[str]) -> dict[str, ImageResult]:
        """Move a batch; what became of each image.

        Raises:
            ClientError: for an answer that neither an image nor a throttle explains.
        """
        try:
            images = self.records.read_batch(image_ids)
            there = self.records.with_transaction(list(images)) if images else set()
        except (ClientError, KeysUnread) as error:
            if not _is_throttle(error):
                raise
            return dict.fromkeys(image_ids, _NOT_NOW)

        def copy(image_id: str) -> Move | ImageResult:
            return self._copy(image_id, images.get(image_id), has_transaction=image_id in there)

        with ThreadPoolExecutor(self.pace.width, thread_name_prefix="mover") as pool:
            return self._write(zip(image_ids, pool.map(copy, image_ids), strict=True), pool)

    def _copy(
        self, image_id: str, image: PendingImage | None, *, has_transaction: bool
    ) -> Move | ImageResult:
        if self.pace.is_slowed and self.deadline.has_passed:
            return _NOT_NOW
        try:
            return self.copier.copy(image_id, image, has_transaction=has_transaction)
        except Left as left:
            return ImageResult(left=left.reason)
        except ContentArchived:
            return ImageResult(left=ImageLeftReason.ARCHIVED)
        except ContentRefused as refused:
            return ImageResult(refused=refused)
        except (ClientError, KeysUnread) as error:
            if not _is_throttle(error):
                raise
            return _NOT_NOW

    def _write(
        self, copied: Iterable[tuple[str, Move | ImageResult]], pool: ThreadPoolExecutor
    ) -> dict[str, ImageResult]:
        """Point, mark and delete; an image that one step leaves out takes no later one.

        Args:
            copied: In the order in which copies end: those that have ended are pointed at, as fast
                as the budget allows, while others are copied.
            pool: Which copies.
        """
        moves: dict[str, Move] = {}
        results: dict[str, ImageResult] = {}

        def placed() -> Iterator[Placed]:
            for image_id, each in copied:
                if isinstance(each, Move):
                    moves[image_id] = each
                    yield each.image, each.key
                else:
                    results[image_id] = each

        pointed = self.updates.point(placed())
        marked = _in_parts(
            pool,
            lambda part: self.updates.mark(part, now=self.now()),
            (move for key, move in moves.items() if move.marks and key in pointed),
        )
        done = {
            key: move
            for key, move in moves.items()
            if key in pointed and (key in marked or not move.marks)
        }
        kept = self.deletion.delete({move.source for move in done.values() if move.source})
        return results | {
            key: _result(move, is_pointed=pointed[key])
            if key in done and move.source not in kept
            else _NOT_NOW
            for key, move in moves.items()
        }


def _result(move: Move, *, is_pointed: bool) -> ImageResult:
    gone = None if is_pointed else ImageLeftReason.TRANSACTION_GONE
    return ImageResult(left=move.left or gone)


def _in_parts(
    pool: ThreadPoolExecutor,
    update: Callable[[Sequence[Placed]], Mapping[str, bool]],
    moves: Iterable[Move],
) -> dict[str, bool]:
    """The answers of an update that takes so many images at a time, by image id."""
    placed = [(move.image, move.key) for move in moves]
    parts = [placed[at : at + MAX_STATEMENTS] for at in range(0, len(placed), MAX_STATEMENTS)]
    answers: dict[str, bool] = {}
    for answer in pool.map(update, parts):
        answers |= answer
    return answers


def _is_throttle(error: ClientError | KeysUnread) -> bool:
    return isinstance(error, KeysUnread) or is_any(error, THROTTLED)
