"""Moves one image, in an order that is safe to interrupt between any two calls.

Copy, point the transaction at the copy, mark the pending image, delete the source: whenever
this stops, the transaction points at an object that exists, or at none; and doing it again ends
in the same state.

A copy is never taken back. Whoever else answers the same image takes a copy that is there for
its own, so removing it could leave that transaction pointing at nothing. Where the transaction
is deleted while its image moves, the move is finished, as if the deletion had come a moment
later: the image is in one place, and pending-images says where.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from functions.aws.image_records import ImageRecords
from functions.aws.image_store import (
    DestinationTaken,
    ImageStore,
    SourceChanged,
    StoredImage,
)
from functions.domain.failures import ImageLeftReason
from functions.domain.images import (
    MAX_COPY_BYTES,
    PendingImage,
    destination,
    is_in_processed,
    is_in_uploads,
    is_key,
    refusal,
)

MAX_REPLACEMENTS: Final = 3
"""How often an upload may be replaced while it is being moved before its user may keep it."""


class Left(Exception):  # noqa: N818  a verdict, not a fault
    """The image stays where it is.

    Attributes:
        reason: Why.
    """

    def __init__(self, reason: ImageLeftReason) -> None:
        """Keep the reason."""
        self.reason = reason
        super().__init__(reason.value)


@dataclass(frozen=True)
class ImageMover:
    """Moves images of one job.

    Attributes:
        user_id: The job's user; images of others are not touched.
        date: Folder of processed images: the event time's date in JST.
    """

    store: ImageStore
    records: ImageRecords
    user_id: str
    date: str

    def move(
        self, image_id: str, image: PendingImage | None, *, has_transaction: bool, now: datetime
    ) -> None:
        """Move an image, or take note that it was moved before.

        Args:
            image_id: The record's.
            image: Its pending image as it was read last, None without one.
            has_transaction: Whether its transaction was there a moment ago.
            now: `processedAt`, if nobody has marked it yet.

        Raises:
            Left: if it stays where it is.
        """
        for _ in range(MAX_REPLACEMENTS):
            if (reason := refusal(image, user_id=self.user_id)) or image is None:
                raise Left(reason or ImageLeftReason.UNKNOWN)
            try:
                if (copied := self._earlier_copy(image)) is not None:
                    return self._finish(image, copied)
                return self._move(image, has_transaction=has_transaction, now=now)
            except SourceChanged:
                # Another job that has the same image may have been faster than we are.
                image = self.records.read(image_id)
            except DestinationTaken as taken:
                raise Left(ImageLeftReason.DESTINATION_TAKEN) from taken
        raise Left(ImageLeftReason.MISSING)

    def _earlier_copy(self, image: PendingImage) -> StoredImage | None:
        """Where an earlier migration put it, if that is still there."""
        key = image.moved_to
        return self.store.head(key) if key and is_in_processed(key) else None

    def _finish(self, image: PendingImage, copied: StoredImage) -> None:
        """Do what an earlier migration may have left undone."""
        pointed = self.records.point_transaction(image.image_id, copied.key)
        if image.s3_key and is_key(image.s3_key) and is_in_uploads(image.s3_key):
            source = self.store.head(image.s3_key)
            if source is not None and self.store.same_content(source, copied):
                self.store.delete(source)
        if not pointed:
            raise Left(ImageLeftReason.TRANSACTION_GONE)

    def _move(self, image: PendingImage, *, has_transaction: bool, now: datetime) -> None:
        source = self._source(image)
        target = destination(source.key, date=self.date)
        if source.size > MAX_COPY_BYTES:
            self._leave_with_key(image, source.key, ImageLeftReason.TOO_LARGE)
        if not is_key(target):
            # Its name leaves no room for the date: there is no place in `processed/` for it.
            self._leave_with_key(image, source.key, ImageLeftReason.OUTSIDE_UPLOADS)
        if has_transaction:
            self.store.copy(source, target)
        elif not self._was_copied(source, target):
            raise Left(ImageLeftReason.TRANSACTION_GONE)
        pointed = self.records.point_transaction(image.image_id, target)
        self.records.mark_processed(image, target, now=now)
        self.store.delete(source)
        if not pointed:
            raise Left(ImageLeftReason.TRANSACTION_GONE)

    def _source(self, image: PendingImage) -> StoredImage:
        """The upload.

        Raises:
            Left: if there is none that may be moved.
            SourceChanged: if it has gone since its record was read.
        """
        key = image.s3_key
        if not key or not is_key(key):
            raise Left(ImageLeftReason.MISSING)
        if not is_in_uploads(key):
            self._leave_with_key(image, key, ImageLeftReason.OUTSIDE_UPLOADS)
        if (source := self.store.head(key)) is not None:
            return source
        if self.records.read(image.image_id) == image:
            raise Left(ImageLeftReason.MISSING)
        raise SourceChanged

    def _was_copied(self, source: StoredImage, target: str) -> bool:
        """Whether a move had begun before the transaction was deleted."""
        copied = self.store.head(target)
        return copied is not None and self.store.same_content(source, copied)

    def _leave_with_key(self, image: PendingImage, key: str, reason: ImageLeftReason) -> None:
        self.records.point_transaction(image.image_id, key)
        raise Left(reason)
