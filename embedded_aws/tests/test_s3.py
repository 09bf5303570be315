"""S3 as it is documented, where a role's rights, a condition or an event make the difference."""

from collections.abc import Callable
from typing import Any

import pytest

from embedded_aws.tests.conftest import Aws, allow, document, refused
from embedded_aws.tests.operations import assumed, heard, hears

VERSIONED: Any = {"Status": "Enabled"}


def role(aws: Aws, bucket: str, *actions: str) -> Any:
    """S3's client of a role that may do this to the bucket's objects."""
    return assumed(aws, allow(list(actions), f"arn:aws:s3:::{bucket}/*")).client("s3")


def status(call: Callable[..., Any], **arguments: Any) -> int:
    """The status of a refusal."""
    return int(refused(call, **arguments)["Status"])


def content(aws: Aws, bucket: str, key: str) -> bytes:
    return bytes(aws.s3.get_object(Bucket=bucket, Key=key)["Body"].read())


class TestMissingKey:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html, "Permissions"."""

    def test_is_denied_to_a_caller_that_may_not_list(self, aws: Aws, bucket: str) -> None:
        s3 = role(aws, bucket, "s3:GetObject", "s3:PutObject")
        assert status(s3.get_object, Bucket=bucket, Key="none") == 403
        assert status(s3.head_object, Bucket=bucket, Key="none") == 403
        source = f"{bucket}/none"
        assert status(s3.copy_object, Bucket=bucket, Key="to", CopySource=source) == 403

    def test_is_answered_with_404_to_a_caller_that_may_list_keys_like_it(
        self, aws: Aws, bucket: str
    ) -> None:
        prefix = {"StringLike": {"s3:prefix": ["seen/*"]}}
        arn = f"arn:aws:s3:::{bucket}"
        listing = allow("s3:ListBucket", arn, Condition=prefix)
        s3 = assumed(aws, allow("s3:GetObject", f"{arn}/*"), listing).client("s3")
        assert status(s3.head_object, Bucket=bucket, Key="seen/none") == 404
        assert status(s3.head_object, Bucket=bucket, Key="hidden/none") == 403

    def test_is_not_one_that_looks_like_an_encoded_one(self, aws: Aws, bucket: str) -> None:
        s3 = role(aws, bucket, "s3:GetObject")
        for key in ("a%20b", "a+b", "a b", "é%2Bñ"):
            aws.s3.put_object(Bucket=bucket, Key=key, Body=b"1")
            s3.head_object(Bucket=bucket, Key=key)


class TestTags:
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-tagging.html."""

    @pytest.mark.parametrize("lacking", ["s3:GetObjectTagging", "s3:PutObjectTagging"])
    def test_a_tagged_copy_needs_rights_to_tags(self, aws: Aws, bucket: str, lacking: str) -> None:
        aws.s3.put_object(Bucket=bucket, Key="from", Body=b"1", Tagging="a=b")
        rights = {f"s3:{verb}Object{of}" for verb in ("Get", "Put") for of in ("", "Tagging")}
        s3, source = role(aws, bucket, *(rights - {lacking})), f"{bucket}/from"
        assert status(s3.copy_object, Bucket=bucket, Key="to", CopySource=source) == 403

    def test_a_copy_without_tags_needs_none(self, aws: Aws, bucket: str) -> None:
        aws.s3.put_object(Bucket=bucket, Key="from", Body=b"1")
        s3 = role(aws, bucket, "s3:GetObject", "s3:PutObject")
        s3.copy_object(Bucket=bucket, Key="to", CopySource=f"{bucket}/from")


