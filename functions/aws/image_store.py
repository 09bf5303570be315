"""Images in S3: looked at, copied over nothing, compared.

Every call is conditional, so that doing it again, or at the same time as another program, can
neither lose nor replace anything:
https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-requests.html
"""

import hashlib
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from functions.aws.objects import is_absent
from functions.aws.runtime.service_errors import (
    ARCHIVED,
    CONFLICT,
    CUSTOMER_KEY,
    FORBIDDEN,
    NOT_FOUND,
    PRECONDITION_FAILED,
    is_any,
)

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_COMPARE_BYTES: Final = 1024 * 1024
_MAX_CONFLICTS: Final = 3
"""How often a call is made that meets others on the same key (409) before that is an error."""


class SourceChanged(Exception):  # noqa: N818  a turn of events, not a fault
    """An object was replaced or removed between two calls."""


class DestinationTaken(Exception):  # noqa: N818
    """Another content is under the key that a copy was to have."""


class ContentArchived(Exception):  # noqa: N818
    """An object is in an archive tier: it cannot be read or copied until it is restored."""


class ContentRefused(Exception):  # noqa: N818
    """S3 does not let this system read or copy an object that is encrypted with another key.

    Attributes:
        error: S3's answer.
        by_its_key: The key is known not to be this deployment's. False where that is not known,
            so that the role may be the cause.
    """

    def __init__(self, error: ClientError, *, by_its_key: bool) -> None:
        """Keep S3's answer."""
        self.error = error
        self.by_its_key = by_its_key
        super().__init__(str(error))


@dataclass(frozen=True)
class StoredImage:
    """One content of one key.

    Attributes:
        etag: Without quotes.
        size: Bytes.
        kms_key: ARN of the KMS key that it is encrypted with, None without one.
    """

    key: str
    etag: str
    size: int
    kms_key: str | None = None

    @property
    def pin(self) -> str:
        """The ETag as conditions want it."""
        return f'"{self.etag}"'


@dataclass(frozen=True)
class ImageStore:
    """The images of a bucket.

    Attributes:
        copy_options: Storage class and encryption of copies, as CopyObject's arguments.
        bucket_keys: ARNs of the KMS keys that objects of the bucket may have; empty if not known.
    """

    client: "S3Client"
    bucket: str
    copy_options: Mapping[str, Any]
    bucket_keys: Collection[str] = ()

    def head(self, key: str) -> StoredImage | None:
        """What is under a key now; None if nothing is.

        Raises:
            ContentRefused: if it is encrypted with a key that only its owner has.
        """
        try:
            head = self.client.head_object(Bucket=self.bucket, Key=key)
        except ClientError as error:
            if is_absent(error, self.client, bucket=self.bucket, key=key):
                return None
            if is_any(error, CUSTOMER_KEY):
                raise ContentRefused(error, by_its_key=True) from error
            raise
        etag = head["ETag"].strip('"')
        return StoredImage(key, etag, head["ContentLength"], head.get("SSEKMSKeyId"))

    def copy(self, source: StoredImage, target: str) -> None:
        """Copy over nothing; the same content under the key is as good as a copy.

        Metadata, tags, annotations and content type go with it. An error inside an answer of
        200 is raised like any other: botocore looks for it.

        Raises:
            SourceChanged: if the source is not what it was.
            DestinationTaken: if another content is under the key.
            ContentArchived: if the source has to be restored first.
            ContentRefused: if S3 does not allow the copy.
        """
        try:
            with self._refusals(source):
                self._copy(source, target)
        except ClientError as error:
            if is_any(error, NOT_FOUND):
                raise SourceChanged from error
            if not is_any(error, PRECONDITION_FAILED):
                raise
            # The error names the condition that failed, but a look at the target is needed anyway.
            taken = self.head(target)
            if taken is None:
                raise SourceChanged from error
            if not self.same_content(source, taken):
                raise DestinationTaken from error

    def _copy(self, source: StoredImage, target: str) -> None:
        despite_conflicts(
            lambda: self.client.copy_object(
                Bucket=self.bucket,
                Key=target,
                CopySource={"Bucket": self.bucket, "Key": source.key},
                CopySourceIfMatch=source.pin,
                IfNoneMatch="*",
                MetadataDirective="COPY",
                TaggingDirective="COPY",
                **self.copy_options,
            )
        )

    def same_content(self, one: StoredImage, other: StoredImage) -> bool:
        """Whether two objects are equal byte by byte.

        Raises:
            SourceChanged: if one of them is not what it was.
            ContentArchived: if one of them has to be restored before it can be read.
            ContentRefused: if S3 does not allow to read one of them.
        """
        if one.size != other.size:
            return False
        # ETags of equal contents differ with encryption or upload in parts: look inside.
        return one.etag == other.etag or self._digest(one) == self._digest(other)

    def _digest(self, image: StoredImage) -> bytes:
        try:
            with self._refusals(image):
                body = self.client.get_object(Bucket=self.bucket, Key=image.key, IfMatch=image.pin)[
                    "Body"
                ]
        except ClientError as error:
            if is_any(error, PRECONDITION_FAILED | NOT_FOUND):
                raise SourceChanged from error
            raise
        digest = hashlib.sha256()
        for block in body.iter_chunks(_COMPARE_BYTES):
            digest.update(block)
        return digest.digest()

    @contextmanager
    def _refusals(self, image: StoredImage) -> Iterator[None]:
        """Translate what S3 says of one object's content."""
        try:
            yield
        except ClientError as error:
            if is_any(error, ARCHIVED):
                raise ContentArchived from error
            ours = {*self.bucket_keys, self.copy_options.get("SSEKMSKeyId")} - {None}
            if is_any(error, FORBIDDEN) and image.kms_key and image.kms_key not in ours:
                raise ContentRefused(error, by_its_key=bool(ours)) from error
            raise


def despite_conflicts(call: Callable[[], object]) -> None:
    """Make a call again that met another one on the same key; the SDK does not repeat a 409."""
    for _ in range(_MAX_CONFLICTS - 1):
        try:
            call()
        except ClientError as error:
            if not is_any(error, CONFLICT):
                raise
        else:
            return
    call()
