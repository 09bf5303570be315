"""Files under `work/` that are not what was written are named, and cured by a replay."""

from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from functions.aws.manifests import read_manifest
from functions.aws.objects import WorkFiles
from functions.domain.errors import WorkFileDamaged
from functions.domain.failures import Cure
from functions.domain.payloads.segment_work import Span
from tests.workflow.memory.s3 import MemoryS3

BUCKET, KEY = "bucket", "work/job-1/a.jsonl/1/chunks-0.json"


@pytest.fixture
def s3() -> MemoryS3:
    return MemoryS3()


@pytest.fixture
def files(s3: MemoryS3) -> WorkFiles:
    client: Any = s3
    return WorkFiles(client, BUCKET)


def test_what_was_written_is_read(files: WorkFiles) -> None:
    files.write_json(KEY, [{"from": 0, "to": 10}, {"from": 10, "to": 20}])
    assert [span.end for span in files.read_rows(KEY, Span)] == [10, 20]
    files.write_lines(KEY, b'"a"\n"b"\n"c"\n')
    assert files.read_strings(KEY, first=1, count=2) == ["b", "c"]


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"{}", b"[1]", b'[{"from": 0}]'])
def test_a_list_of_rows_that_is_none_is_damaged(
    s3: MemoryS3, files: WorkFiles, body: bytes
) -> None:
    s3.put_object(Bucket=BUCKET, Key=KEY, Body=body)
    with pytest.raises(WorkFileDamaged, match=KEY) as raised:
        files.read_rows(KEY, Span)
    assert raised.value.failure.explanation.cure is Cure.REPLAY


@pytest.mark.parametrize("body", [b"", b'"a"\n', b'"a"\n{', b'"a"\n1\n', b'"a"\n\xff\n'])
def test_a_list_of_images_that_is_shorter_or_none_is_damaged(
    s3: MemoryS3, files: WorkFiles, body: bytes
) -> None:
    s3.put_object(Bucket=BUCKET, Key=KEY, Body=body)
    with pytest.raises(WorkFileDamaged, match=KEY):
        files.read_strings(KEY, first=0, count=2)


@pytest.mark.parametrize("said", [("NoSuchKey", 404), ("AccessDenied", 403)])
def test_a_file_that_is_gone_is_named_whatever_s3_says(said: tuple[str, int]) -> None:
    client = boto3.client("s3", region_name="eu-west-1")
    code, status = said
    with Stubber(client) as stubber:
        stubber.add_client_error(
            "get_object",
            code,
            http_status_code=status,
            service_error_meta={"Key": KEY} if code == "NoSuchKey" else {},
        )
        if status == 403:
            listing = {"Bucket": BUCKET, "Prefix": KEY, "MaxKeys": 1}
            stubber.add_response("list_objects_v2", {}, listing)
        with pytest.raises(client.exceptions.NoSuchKey) as raised:
            WorkFiles(client, BUCKET).read_rows(KEY, Span)
    response: Any = raised.value.response
    assert response["Error"]["Key"] == KEY


def test_a_manifest_that_has_not_come_is_not_read_whatever_s3_would_say() -> None:
    """A refused read would count as a denied call, and ring: the key is listed instead."""
    client = boto3.client("s3", region_name="eu-west-1")
    key = "batch-output/job-1/manifest.json.out"
    beside = {"Contents": [{"Key": f"{key}.old"}]}
    with Stubber(client) as stubber:
        listing = {"Bucket": BUCKET, "Prefix": key, "MaxKeys": 1}
        stubber.add_response("list_objects_v2", beside, listing)
        assert read_manifest(client, bucket=BUCKET, key=key) is None


def test_a_file_that_is_there_and_refused_is_refused() -> None:
    client = boto3.client("s3", region_name="eu-west-1")
    with Stubber(client) as stubber:
        stubber.add_client_error("get_object", "AccessDenied", http_status_code=403)
        stubber.add_response("list_objects_v2", {"Contents": [{"Key": KEY}]})
        with pytest.raises(ClientError, match="AccessDenied"):
            WorkFiles(client, BUCKET).read_strings(KEY, first=0, count=1)
