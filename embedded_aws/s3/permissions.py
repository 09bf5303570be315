"""Further permissions that an S3 request needs, in addition to that of its action.

* A missing key answers 403 to a caller that may not list the bucket
  (https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html, "Permissions").
* Tags are read and written with permissions of their own
  (https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-tagging.html).
* A condition on an ETag reads the object
  (https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html,
  https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-deletes.html).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ministack.core import iam_actions
from ministack.services import s3

from embedded_aws.s3.requests import copy_source, first

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_additional_checks = iam_actions.s3_additional_checks
_access_point_resources = iam_actions.s3_access_point_resources


def install() -> None:
    """Check these permissions together with MiniStack's own."""
    iam_actions.s3_additional_checks = _further_checks
    iam_actions.s3_access_point_resources = _resources_in_context


class _ArnInContext(str):
    """An ARN to check together with condition keys of the request."""

    __slots__ = ("context",)
    context: Mapping[str, str]


def _further_checks(
    method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, Any]
) -> list[tuple[str, str]]:
    checks: list[tuple[str, str]] = _additional_checks(method, path, headers, body, query)
    bucket, _, key = path.lstrip("/").partition("/")  # decoded already
    if key and not query.keys() & _SUBRESOURCES:
        checks.extend(_of_object_request(method, bucket, key, headers, query))
    if method == "POST" and "delete" in query:
        checks.extend(_of_conditional_deletes(bucket, body))
    return checks


def _of_conditional_deletes(bucket: str, body: bytes) -> Iterator[tuple[str, str]]:
    """An ETag reads its object; without one, and with `*`, an object is only deleted."""
    for each in s3.fromstring(body).iter(f"{{{s3.S3_NS}}}Object"):
        key, etag = (each.findtext(f"{{{s3.S3_NS}}}{name}") for name in ("Key", "ETag"))
        if etag and etag != "*":
            yield "s3:GetObject", f"arn:aws:s3:::{bucket}/{key}"


_SUBRESOURCES = {"tagging", "acl", "retention", "legal-hold", "attributes", "uploadId", "uploads"}


def _of_object_request(
    method: str, bucket: str, key: str, headers: Mapping[str, str], query: Mapping[str, Any]
) -> Iterator[tuple[str, str]]:
    arn = f"arn:aws:s3:::{bucket}/{key}"
    if method in ("GET", "HEAD"):
        version = first(query.get("versionId"))
        yield from _listing_if_missing(bucket, key, version)
    if method == "DELETE" and headers.get("if-match"):
        yield "s3:GetObject", arn
    if method == "PUT":
        if headers.get("if-match"):
            yield "s3:GetObject", arn
        if headers.get("x-amz-tagging"):
            yield "s3:PutObjectTagging", arn
        if source := copy_source(headers):
            yield from _of_copy_source(arn, source, headers)


def _of_copy_source(
    target: str, source: tuple[str, str, str | None], headers: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    bucket, key, version = source
    yield from _listing_if_missing(bucket, key, version)
    copies_tags = headers.get("x-amz-tagging-directive", "COPY").upper() == "COPY"
    record = (s3._buckets.get(bucket) or {"objects": {}})["objects"].get(key) or {}
    if copies_tags and s3._object_tags.get((bucket, key, version or record.get("version_id"))):
        read = "s3:GetObjectVersionTagging" if version else "s3:GetObjectTagging"
        yield read, f"arn:aws:s3:::{bucket}/{key}"
        yield "s3:PutObjectTagging", target


def _listing_if_missing(bucket: str, key: str, version: str | None) -> Iterator[tuple[str, str]]:
    """Only a caller that may list a bucket learns that a key is missing; others are denied."""
    found = s3._buckets.get(bucket)
    if found is None:
        return
    if version and version != "null":  # "null" is the object of a bucket without versions
        versions = s3._object_versions.get((bucket, key)) or []
        present = any(entry["version_id"] == version for entry in versions)
    else:
        present = key in found["objects"]
    if not present:
        arn = _ArnInContext(f"arn:aws:s3:::{bucket}")
        arn.context = {"s3:prefix": key}
        yield "s3:ListBucket", arn


def _resources_in_context(arn: str) -> list[tuple[str, Mapping[str, str]]]:
    if isinstance(arn, _ArnInContext):
        return [(str(arn), arn.context)]
    resources: list[tuple[str, Mapping[str, str]]] = _access_point_resources(arn)
    return resources
