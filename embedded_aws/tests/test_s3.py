"""S3 as it is documented, where a role's rights, a condition or an event make the difference."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from embedded_aws.tests.conftest import Aws
from embedded_aws.tests.operations import allow, assumed, document, hears, received


def objects(bucket: str, key: str = "*") -> str:
    return f"arn:aws:s3:::{bucket}/{key}"


def status(error: pytest.ExceptionInfo[ClientError]) -> int:
    return int(error.value.response["ResponseMetadata"]["HTTPStatusCode"])


class TestMissingKey:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html, "Permissions"."""

    def test_is_denied_to_a_caller_that_may_not_list(self, aws: Aws, bucket: str) -> None:
        s3 = assumed(aws, allow("s3:GetObject", objects(bucket))).client("s3")
        with pytest.raises(ClientError) as denied:
            s3.get_object(Bucket=bucket, Key="none")
        assert status(denied) == 403
        with pytest.raises(ClientError) as denied:
            s3.head_object(Bucket=bucket, Key="none")
        assert status(denied) == 403

    def test_is_answered_with_404_to_a_caller_that_may_list_keys_like_it(
        self, aws: Aws, bucket: str
    ) -> None:
        listing = allow(
            "s3:ListBucket",
            f"arn:aws:s3:::{bucket}",
            Condition={"StringLike": {"s3:prefix": ["seen/*"]}},
        )
        s3 = assumed(aws, allow("s3:GetObject", objects(bucket)), listing).client("s3")
        with pytest.raises(ClientError) as missing:
            s3.head_object(Bucket=bucket, Key="seen/none")
        assert status(missing) == 404
        with pytest.raises(ClientError) as denied:
            s3.head_object(Bucket=bucket, Key="hidden/none")
        assert status(denied) == 403

    def test_is_not_one_that_looks_like_an_encoded_one(self, aws: Aws, bucket: str) -> None:
        s3 = assumed(aws, allow("s3:GetObject", objects(bucket))).client("s3")
        for key in ("a%20b", "a+b", "a b", "é%2Bñ"):
            aws.s3.put_object(Bucket=bucket, Key=key, Body=b"1")
            s3.head_object(Bucket=bucket, Key=key)

    def test_as_a_copy_source_is_denied_too(self, aws: Aws, bucket: str) -> None:
        s3 = assumed(aws, allow(["s3:GetObject", "s3:PutObject"], objects(bucket))).client("s3")
        with pytest.raises(ClientError) as denied:
            s3.copy_object(Bucket=bucket, Key="to", CopySource=f"{bucket}/none")
        assert status(denied) == 403


class TestTags:
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-tagging.html."""

    @pytest.mark.parametrize("lacking", ["s3:GetObjectTagging", "s3:PutObjectTagging"])
    def test_a_tagged_copy_needs_rights_to_tags(self, aws: Aws, bucket: str, lacking: str) -> None:
        aws.s3.put_object(Bucket=bucket, Key="from", Body=b"1", Tagging="a=b")
        actions = {
            "s3:GetObject", "s3:PutObject", "s3:GetObjectTagging", "s3:PutObjectTagging",
        }  # fmt: skip
        s3 = assumed(aws, allow(sorted(actions - {lacking}), objects(bucket))).client("s3")
        with pytest.raises(ClientError) as denied:
            s3.copy_object(Bucket=bucket, Key="to", CopySource=f"{bucket}/from")
        assert status(denied) == 403

    def test_a_copy_without_tags_needs_none(self, aws: Aws, bucket: str) -> None:
        aws.s3.put_object(Bucket=bucket, Key="from", Body=b"1")
        s3 = assumed(aws, allow(["s3:GetObject", "s3:PutObject"], objects(bucket))).client("s3")
        s3.copy_object(Bucket=bucket, Key="to", CopySource=f"{bucket}/from")


def test_a_conditional_delete_reads_the_object(aws: Aws, bucket: str) -> None:
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-deletes.html."""
    etag = aws.s3.put_object(Bucket=bucket, Key="a", Body=b"1")["ETag"]
    s3 = assumed(aws, allow("s3:DeleteObject", objects(bucket))).client("s3")
    with pytest.raises(ClientError) as denied:
        s3.delete_object(Bucket=bucket, Key="a", IfMatch=etag)
    assert status(denied) == 403
    both = allow(["s3:DeleteObject", "s3:GetObject"], objects(bucket))
    assumed(aws, both).client("s3").delete_object(Bucket=bucket, Key="a", IfMatch=etag)


