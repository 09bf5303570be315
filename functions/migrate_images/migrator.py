"""Goes through a chunk of images, several at once, and stops in time."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from functions.aws.ledger import Ledger
from functions.aws.objects import WorkFiles
from functions.aws.progress_reports import ProgressReports
from functions.aws.runtime.deadline import Deadline
from functions.aws.runtime.telemetry import Telemetry
from functions.domain.counts import ImageCounts
from functions.domain.events import Event
from functions.domain.failures import ImageLeftReason
from functions.domain.payloads.chunk_work import ChunkWork
from functions.migrate_images.batch_mover import BatchMover, ImageResult
from functions.migrate_images.pace import Pace


class ImagesThrottled(Exception):  # noqa: N818  the name is what Step Functions retries on
    """S3 or DynamoDB throttled a whole call, or the write budget left it no part.

    Waiting helps, and Step Functions waits for free.
    """


@dataclass(frozen=True)
class ChunkMigrator:
    """One worker call."""

    files: WorkFiles
    ledger: Ledger
    mover: BatchMover
    deadline: Deadline
    pace: Pace
    reports: ProgressReports
    expires: int
    log: Telemetry

    def migrate(self, work: ChunkWork) -> ChunkWork:
        """Move images from the work's position on; with the last of them, state the counts.

        The first batch is always done unless a service throttles: a call that did nothing would
        be called again without end.

        Raises:
            ImagesThrottled: if not even one batch went through.
        """
        counts = ImageCounts.from_dict(work.counts)
        position = work.position
        for batch in _batches(self._image_ids(work), lambda: self.mover.batch_size):
            if position > work.position:
                if self.deadline.has_passed:
                    return _stopped(work, position, counts)
                if not self._owns(work):
                    self.log.warn(Event.CLAIM_LOST)
                    return work.but(finished=True)
                self.reports.note(position - work.position, counts.as_dict)
            results = self._move_batch(batch)
            if results is None:
                self.log.warn(Event.IMAGES_THROTTLED, position=position, atOnce=self.pace.width)
                if position == work.position:
                    raise ImagesThrottled(f"from image {position} of chunk {work.chunk.number}")
                return _stopped(work, position, counts)
            counts = self._judge(results, counts)
            position += len(batch)
        self.ledger.put_chunk(
            work.ledger_partition, work.chunk.number, counts, expires=self.expires
        )
        return _stopped(work, position, counts).but(finished=True)

    def _owns(self, work: ChunkWork) -> bool:
        return self.ledger.owns(work.execution, work.job.job_id, work.object.key) is not None

    def _move_batch(self, batch: Sequence[str]) -> dict[str, ImageResult] | None:
        """Move a batch, and again what was throttled; None where that outlasts the call."""
        results: dict[str, ImageResult] = {}
        waiting = list(batch)
        while True:
            results |= self.mover.move(waiting)
            waiting = [image_id for image_id in waiting if results[image_id].not_now]
            if not waiting:
                self.pace.keep_up()
                return results
            if not self.pace.slow_down(self.deadline):
                return None

    def _judge(self, results: dict[str, ImageResult], before: ImageCounts) -> ImageCounts:
        """Count a batch; a refusal counts as the image's own only where others moved.

        A role that may move other images of the chunk is not the cause. Where nothing moved, its
        key may be missing from the role's grants, and the state has to fail.

        Raises:
            ClientError: S3's refusal.
        """
        refused = {each: result.refused for each, result in results.items() if result.refused}
        reasons = [result.left for result in results.values() if not result.refused]
        for image_id, result in results.items():
            if result.left:
                self._say_left(image_id, result.left)
        others_moved = before.migrated > 0 or None in reasons
        for image_id, refusal in refused.items():
            if not others_moved and not refusal.by_its_key:
                raise refusal.error
            self._say_left(image_id, ImageLeftReason.UNREADABLE)
        return before + _count([*reasons, *(ImageLeftReason.UNREADABLE for _ in refused)])

    def _image_ids(self, work: ChunkWork) -> Iterator[str]:
        passed = 0
        for part in work.chunk.slices:
            skip = min(max(work.position - passed, 0), part.count)
            passed += part.count
            if skip < part.count:
                yield from self.files.read_strings(
                    part.images, first=part.first + skip, count=part.count - skip
                )

    def _say_left(self, image_id: str, reason: ImageLeftReason) -> None:
        self.log.info(Event.IMAGE_LEFT, reason=reason.value, imageId=image_id)


def _count(left: Sequence[ImageLeftReason | None]) -> ImageCounts:
    reasons = Counter(reason.value for reason in left if reason is not None)
    return ImageCounts(migrated=len(left) - reasons.total(), left=dict(reasons))


def _batches(image_ids: Iterator[str], size: Callable[[], int]) -> Iterator[list[str]]:
    """Batches of different ids: two segments may answer one image, a call may ask once.

    Args:
        image_ids: All that are left.
        size: Of the next batch at most.
    """
    batch: dict[str, None] = {}
    most = size()
    for image_id in image_ids:
        if image_id in batch or len(batch) == most:
            yield list(batch)
            batch, most = {}, size()
        batch[image_id] = None
    if batch:
        yield list(batch)


def _stopped(work: ChunkWork, position: int, counts: ImageCounts) -> ChunkWork:
    return work.but(position=position, counts=counts.as_dict())