class TestConditionalDeletes:
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-deletes.html."""

    def test_delete_what_has_the_etag_and_report_the_rest(self, aws: Aws, bucket: str) -> None:
        etags = {
            key: aws.s3.put_object(Bucket=bucket, Key=key, Body=b"1")["ETag"].strip('"')
            for key in ("same", "replaced", "gone")
        }
        aws.s3.put_object(Bucket=bucket, Key="replaced", Body=b"2")
        aws.s3.delete_object(Bucket=bucket, Key="gone")
        objects: Any = [{"Key": key, "ETag": etag} for key, etag in etags.items()]
        answer = aws.s3.delete_objects(Bucket=bucket, Delete={"Objects": objects, "Quiet": True})
        assert "Deleted" not in answer
        codes = {each["Key"]: each["Code"] for each in answer["Errors"]}
        assert codes == {"replaced": "PreconditionFailed", "gone": "NoSuchKey"}
        left = aws.s3.list_objects_v2(Bucket=bucket)["Contents"]
        assert [each["Key"] for each in left] == ["replaced"]

    def test_read_the_objects(self, aws: Aws, bucket: str) -> None:
        deletes = role(aws, bucket, "s3:DeleteObject")
        reads_too = role(aws, bucket, "s3:DeleteObject", "s3:GetObject")
        etag = aws.s3.put_object(Bucket=bucket, Key="a", Body=b"1")["ETag"]
        assert status(deletes.delete_object, Bucket=bucket, Key="a", IfMatch=etag) == 403
        reads_too.delete_object(Bucket=bucket, Key="a", IfMatch=etag)
        aws.s3.put_object(Bucket=bucket, Key="a", Body=b"1")
        several = {"Objects": [{"Key": "a", "ETag": etag}]}
        assert status(deletes.delete_objects, Bucket=bucket, Delete=several) == 403
        answer = reads_too.delete_objects(Bucket=bucket, Delete=several)
        assert [each["Key"] for each in answer["Deleted"]] == ["a"]

    def test_without_an_etag_read_nothing(self, aws: Aws, bucket: str) -> None:
        aws.s3.put_object(Bucket=bucket, Key="a", Body=b"1")
        s3 = role(aws, bucket, "s3:DeleteObject")
        answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "a"}]})
        assert [each["Key"] for each in answer["Deleted"]] == ["a"]


class TestCopy:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html."""

    def test_replaces_only_the_content_that_is_named(self, aws: Aws, bucket: str) -> None:
        aws.s3.put_object(Bucket=bucket, Key="from", Body=b"new")
        etag = aws.s3.put_object(Bucket=bucket, Key="to", Body=b"old")["ETag"]
        copy: dict[str, Any] = {"Bucket": bucket, "Key": "to", "CopySource": f"{bucket}/from"}
        assert status(aws.s3.copy_object, **copy, IfNoneMatch="*") == 412
        assert status(aws.s3.copy_object, **copy, IfMatch='"other"') == 412
        assert content(aws, bucket, "to") == b"old"
        aws.s3.copy_object(**copy, IfMatch=etag)
        assert content(aws, bucket, "to") == b"new"

    def test_does_not_keep_the_storage_class(self, aws: Aws, bucket: str) -> None:
        aws.s3.put_object(Bucket=bucket, Key="from", Body=b"1", StorageClass="STANDARD_IA")
        aws.s3.copy_object(Bucket=bucket, Key="to", CopySource=f"{bucket}/from")
        assert "StorageClass" not in aws.s3.head_object(Bucket=bucket, Key="to")

    def test_of_an_object_in_parts_is_one_part(self, aws: Aws, bucket: str) -> None:
        """https://docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html."""
        upload = aws.s3.create_multipart_upload(Bucket=bucket, Key="from")["UploadId"]
        part = {"Bucket": bucket, "Key": "from", "UploadId": upload}
        etag = aws.s3.upload_part(**part, PartNumber=1, Body=b"12345")["ETag"]
        parts = {"Parts": [{"PartNumber": 1, "ETag": etag}]}
        source = aws.s3.complete_multipart_upload(**part, MultipartUpload=parts)["ETag"]
        assert source.endswith('-1"')
        copy = aws.s3.copy_object(Bucket=bucket, Key="to", CopySource=f"{bucket}/from")
        # The MD5 of the content, which is that of the one part.
        assert copy["CopyObjectResult"]["ETag"] == etag
        assert aws.s3.head_object(Bucket=bucket, Key="to")["ETag"] == etag
        aws.s3.get_object(Bucket=bucket, Key="to", IfMatch=etag)