class TestConditionalDeletes:
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-deletes.html."""

    def test_delete_what_has_the_etag_and_report_the_rest(self, aws: Aws, bucket: str) -> None:
        etags = {
            key: aws.s3.put_object(Bucket=bucket, Key=key, Body=b"1")["ETag"].strip('"')
            for key in ("same", "replaced", "gone")
        }
        aws.s3.put_object(Bucket=bucket, Key="replaced", Body=b"2")
        aws.s3.delete_object(Bucket=bucket, Key="gone")
        wanted: Any = {
            "Objects": [{"Key": key, "ETag": etag} for key, etag in etags.items()],
            "Quiet": True,
        }
        answer = aws.s3.delete_objects(Bucket=bucket, Delete=wanted)
        assert "Deleted" not in answer
        assert {each["Key"]: each["Code"] for each in answer["Errors"]} == {
            "replaced": "PreconditionFailed",
            "gone": "NoSuchKey",
        }
        assert [each["Key"] for each in aws.s3.list_objects_v2(Bucket=bucket)["Contents"]] == [
            "replaced"
        ]

    def test_read_the_objects(self, aws: Aws, bucket: str) -> None:
        etag = aws.s3.put_object(Bucket=bucket, Key="a", Body=b"1")["ETag"]
        wanted: Any = {"Objects": [{"Key": "a", "ETag": etag}]}
        s3 = assumed(aws, allow("s3:DeleteObject", objects(bucket))).client("s3")
        with pytest.raises(ClientError) as denied:
            s3.delete_objects(Bucket=bucket, Delete=wanted)
        assert status(denied) == 403
        both = allow(["s3:DeleteObject", "s3:GetObject"], objects(bucket))
        answer = assumed(aws, both).client("s3").delete_objects(Bucket=bucket, Delete=wanted)
        assert [each["Key"] for each in answer["Deleted"]] == ["a"]

    def test_without_an_etag_read_nothing(self, aws: Aws, bucket: str) -> None:
        aws.s3.put_object(Bucket=bucket, Key="a", Body=b"1")
        s3 = assumed(aws, allow("s3:DeleteObject", objects(bucket))).client("s3")
        answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "a"}]})
        assert [each["Key"] for each in answer["Deleted"]] == ["a"]


class TestCopy:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html."""

    def test_never_replaces_where_nothing_may_be(self, aws: Aws, bucket: str) -> None:
        aws.s3.put_object(Bucket=bucket, Key="from", Body=b"new")
        aws.s3.put_object(Bucket=bucket, Key="to", Body=b"old")
        with pytest.raises(ClientError) as refused:
            aws.s3.copy_object(
                Bucket=bucket, Key="to", CopySource=f"{bucket}/from", IfNoneMatch="*"
            )
        assert status(refused) == 412
        assert aws.s3.get_object(Bucket=bucket, Key="to")["Body"].read() == b"old"

    def test_replaces_only_the_content_that_is_named(self, aws: Aws, bucket: str) -> None:
        aws.s3.put_object(Bucket=bucket, Key="from", Body=b"new")
        etag = aws.s3.put_object(Bucket=bucket, Key="to", Body=b"old")["ETag"]
        copy: dict[str, Any] = {
            "Bucket": bucket, "Key": "to", "CopySource": f"{bucket}/from",
        }  # fmt: skip
        with pytest.raises(ClientError) as refused:
            aws.s3.copy_object(**copy, IfMatch='"other"')
        assert status(refused) == 412
        aws.s3.copy_object(**copy, IfMatch=etag)
        assert aws.s3.get_object(Bucket=bucket, Key="to")["Body"].read() == b"new"

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


