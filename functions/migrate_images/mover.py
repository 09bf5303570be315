"""Moves one image, in an order that is safe to interrupt between any two calls.

Copy, point the transaction at the copy, mark the pending image, delete the source: whenever
this stops, the transaction points at an object that exists, or at none; and doing it again ends
in the same state.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from functions.aws.service_errors import CONFLICT, NOT_FOUND, PRECONDITION_FAILED, is_any
from functions.domain.failures import ImageLeftReason
from functions.domain.images import (
    MAX_COPY_BYTES,
    PendingImage,
    destination,
    is_in_uploads,
    may_move,
    refusal,
)
from functions.domain.object_keys import PROCESSED_PREFIX
from functions.migrate_images.records import ImageRecords

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

MAX_REPLACEMENTS: Final = 3
"""How often an upload may be replaced while it is being moved before we leave it to S3's user."""
_COMPARE_BYTES: Final = 1024 * 1024


class Left(Exception):  # noqa: N818  a verdict, not a fault
    """The image stays where it is.

    Attributes:
        reason: Why.
    """

    def __init__(self, reason: ImageLeftReason) -> None:
        """Keep the reason."""
        self.reason = reason
        super().__init__(reason.value)


class _SourceChanged(Exception):  # noqa: N818
    """The source was replaced or removed between two calls."""


@dataclass(frozen=True)
class _Source:
    key: str
    etag: str
    size: int


@dataclass(frozen=True)
class ImageMover:
    """Moves images of one job.

    Attributes:
        bucket: Of uploads and processed images.
        date: Folder of processed images: the event time's date in JST.
        copy_options: Storage class and encryption of the copies, as CopyObject's arguments.
    """

    s3: "S3Client"
    bucket: str
    user_id: str
    date: str
    records: ImageRecords
    copy_options: dict[str, Any]

    def move(self, image_id: str, image: PendingImage | None, *, now: datetime) -> None:
        """Move an image, or take note that it was moved before.

        Raises:
            Left: if it stays where it is.
        """
        if (reason := refusal(image, user_id=self.user_id)) or image is None:
            raise Left(reason or ImageLeftReason.UNKNOWN)
        for _ in range(MAX_REPLACEMENTS):
            try:
                if image.moved_to is not None:
                    return self._finish(image, image.moved_to)
                return self._move(image, now=now)
            except _SourceChanged:
                # Another job that has the same image may have been faster than we are.
                image = self.records.read(image_id) or image
        raise Left(ImageLeftReason.MISSING)

    def _move(self, image: PendingImage, *, now: datetime) -> None:
        key = image.s3_key
        if not key:
            raise Left(ImageLeftReason.MISSING)
        if not may_move(key, date=self.date):
            self._point(image, key)
            raise Left(ImageLeftReason.OUTSIDE_UPLOADS)
        source = self._head(key)
        if source is None:
            return self._find(image)
        if source.size > MAX_COPY_BYTES:
            self._point(image, key)
            raise Left(ImageLeftReason.TOO_LARGE)
        if not self.records.has_transaction(image.image_id):
            raise Left(ImageLeftReason.TRANSACTION_GONE)
        target = destination(key, date=self.date)
        self._copy(source, target)
        self._point(image, target)
        self.records.mark_processed(image, target, now=now)
        self._delete(source)
        return None

    def _find(self, image: PendingImage) -> None:
        """The source is gone: another job that has the same image may have moved it."""
        latest = self.records.read(image.image_id)
        if latest is None or latest.moved_to is None:
            raise Left(ImageLeftReason.MISSING)
        self._finish(latest, latest.moved_to)

    def _finish(self, image: PendingImage, target: str) -> None:
        """Do what an earlier migration may have left undone."""
        if not target.startswith(PROCESSED_PREFIX) or (copied := self._head(target)) is None:
            raise Left(ImageLeftReason.MISSING)
        self._point(image, target)
        if image.s3_key and is_in_uploads(image.s3_key):
            source = self._head(image.s3_key)
            if source is not None and self._same_content(source, copied):
                self._delete(source)

    def _point(self, image: PendingImage, key: str) -> None:
        if not self.records.point_transaction(image.image_id, key):
            raise Left(ImageLeftReason.TRANSACTION_GONE)

    def _copy(self, source: _Source, target: str) -> None:
        """Copy over nothing; the same content under the key is as good as a copy."""
        try:
            self.s3.copy_object(
                Bucket=self.bucket,
                Key=target,
                CopySource={"Bucket": self.bucket, "Key": source.key},
                CopySourceIfMatch=f'"{source.etag}"',
                IfNoneMatch="*",
                MetadataDirective="COPY",
                TaggingDirective="COPY",
                **self.copy_options,
            )
        except ClientError as error:
            if is_any(error, NOT_FOUND):
                raise _SourceChanged from error
            if not is_any(error, PRECONDITION_FAILED | CONFLICT):
                raise
            taken = self._head(target)
            if taken is None:
                raise _SourceChanged from error
            if not self._same_content(source, taken):
                raise Left(ImageLeftReason.DESTINATION_TAKEN) from error

    def _same_content(self, one: _Source, other: _Source) -> bool:
        if one.size != other.size:
            return False
        if one.etag == other.etag:
            return True
        # ETags of equal contents differ with encryption or upload in parts: look inside.
        return all(a == b for a, b in zip(self._read(one), self._read(other), strict=True))

    def _read(self, source: _Source) -> Any:
        answer = self.s3.get_object(Bucket=self.bucket, Key=source.key, IfMatch=f'"{source.etag}"')
        return answer["Body"].iter_chunks(_COMPARE_BYTES)

    def _delete(self, source: _Source) -> None:
        """Delete just this content; what a user put there since is kept."""
        try:
            self.s3.delete_object(Bucket=self.bucket, Key=source.key, IfMatch=f'"{source.etag}"')
        except ClientError as error:
            if not is_any(error, PRECONDITION_FAILED | NOT_FOUND | CONFLICT):
                raise

    def _head(self, key: str) -> _Source | None:
        try:
            head = self.s3.head_object(Bucket=self.bucket, Key=key)
        except ClientError as error:
            if is_any(error, NOT_FOUND):
                return None
            raise
        return _Source(key, head["ETag"].strip('"'), head["ContentLength"])