class TestRange:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html, "Range"."""

    @pytest.mark.parametrize(
        ("wanted", "part", "answered"),
        [
            ("bytes=3-5", b"345", "bytes 3-5/10"),
            ("bytes=8-99", b"89", "bytes 8-9/10"),
            ("bytes=-2", b"89", "bytes 8-9/10"),
            ("bytes=0-", b"0123456789", "bytes 0-9/10"),
        ],
    )
    def test_of_an_object_is_cut(
        self, aws: Aws, bucket: str, wanted: str, part: bytes, answered: str
    ) -> None:
        """The object is on disk."""
        aws.s3.put_object(Bucket=bucket, Key="a", Body=b"0123456789")
        got = aws.s3.get_object(Bucket=bucket, Key="a", Range=wanted)
        assert (got["Body"].read(), got["ContentRange"]) == (part, answered)

    def test_of_a_version_is_cut(self, aws: Aws, bucket: str) -> None:
        aws.s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration=VERSIONED)
        version = aws.s3.put_object(Bucket=bucket, Key="a", Body=b"0123456789")["VersionId"]
        aws.s3.put_object(Bucket=bucket, Key="a", Body=b"other")
        of_version = {"Bucket": bucket, "Key": "a", "VersionId": version}
        part = aws.s3.get_object(**of_version, Range="bytes=3-5")
        assert part["ResponseMetadata"]["HTTPStatusCode"] == 206
        assert (part["Body"].read(), part["ContentRange"]) == (b"345", "bytes 3-5/10")
        assert status(aws.s3.get_object, **of_version, Range="bytes=10-") == 416

    @pytest.mark.parametrize("body", [b"", b"0123456789"])
    def test_beyond_an_object_is_refused(self, aws: Aws, bucket: str, body: bytes) -> None:
        aws.s3.put_object(Bucket=bucket, Key="a", Body=body)
        assert status(aws.s3.get_object, Bucket=bucket, Key="a", Range="bytes=10-") == 416

    @pytest.mark.parametrize(
        "wanted", ["bytes=3-1", "bytes=-1-", "bytes=0-1,3-4", "0-1", "bytes=-"]
    )
    def test_that_is_not_one_is_ignored(self, aws: Aws, bucket: str, wanted: str) -> None:
        """Recorded: localstack, test_get_object_range."""
        aws.s3.put_object(Bucket=bucket, Key="a", Body=b"0123456789")
        got = aws.s3.get_object(Bucket=bucket, Key="a", Range=wanted)
        assert (got["Body"].read(), "ContentRange" in got) == (b"0123456789", False)


@pytest.mark.parametrize(
    ("operation", "conditions", "answer"),
    [
        ("get_object", {"IfMatch": "x"}, (412, "If-Match")),
        ("put_object", {"IfNoneMatch": "*"}, (412, "If-None-Match")),
        ("delete_object", {"IfMatch": "x"}, (412, "If-Match")),
        ("copy_object", {"IfNoneMatch": "*"}, (412, "If-None-Match")),
        ("copy_object", {"IfMatch": "x"}, (412, "If-Match")),
        ("copy_object", {"CopySourceIfMatch": "x"}, (412, "x-amz-copy-source-If-Match")),
        # S3 does not know these.
        ("copy_object", {"IfNoneMatch": "x"}, (501, None)),
        ("copy_object", {"IfMatch": "*"}, (501, None)),
        ("copy_object", {"IfMatch": "x", "IfNoneMatch": "*"}, (501, None)),
    ],
)
def test_the_condition_that_failed_is_named(
    aws: Aws, bucket: str, operation: str, conditions: dict[str, str], answer: Any
) -> None:
    """Recorded: localstack, test_copy_object_if_none_match, test_s3_copy_object_preconditions."""
    for key in ("a", "b"):
        aws.s3.put_object(Bucket=bucket, Key=key, Body=key.encode())
    source = {"CopySource": f"{bucket}/a"} if operation == "copy_object" else {}
    call = getattr(aws.s3, operation)
    error = refused(call, Bucket=bucket, Key="b", **source, **conditions)
    assert (error["Status"], error.get("Condition")) == answer


@pytest.mark.parametrize("operation", ["get_object", "copy_object", "delete_object"])
def test_a_malformed_version_id_is_an_invalid_argument(
    aws: Aws, bucket: str, operation: str
) -> None:
    """Recorded: localstack, test_get_object_with_version_unversioned_bucket."""
    aws.s3.put_object(Bucket=bucket, Key="a", Body=b"1")
    arguments: dict[str, Any] = {"VersionId": "nonsense"}
    if operation == "copy_object":
        arguments = {"CopySource": f"{bucket}/a?versionId=nonsense"}
    error = refused(getattr(aws.s3, operation), Bucket=bucket, Key="a", **arguments)
    assert (error["Status"], error["Code"]) == (400, "InvalidArgument")
    assert error["Message"] == "Invalid version id specified"
    unknown = refused(aws.s3.get_object, Bucket=bucket, Key="a", VersionId="a" * 32)
    assert unknown["Code"] == "NoSuchVersion"


class TestEvent:
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html."""

    def event(self, aws: Aws, bucket: str, key: str) -> dict[str, Any]:
        """The event that EventBridge delivers for a new object."""
        url = hears(aws, {"source": ["aws.s3"], "detail": {"bucket": {"name": [bucket]}}})
        aws.s3.put_bucket_notification_configuration(
            Bucket=bucket, NotificationConfiguration={"EventBridgeConfiguration": {}}
        )
        aws.s3.put_object(Bucket=bucket, Key=key, Body=b"12345")
        event: dict[str, Any] = heard(aws, url)
        return event

    def test_names_the_key_as_it_is(self, aws: Aws, bucket: str) -> None:
        key = "a b+c%20d/é😀.jsonl"
        event = self.event(aws, bucket, key)
        assert event["detail-type"] == "Object Created"
        assert event["detail"]["event-version"] == "1.2"
        named = event["detail"]["object"]
        assert (named["key"], named["size"], "version-id" in named) == (key, 5, False)
        # In whole seconds.
        assert len(event["time"]) == len("2026-11-23T19:59:31Z")
        assert event["time"].endswith("Z")

    def test_names_the_version_in_a_bucket_with_versions(self, aws: Aws, bucket: str) -> None:
        aws.s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration=VERSIONED)
        version = self.event(aws, bucket, "a")["detail"]["object"]["version-id"]
        assert version == aws.s3.head_object(Bucket=bucket, Key="a")["VersionId"]


def test_a_bucket_that_demands_tls_can_be_used_over_loopback(aws: Aws, bucket: str) -> None:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html."""
    refusal = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    aws.s3.put_bucket_policy(Bucket=bucket, Policy=document(refusal))
    role(aws, bucket, "s3:PutObject").put_object(Bucket=bucket, Key="a", Body=b"1")
