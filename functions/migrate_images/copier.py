"""Copies one image, or finds that it was copied before, or why it stays.

A copy is never taken back. Another job that answers the same image takes a copy that is there for
its own, so removing it could leave that job's transaction pointing at nothing. Where the
transaction is deleted while its image moves, the move is finished, as if the deletion had come a
moment later: the image is in one place, and pending-images says where.
"""

from dataclasses import dataclass
from typing import Final

from functions.aws.image_records import ImageRecords
from functions.aws.image_store import DestinationTaken, ImageStore, SourceChanged, StoredImage
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
    """The image stays where it is, and its transaction names no image.

    Attributes:
        reason: Why.
    """

    def __init__(self, reason: ImageLeftReason) -> None:
        """Keep the reason."""
        self.reason = reason
        super().__init__(reason.value)


@dataclass(frozen=True)
class Move:
    """What is left to write and to delete for an image whose place is known.

    Attributes:
        image: Its pending image, as it was read last.
        key: What the `s3Key` of its transaction is to be.
        marks: Whether the pending image is to be marked as moved to that key.
        source: The upload to delete at last; None where there is none, or it stays.
        left: Why the image counts as left, although its transaction names it.
    """

    image: PendingImage
    key: str
    marks: bool = False
    source: StoredImage | None = None
    left: ImageLeftReason | None = None


@dataclass(frozen=True)
class ImageCopier:
    """Copies images of one job.

    Attributes:
        user_id: The job's user; images of others are not touched.
        date: Folder of processed images: the event time's date in JST.
    """

    store: ImageStore
    records: ImageRecords
    user_id: str
    date: str

    def copy(self, image_id: str, image: PendingImage | None, *, has_transaction: bool) -> Move:
        """Copy an image, or find the copy of an earlier migration.

        Args:
            image_id: The record's.
            image: Its pending image as it was read last, None without one.
            has_transaction: Whether its transaction was there a moment ago.

        Raises:
            Left: if it stays where it is.
        """
        for _ in range(MAX_REPLACEMENTS):
            if (reason := refusal(image, user_id=self.user_id)) or image is None:
                raise Left(reason or ImageLeftReason.UNKNOWN)
            try:
                if (copied := self._earlier_copy(image)) is not None:
                    return self._finish(image, copied)
                return self._copy(image, has_transaction=has_transaction)
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

    def _finish(self, image: PendingImage, copied: StoredImage) -> Move:
        """What an earlier migration may have left undone."""
        source = None
        if image.s3_key and is_key(image.s3_key) and is_in_uploads(image.s3_key):
            source = self.store.head(image.s3_key)
            if source is not None and not self.store.same_content(source, copied):
                source = None
        return Move(image, copied.key, source=source)

    def _copy(self, image: PendingImage, *, has_transaction: bool) -> Move:
        key = image.s3_key
        if not key or not is_key(key):
            raise Left(ImageLeftReason.MISSING)
        if not is_in_uploads(key):
            return Move(image, key, left=ImageLeftReason.OUTSIDE_UPLOADS)
        source = self._source(image, key)
        target = destination(key, date=self.date)
        if source.size > MAX_COPY_BYTES:
            return Move(image, key, left=ImageLeftReason.TOO_LARGE)
        if not is_key(target):
            # Its name leaves no room for the date: there is no place in `processed/` for it.
            return Move(image, key, left=ImageLeftReason.OUTSIDE_UPLOADS)
        if has_transaction:
            self.store.copy(source, target)
        elif not self._was_copied(source, target):
            raise Left(ImageLeftReason.TRANSACTION_GONE)
        return Move(image, target, marks=True, source=source)

    def _source(self, image: PendingImage, key: str) -> StoredImage:
        """The upload.

        Raises:
            Left: if there is none.
            SourceChanged: if it has gone since its record was read.
        """
        if (source := self.store.head(key)) is not None:
            return source
        if self.records.read(image.image_id) == image:
            raise Left(ImageLeftReason.MISSING)
        raise SourceChanged

    def _was_copied(self, source: StoredImage, target: str) -> bool:
        """Whether a move had begun before the transaction was deleted."""
        copied = self.store.head(target)
        return copied is not None and self.store.same_content(source, copied)
