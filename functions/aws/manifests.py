"""Bedrock's manifests in the bucket."""

from typing import TYPE_CHECKING, Final

from botocore.exceptions import ClientError

from functions.aws.objects import is_absent, is_listed
from functions.domain.manifests import Manifest, ManifestUnreadable

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_MAX_BYTES: Final = 1024 * 1024


def read_manifest(client: "S3Client", *, bucket: str, key: str) -> Manifest | None:
    """The manifest under a key; None if none has come.

    The key is listed first: S3 may answer 403 instead of 404 for a key that is missing.

    Raises:
        ManifestUnreadable: if it does not say how many records there are.
    """
    if not is_listed(client, bucket=bucket, key=key):
        return None
    try:
        body = client.get_object(Bucket=bucket, Key=key)["Body"].read(_MAX_BYTES)
    except ClientError as error:
        if is_absent(error, client, bucket=bucket, key=key):
            return None
        raise
    try:
        return Manifest.read(body)
    except ManifestUnreadable as problem:
        raise ManifestUnreadable(f"{key}: {problem}") from None