def test_a_range_of_a_version_is_cut(aws: Aws, bucket: str) -> None:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html, "Range"."""
    enabled = {"Status": "Enabled"}
    aws.s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration=enabled)
    version = aws.s3.put_object(Bucket=bucket, Key="a", Body=b"0123456789")["VersionId"]
    aws.s3.put_object(Bucket=bucket, Key="a", Body=b"other")
    part = aws.s3.get_object(Bucket=bucket, Key="a", VersionId=version, Range="bytes=3-5")
    assert part["ResponseMetadata"]["HTTPStatusCode"] == 206
    assert part["ContentRange"] == "bytes 3-5/10"
    assert part["Body"].read() == b"345"
    with pytest.raises(ClientError) as beyond:
        aws.s3.get_object(Bucket=bucket, Key="a", VersionId=version, Range="bytes=10-")
    assert status(beyond) == 416


@pytest.mark.parametrize(
    ("wanted", "part", "answered"),
    [
        ("bytes=3-5", b"345", "bytes 3-5/10"),
        ("bytes=8-99", b"89", "bytes 8-9/10"),
        ("bytes=-2", b"89", "bytes 8-9/10"),
        ("bytes=0-", b"0123456789", "bytes 0-9/10"),
    ],
)
def test_a_range_of_an_object_is_cut(
    aws: Aws, bucket: str, wanted: str, part: bytes, answered: str
) -> None:
    """The same; the object is on disk."""
    aws.s3.put_object(Bucket=bucket, Key="a", Body=b"0123456789")
    got = aws.s3.get_object(Bucket=bucket, Key="a", Range=wanted)
    assert (got["Body"].read(), got["ContentRange"]) == (part, answered)


@pytest.mark.parametrize("wanted", ["bytes=3-1", "bytes=-1-", "bytes=0-1,3-4", "0-1", "bytes=-"])
def test_what_is_not_one_range_is_ignored(aws: Aws, bucket: str, wanted: str) -> None:
    """Recorded: localstack, test_get_object_range."""
    aws.s3.put_object(Bucket=bucket, Key="a", Body=b"0123456789")
    got = aws.s3.get_object(Bucket=bucket, Key="a", Range=wanted)
    assert (got["Body"].read(), "ContentRange" in got) == (b"0123456789", False)


@pytest.mark.parametrize("content", [b"", b"0123456789"])
def test_a_range_beyond_an_object_is_refused(aws: Aws, bucket: str, content: bytes) -> None:
    """The same: InvalidRange."""
    aws.s3.put_object(Bucket=bucket, Key="a", Body=content)
    with pytest.raises(ClientError) as beyond:
        aws.s3.get_object(Bucket=bucket, Key="a", Range="bytes=10-")
    assert status(beyond) == 416


class TestConditions:
    """Recorded: localstack, test_copy_object_if_none_match, test_s3_copy_object_preconditions."""

    @pytest.fixture
    def refused(self, aws: Aws, bucket: str) -> Callable[..., tuple[int, str | None]]:
        aws.s3.put_object(Bucket=bucket, Key="a", Body=b"1")
        aws.s3.put_object(Bucket=bucket, Key="b", Body=b"2")

        def call(operation: str, **arguments: Any) -> tuple[int, str | None]:
            with pytest.raises(ClientError) as error:
                getattr(aws.s3, operation)(Bucket=bucket, **arguments)
            found: dict[str, Any] = dict(error.value.response["Error"])
            return status(error), found.get("Condition")

        return call

    def test_that_failed_are_named(
        self, bucket: str, refused: Callable[..., tuple[int, str | None]]
    ) -> None:
        copy = {"Key": "b", "CopySource": f"{bucket}/a"}
        assert refused("get_object", Key="a", IfMatch="x") == (412, "If-Match")
        assert refused("put_object", Key="a", IfNoneMatch="*") == (412, "If-None-Match")
        assert refused("delete_object", Key="a", IfMatch="x") == (412, "If-Match")
        assert refused("copy_object", **copy, IfNoneMatch="*") == (412, "If-None-Match")
        assert refused("copy_object", **copy, IfMatch="x") == (412, "If-Match")
        assert refused("copy_object", **copy, CopySourceIfMatch="x") == (
            412,
            "x-amz-copy-source-If-Match",
        )

    def test_that_s3_does_not_know_are_not_implemented(
        self, bucket: str, refused: Callable[..., tuple[int, str | None]]
    ) -> None:
        copy = {"Key": "b", "CopySource": f"{bucket}/a"}
        assert refused("copy_object", **copy, IfNoneMatch="x")[0] == 501
        assert refused("copy_object", **copy, IfMatch="*")[0] == 501
        assert refused("copy_object", **copy, IfMatch="x", IfNoneMatch="*")[0] == 501


@pytest.mark.parametrize("operation", ["get_object", "copy_object", "delete_object"])
def test_a_malformed_version_id_is_an_invalid_argument(
    aws: Aws, bucket: str, operation: str
) -> None:
    """Recorded: localstack, test_get_object_with_version_unversioned_bucket."""
    aws.s3.put_object(Bucket=bucket, Key="a", Body=b"1")
    arguments: dict[str, Any] = {"VersionId": "nonsense"}
    if operation == "copy_object":
        arguments = {"CopySource": f"{bucket}/a?versionId=nonsense"}
    with pytest.raises(ClientError, match="Invalid version id specified") as refused:
        getattr(aws.s3, operation)(Bucket=bucket, Key="a", **arguments)
    assert refused.value.response["Error"]["Code"] == "InvalidArgument"
    assert status(refused) == 400
    with pytest.raises(ClientError) as unknown:
        aws.s3.get_object(Bucket=bucket, Key="a", VersionId="a" * 32)
    assert unknown.value.response["Error"]["Code"] == "NoSuchVersion"


class TestEvent:
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html."""

    def event(self, aws: Aws, bucket: str, key: str) -> dict[str, Any]:
        """The event that EventBridge delivers for a new object."""
        url = hears(aws, {"source": ["aws.s3"], "detail": {"bucket": {"name": [bucket]}}})
        aws.s3.put_bucket_notification_configuration(
            Bucket=bucket, NotificationConfiguration={"EventBridgeConfiguration": {}}
        )
        aws.s3.put_object(Bucket=bucket, Key=key, Body=b"12345")
        event: dict[str, Any] = json.loads(received(aws, url)["Body"])
        return event

    def test_names_the_key_as_it_is(self, aws: Aws, bucket: str) -> None:
        key = "a b+c%20d/é😀.jsonl"
        event = self.event(aws, bucket, key)
        assert event["detail-type"] == "Object Created"
        assert event["detail"]["object"]["key"] == key
        assert event["detail"]["object"]["size"] == 5
        assert "version-id" not in event["detail"]["object"]

    def test_says_which_version_of_its_form_it_has(self, aws: Aws, bucket: str) -> None:
        assert self.event(aws, bucket, "a")["detail"]["event-version"] == "1.2"

    def test_has_a_time_in_whole_seconds(self, aws: Aws, bucket: str) -> None:
        time = self.event(aws, bucket, "a")["time"]
        assert len(time) == len("2026-11-23T19:59:31Z")
        assert time.endswith("Z")

    def test_names_the_version_in_a_bucket_with_versions(self, aws: Aws, bucket: str) -> None:
        enabled = {"Status": "Enabled"}
        aws.s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration=enabled)
        version = self.event(aws, bucket, "a")["detail"]["object"]["version-id"]
        assert version == aws.s3.head_object(Bucket=bucket, Key="a")["VersionId"]


def test_a_bucket_that_demands_tls_can_be_used_over_loopback(aws: Aws, bucket: str) -> None:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html."""
    refusal = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [f"arn:aws:s3:::{bucket}", objects(bucket)],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    aws.s3.put_bucket_policy(Bucket=bucket, Policy=document(refusal))
    s3 = assumed(aws, allow("s3:PutObject", objects(bucket))).client("s3")
    s3.put_object(Bucket=bucket, Key="a", Body=b"1")
