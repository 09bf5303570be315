"""Deletes the sources of moved images: exactly the content that was copied, many at a time.

A condition for each object, and what came of each in an answer of 200:
https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-deletes.html
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from botocore.exceptions import ClientError

from functions.aws.image_store import StoredImage, despite_conflicts
from functions.aws.runtime.service_errors import (
    NOT_FOUND,
    PRECONDITION_FAILED,
    THROTTLED,
    is_any,
)

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_REPLACED_OR_GONE: Final = PRECONDITION_FAILED | NOT_FOUND


@dataclass(frozen=True)
class ImageDeletion:
    """Deletes images of a bucket."""

    client: "S3Client"
    bucket: str

    def delete(self, images: Collection[StoredImage]) -> set[StoredImage]:
        """Delete just these contents; what a user put under a key since is kept.

        Args:
            images: At most 1,000.

        Returns:
            Those that S3 throttled.

        Raises:
            ClientError: for another error that lasts.
        """
        # XML 1.0 cannot carry every character of a key:
        # https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html
        together = [image for image in images if image.key.isprintable()]
        alone = [image for image in images if not image.key.isprintable()]
        errors = self._delete_together(together) if together else {}
        throttled = {image for image in together if errors.get(image.key) in THROTTLED}
        # The SDK repeats a request that failed, but not the part of one. It does so for a request
        # of one object, which names the error if it lasts.
        alone += [
            image
            for image in together
            if image.key in errors and errors[image.key] not in THROTTLED | _REPLACED_OR_GONE
        ]
        return throttled | {image for image in alone if not self._delete_alone(image)}

    def _delete_together(self, images: Collection[StoredImage]) -> dict[str, str]:
        """Codes of errors by key."""
        try:
            answer = self.client.delete_objects(
                Bucket=self.bucket,
                Delete={
                    "Objects": [{"Key": image.key, "ETag": image.etag} for image in images],
                    "Quiet": True,
                },
            )
        except ClientError as error:
            if not is_any(error, THROTTLED):
                raise
            return {image.key: error.response["Error"]["Code"] for image in images}
        return {each["Key"]: each["Code"] for each in answer.get("Errors", ())}

    def _delete_alone(self, image: StoredImage) -> bool:
        """Whether S3 was not too busy for it."""
        try:
            despite_conflicts(
                lambda: self.client.delete_object(
                    Bucket=self.bucket, Key=image.key, IfMatch=image.pin
                )
            )
        except ClientError as error:
            if is_any(error, THROTTLED):
                return False
            if not is_any(error, _REPLACED_OR_GONE):
                raise
        return True
