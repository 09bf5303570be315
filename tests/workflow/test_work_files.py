"""Files under `work/` that are not what was written are named, and cured by a replay."""

from typing import Any

import pytest

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
