"""Goes through a chunk of images, several at once, and stops in time."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from functions.aws.deadline import Deadline
from functions.aws.ledger import Ledger
from functions.aws.objects import WorkFiles
from functions.aws.telemetry import Telemetry
from functions.domain.counts import ImageCounts
from functions.domain.events import Event
from functions.domain.failures import ImageLeftReason
from functions.domain.images import PendingImage
from functions.domain.payloads.chunk_work import ChunkWork
from functions.migrate_images.mover import ImageMover, Left
from functions.migrate_images.records import BATCH_KEYS, ImageRecords

THREADS: Final = 16
"""Images under way at once: nearly all of an image's time is waiting for S3 and DynamoDB."""


@dataclass(frozen=True)
class ChunkMigrator:
    """One worker call."""

    files: WorkFiles
    ledger: Ledger
    records: ImageRecords
    mover: ImageMover
    deadline: Deadline
    expires: int
    now: Callable[[], datetime]
    say: Telemetry
    threads: int = THREADS

    def migrate(self, work: ChunkWork) -> ChunkWork:
        """Move images from the work's position on; with the last of them, state the counts.

        The first batch is always done: a call that did nothing would be called again for ever.
        """
        counts = ImageCounts.from_dict(work.counts)
        position = work.position
        with ThreadPoolExecutor(self.threads, thread_name_prefix="mover") as pool:
            for batch in _batches(self._image_ids(work)):
                if position > work.position:
                    if self.deadline.has_passed:
                        return _stopped(work, position, counts)
                    if not self._owns(work):
                        self.say.warn(Event.CLAIM_LOST)
                        return work.but(finished=True)
                counts += self._move_batch(batch, pool)
                position += len(batch)
        self.ledger.put_chunk(
            work.ledger_partition, work.chunk.number, counts, expires=self.expires
        )
        return _stopped(work, position, counts).but(finished=True)

    def _owns(self, work: ChunkWork) -> bool:
        return self.ledger.owns(work.execution, work.job.job_id, work.object.key) is not None

    def _move_batch(self, batch: Sequence[str], pool: Executor) -> ImageCounts:
        images = self.records.read_batch(batch)
        known = list(images)
        there = self.records.with_transaction(known) if known else set()

        def move(image_id: str) -> ImageLeftReason | None:
            return self._move(image_id, images.get(image_id), has_transaction=image_id in there)

        return _count(list(pool.map(move, batch)))

    def _image_ids(self, work: ChunkWork) -> Iterator[str]:
        passed = 0
        for part in work.chunk.slices:
            skip = min(max(work.position - passed, 0), part.count)
            passed += part.count
            if skip < part.count:
                yield from self.files.read_strings(
                    part.images, first=part.first + skip, count=part.count - skip
                )

    def _move(
        self, image_id: str, image: PendingImage | None, *, has_transaction: bool
    ) -> ImageLeftReason | None:
        """Move one; the reason where it is left."""
        try:
            self.mover.move(image_id, image, has_transaction=has_transaction, now=self.now())
        except Left as left:
            self.say.info(Event.IMAGE_LEFT, reason=left.reason.value, imageId=image_id)
            return left.reason
        return None


def _count(left: Sequence[ImageLeftReason | None]) -> ImageCounts:
    reasons = Counter(reason.value for reason in left if reason is not None)
    return ImageCounts(migrated=len(left) - reasons.total(), left=dict(reasons))


def _batches(image_ids: Iterator[str]) -> Iterator[list[str]]:
    """Batches of different ids: two segments may answer one image, a call may ask once."""
    batch: dict[str, None] = {}
    for image_id in image_ids:
        if image_id in batch or len(batch) == BATCH_KEYS:
            yield list(batch)
            batch = {}
        batch[image_id] = None
    if batch:
        yield list(batch)


def _stopped(work: ChunkWork, position: int, counts: ImageCounts) -> ChunkWork:
    return work.but(position=position, counts=counts.as_dict())
