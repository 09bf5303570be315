"""Rejected records as Bedrock batch input."""

import io
import json
from typing import Any

import pytest

from functions.aws.resubmission.export import export_records, pad
from functions.aws.resubmission.rejects import Reject
from functions.domain.padding import with_least_tokens
from ops.model.deployment import Deployment

KEY = "batch-output/job1/a.jsonl.out"


class _S3:
    def __init__(self, body: bytes) -> None:
        self.body = body
        self.asked: list[dict[str, Any]] = []

    def get_object(self, **request: Any) -> dict[str, Any]:
        self.asked.append(request)
        first, last = map(int, request["Range"].removeprefix("bytes=").split("-"))
        return {
            "Body": io.BytesIO(self.body[first : last + 1]),
            "ContentRange": f"bytes {first}-{last}/{len(self.body)}",
        }


def _letters(*lines: bytes) -> tuple[list[Reject], _S3]:
    letters, offset = [], 0
    for line in lines:
        letters.append(
            Reject(KEY, "etag", "", offset, len(line), "ModelError", (), None, "excerpt")
        )
        offset += len(line) + 1
    return letters, _S3(b"\n".join(lines))


def _export(*lines: bytes) -> tuple[list[dict[str, Any]], list[str]]:
    letters, s3 = _letters(*lines)
    deployed = Deployment("S", "here", "r", {"BucketName": "b"}, lambda _: s3)
    file = io.BytesIO()
    export = export_records(deployed, letters, file)
    written = [json.loads(line) for line in file.getvalue().splitlines()]
    assert export.written == len(written)
    assert all(each["IfMatch"] == '"etag"' for each in s3.asked)
    return written, [each.why for each in export.left]


def test_a_record_is_written_with_its_id_and_its_input_alone() -> None:
    line = json.dumps({"recordId": "a", "modelInput": {"é": 1}, "error": {}}).encode()
    assert _export(line) == ([{"recordId": "a", "modelInput": {"é": 1}}], [])


def test_each_record_is_read_at_its_place() -> None:
    lines = [json.dumps({"recordId": n, "modelInput": {}}).encode() for n in ("a", "bb", "ccc")]
    assert [each["recordId"] for each in _export(*lines)[0]] == ["a", "bb", "ccc"]


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
    written, left = _export(line)
    assert written == []
    assert why in left[0]


def test_a_record_id_is_written_once() -> None:
    line = b'{"recordId": "a", "modelInput": {}}'
    written, left = _export(line, line)
    assert len(written) == len(left) == 1


def test_padding_repeats_the_shortest_input_with_the_least_tokens() -> None:
    long = {"recordId": "a", "modelInput": {"max_tokens": 900, "prompt": "long" * 9}}
    short = {"recordId": "b", "modelInput": {"max_tokens": 900, "prompt": "é"}}
    letters, s3 = _letters(*(json.dumps(each).encode() for each in (long, short)))
    deployed = Deployment("S", "here", "r", {"BucketName": "b"}, lambda _: s3)
    file = io.BytesIO()
    export = export_records(deployed, letters, file)
    pad(export, file, minimum=4, prefix="__pad__")
    written = [json.loads(line) for line in file.getvalue().splitlines()]
    assert written[:2] == [long, short]
    assert written[2:] == [
        {"recordId": f"__pad__00000{n}", "modelInput": {"max_tokens": 1, "prompt": "é"}}
        for n in (1, 2)
    ]
    assert (export.written, export.padding) == (2, 2)


def test_nothing_is_padded_that_is_empty_or_long_enough() -> None:
    for lines, minimum in (((), 100), ((b'{"recordId": "a", "modelInput": {}}',), 1)):
        letters, s3 = _letters(*lines)
        deployed = Deployment("S", "here", "r", {"BucketName": "b"}, {"s3": s3}.__getitem__)
        file = io.BytesIO()
        export = export_records(deployed, letters, file)
        pad(export, file, minimum=minimum, prefix="__pad__")
        assert export.padding == 0
        assert len(file.getvalue().splitlines()) == len(lines)


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
