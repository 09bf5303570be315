"""Goes through a chunk of images, several at once, and stops in time."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime

from botocore.exceptions import ClientError

from functions.aws.image_records import BATCH_KEYS, ImageRecords, KeysUnread
from functions.aws.image_store import ContentArchived, ContentRefused
from functions.aws.ledger import Ledger
from functions.aws.objects import WorkFiles
from functions.aws.progress_reports import ProgressReports
from functions.aws.runtime.deadline import Deadline
from functions.aws.runtime.service_errors import THROTTLED, is_any
from functions.aws.runtime.telemetry import Telemetry
from functions.domain.counts import ImageCounts
from functions.domain.events import Event
from functions.domain.failures import ImageLeftReason
from functions.domain.images import PendingImage
from functions.domain.payloads.chunk_work import ChunkWork
from functions.migrate_images.mover import ImageMover, Left
from functions.migrate_images.pace import Pace


class ImagesThrottled(Exception):  # noqa: N818  the name is what Step Functions retries on
    """S3 or DynamoDB throttled a whole call: waiting helps, and Step Functions waits for free."""


@dataclass(frozen=True)
class ImageResult:
    """What became of one image in one pass.

    Attributes:
        left: Why it was left; None where it moved, or where the next attributes say more.
        refused: S3 did not allow to read or copy it.
        not_now: A service throttled it, or throttled others until the call's time was spent.
    """

    left: ImageLeftReason | None = None
    refused: ContentRefused | None = None
    not_now: bool = False


@dataclass(frozen=True)
class ChunkMigrator:
    """One worker call."""

    files: WorkFiles
    ledger: Ledger
    records: ImageRecords
    mover: ImageMover
    deadline: Deadline
    pace: Pace
    reports: ProgressReports
    expires: int
    now: Callable[[], datetime]
    say: Telemetry

    def migrate(self, work: ChunkWork) -> ChunkWork:
        """Move images from the work's position on; with the last of them, state the counts.

        The first batch is always done unless a service throttles: a call that did nothing would
        be called again without end.

        Raises:
            ImagesThrottled: if not even one batch went through.
        """
        counts = ImageCounts.from_dict(work.counts)
        position = work.position
        for batch in _batches(self._image_ids(work)):
            if position > work.position:
                if self.deadline.has_passed:
                    return _stopped(work, position, counts)
                if not self._owns(work):
                    self.say.warn(Event.CLAIM_LOST)
                    return work.but(finished=True)
                self.reports.note(position - work.position, counts.as_dict)
            results = self._move_batch(batch)
            if results is None:
                self.say.warn(Event.IMAGES_THROTTLED, position=position, atOnce=self.pace.width)
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
            results |= self._move_all(waiting)
            waiting = [image_id for image_id in waiting if results[image_id].not_now]
            if not waiting:
                self.pace.keep_up()
                return results
            if not self.pace.slow_down(self.deadline):
                return None

    def _move_all(self, image_ids: Sequence[str]) -> dict[str, ImageResult]:
        try:
            images = self.records.read_batch(image_ids)
            known = list(images)
            there = self.records.with_transaction(known) if known else set()
        except (ClientError, KeysUnread) as error:
            if not _is_throttle(error):
                raise
            return dict.fromkeys(image_ids, ImageResult(not_now=True))

        def move(image_id: str) -> ImageResult:
            return self._move(image_id, images.get(image_id), has_transaction=image_id in there)

        with ThreadPoolExecutor(self.pace.width, thread_name_prefix="mover") as pool:
            return dict(zip(image_ids, pool.map(move, image_ids), strict=True))

    def _judge(self, results: dict[str, ImageResult], before: ImageCounts) -> ImageCounts:
        """Count a batch; a refusal counts as the image's own only where others moved.

        A role that may move other images of the chunk is not the cause. Where nothing moved, its
        key may be missing from the role's grants, and the state has to fail.

        Raises:
            ClientError: S3's refusal.
        """
        refused = {each: result.refused for each, result in results.items() if result.refused}
        reasons = [result.left for result in results.values() if not result.refused]
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

    def _move(
        self, image_id: str, image: PendingImage | None, *, has_transaction: bool
    ) -> ImageResult:
        if self.pace.is_slowed and self.deadline.has_passed:
            return ImageResult(not_now=True)
        try:
            self.mover.move(image_id, image, has_transaction=has_transaction, now=self.now())
        except Left as left:
            return self._say_left(image_id, left.reason)
        except ContentArchived:
            return self._say_left(image_id, ImageLeftReason.ARCHIVED)
        except ContentRefused as refused:
            return ImageResult(refused=refused)
        except (ClientError, KeysUnread) as error:
            if not _is_throttle(error):
                raise
            return ImageResult(not_now=True)
        return ImageResult()

    def _say_left(self, image_id: str, reason: ImageLeftReason) -> ImageResult:
        self.say.info(Event.IMAGE_LEFT, reason=reason.value, imageId=image_id)
        return ImageResult(left=reason)


def _is_throttle(error: ClientError | KeysUnread) -> bool:
    return isinstance(error, KeysUnread) or is_any(error, THROTTLED)


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
