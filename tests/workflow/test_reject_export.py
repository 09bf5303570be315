"""Rejected records as Bedrock batch input."""

import io
import json
from typing import Any

import pytest

from functions.aws.resubmission.export import Export, export_records, pad
from functions.aws.resubmission.rejects import Reject
from functions.domain.padding import with_least_tokens
from ops.model.deployment import Deployment
from tests.workflow.memory.s3 import MemoryS3

KEY = "batch-output/job1/a.jsonl.out"


def _exported(*lines: bytes, etag: str = "", minimum: int = 0) -> tuple[Export, list[Any]]:
    """What is exported of rejects at these lines of an object, and padded; the records."""
    s3 = MemoryS3()
    body = s3.put_object(Bucket="b", Key=KEY, Body=b"\n".join(lines))
    etag = etag or body["ETag"].strip('"')
    letters, offset = [], 0
    for line in lines:
        place = (KEY, etag, "", offset, len(line))
        letters.append(Reject(*place, "ModelError", (), None, "excerpt"))
        offset += len(line) + 1
    file = io.BytesIO()
    deployed = Deployment("S", "here", "r", {"BucketName": "b"}, {"s3": s3}.__getitem__)
    export = export_records(deployed, letters, file)
    assert export.written == len(file.getvalue().splitlines())
    pad(export, file, minimum=minimum, prefix="__pad__")
    return export, [json.loads(line) for line in file.getvalue().splitlines()]


def test_a_record_is_written_with_its_id_and_its_input_alone() -> None:
    line = json.dumps({"recordId": "a", "modelInput": {"é": 1}, "error": {}}).encode()
    export, written = _exported(line)
    assert (written, export.left) == ([{"recordId": "a", "modelInput": {"é": 1}}], [])


def test_each_record_is_read_at_its_place() -> None:
    lines = [json.dumps({"recordId": n, "modelInput": {}}).encode() for n in ("a", "bb", "ccc")]
    assert [each["recordId"] for each in _exported(*lines)[1]] == ["a", "bb", "ccc"]


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (b'{"recordId": "a", "mo', "not a JSON object"),
        (b'{"customData": "a", "output": {"text": ""}}', "echo"),
        (b'{"modelInput": {}}', "no recordId"),
        (b"[]", "not a JSON object"),
        (b'{"recordId": "a", "modelInput": {"a": NaN}}', "not a JSON object"),
        (b'{"recordId": "a", "modelInput": {"a": "\\ud800"}}', "not a JSON object"),
    ],
)
def test_what_cannot_be_submitted_again_says_why(line: bytes, why: str) -> None:
    export, written = _exported(line)
    assert written == []
    assert why in export.left[0].why


def test_a_record_of_content_that_was_replaced_is_left() -> None:
    export, written = _exported(b'{"recordId": "a", "modelInput": {}}', etag="of before")
    assert written == []
    assert "has other content now" in export.left[0].why


def test_a_record_id_is_written_once() -> None:
    line = b'{"recordId": "a", "modelInput": {}}'
    export, written = _exported(line, line)
    assert len(written) == len(export.left) == 1


def test_padding_repeats_the_shortest_input_with_the_least_tokens() -> None:
    long = {"recordId": "a", "modelInput": {"max_tokens": 900, "prompt": "long" * 9}}
    short = {"recordId": "b", "modelInput": {"max_tokens": 900, "prompt": "é"}}
    lines = (json.dumps(each).encode() for each in (long, short))
    export, written = _exported(*lines, minimum=4)
    assert written[:2] == [long, short]
    assert written[2:] == [
        {"recordId": f"__pad__00000{n}", "modelInput": {"max_tokens": 1, "prompt": "é"}}
        for n in (1, 2)
    ]
    assert (export.written, export.padding) == (2, 2)


def test_nothing_is_padded_that_is_empty_or_long_enough() -> None:
    for lines, minimum in (((), 100), ((b'{"recordId": "a", "modelInput": {}}',), 1)):
        export, written = _exported(*lines, minimum=minimum)
        assert export.padding == 0
        assert len(written) == len(lines)


@pytest.mark.parametrize(
    ("given", "lowered"),
    [
        ({"max_gen_len": 512}, {"max_gen_len": 1}),
        (
            {"inferenceConfig": {"maxTokens": 9, "topP": 1}},
            {"inferenceConfig": {"maxTokens": 1, "topP": 1}},
        ),
        (
            {"textGenerationConfig": {"maxTokenCount": 9}},
            {"textGenerationConfig": {"maxTokenCount": 1}},
        ),
        (
            {"prompt": "p", "messages": [{"max_tokens": 5}]},
            {"prompt": "p", "messages": [{"max_tokens": 5}]},
        ),
    ],
)
def test_token_limits_are_lowered_where_they_are(
    given: dict[str, Any], lowered: dict[str, Any]
) -> None:
    assert with_least_tokens(given) == lowered
