"""Publish the file assets of a synthesized app into the embedded S3."""

from __future__ import annotations

import io
import json
import zipfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_PUBLISHERS = 4


@dataclass(frozen=True)
class Asset:
    """A file or folder of the assembly and the object that it becomes."""

    source: Path
    zipped: bool
    bucket: str
    key: str


def read(manifest: Path, *, account: str, region: str) -> list[Asset]:
    """The file assets that an asset manifest (`*.assets.json`) lists."""
    tokens = {
        "${AWS::AccountId}": account,
        "${AWS::Region}": region,
        "${AWS::Partition}": "aws",
    }

    def resolve(text: str) -> str:
        for token, value in tokens.items():
            text = text.replace(token, value)
        return text

    return [
        Asset(
            source=manifest.parent / file["source"]["path"],
            zipped=file["source"]["packaging"] == "zip",
            bucket=resolve(destination["bucketName"]),
            key=resolve(destination["objectKey"]),
        )
        for file in json.loads(manifest.read_text(encoding="utf-8"))["files"].values()
        for destination in file["destinations"].values()
    ]


def publish(s3: Any, assets: list[Asset], *, template: Mapping[str, Any]) -> None:
    """Put each asset that is missing; its key is its content's hash.

    A layer's content is left out: functions run in the project's own environment, and a layer for
    Lambda's processor would not be loaded.
    """
    for bucket in sorted({asset.bucket for asset in assets}):
        try:
            s3.head_bucket(Bucket=bucket)
        except ClientError:
            s3.create_bucket(Bucket=bucket)
    layers = {
        resource["Properties"]["Content"]["S3Key"]
        for resource in template["Resources"].values()
        if resource["Type"] == "AWS::Lambda::LayerVersion"
    }
    with ThreadPoolExecutor(_PUBLISHERS) as pool:
        for done in [pool.submit(_put, s3, asset, asset.key in layers) for asset in assets]:
            done.result()


def _put(s3: Any, asset: Asset, is_layer: bool) -> None:  # noqa: FBT001
    try:
        s3.head_object(Bucket=asset.bucket, Key=asset.key)
    except ClientError:
        if is_layer:
            body = _zip({"README": b"Locally the project's own environment serves."})
        elif asset.zipped:
            body = _zip(
                {
                    path.relative_to(asset.source).as_posix(): path.read_bytes()
                    for path in sorted(asset.source.rglob("*"))
                    if path.is_file()
                }
            )
        else:
            body = asset.source.read_bytes()
        s3.put_object(Bucket=asset.bucket, Key=asset.key, Body=body)


def _zip(files: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            info = zipfile.ZipInfo(name)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o644 << 16  # Lambda needs files that everyone may read
            archive.writestr(info, content)
    return buffer.getvalue()
