"""A reject tells its cause, and whose record it was, without its line."""

import json
from typing import Any

import pytest

from functions.domain.lines import HEAD_BYTES, Line, split_lines
from functions.domain.payloads.payload import ObjectRef
from functions.domain.records import Padding, Reject
from functions.load_segment.groups import GROUP_REJECTS, RecordSorter
from tests.answers.shapes import RECEIPT, TEXT, calls, chat, converse, says, tool_use
from tests.lines import line_of, read
from tests.unit.load.segment_loading import KEY, interpreter

RESULTS = ObjectRef(bucket="b", key=KEY, name="a.jsonl", etag="e", size=1)


def _reject(content: bytes) -> Reject:
    found = read(content)
    assert isinstance(found, Reject)
    return found


def _record(**members: Any) -> bytes:
    return json.dumps({"recordId": "r", **members}).encode()


@pytest.mark.parametrize(
    ("error", "details"),
    [
        ({"errorCode": 400, "errorMessage": "bad"}, ["400", "bad"]),
        ({"Code": "Throttling", "Message": "slow"}, ["Throttling", "slow"]),
        ({"error_code": 7, "error_description": "seven"}, ["7", "seven"]),
        ({"__type": "ValidationException", "message": "no"}, ["ValidationException", "no"]),
        ({"error": {"code": "c", "message": "m"}}, ["c", "m"]),
        ({"errors": [{"msg": "one"}, {"msg": "two"}]}, ["one", "two"]),
        ({"message": {"text": "deep"}}, ['{"text": "deep"}']),
        ({"unheard": "of"}, ['{"unheard": "of"}']),
        ("Too many tokens", ["Too many tokens"]),
        (["Too", "many"], ["Too", "many"]),
        ([], ["[]"]),
        (0, ["0"]),
        (True, ["true"]),
        ([None], ["[null]"]),
        ([{}, None], ["[{}, null]"]),
        ({"code": "c", "details": "d"}, ["c", "d"]),
        ({"title": "t", "description": "d", "status": 4}, ["4", "t", "d"]),
        ({"code": "c", "innererror": {"code": "deep", "cause": "m"}}, ["c", "deep", "m"]),
    ],
    ids=str,
)
def test_an_error_of_any_shape_tells_its_code_and_message(error: Any, details: list[str]) -> None:
    found = _reject(_record(error=error))
    assert (found.reason.value, found.record_id, found.details) == ("ModelError", "r", details)


@pytest.mark.parametrize("error", [None, False, "", {}], ids=str)
def test_what_is_not_an_error_hides_no_answer(error: Any) -> None:
    assert not isinstance(read(_record(error=error, **says(TEXT))), Reject | Padding)


@pytest.mark.parametrize(
    ("content", "record_id"),
    [
        (b'{"recordId": "a", "modelInput": {"x": "cut', "a"),
        (b'{"modelInput": {"recordId": "no"}, "recordId": "a", "x": NaN}', "a"),
        (b'{"x": NaN, "recordId": "a"}', "a"),
        (b'{"x": "\xff", "recordId": "a"}', "a"),
        (b'{"custom_id": "c", "customData": "b", "x": 1,}', "b"),
        (b'{"modelInput": {}, "modelOutput": {"a": tru}, "recordId": "last"}', "last"),
        (b'half of an image"}}]}, "modelOutput": {}, "recordId": "last"}', "last"),
        (b'{"modelInput": {"recordId": "no", "x": "cut', None),
        (b'{"recordId": "cut in its mid', None),
        (b'{"recordId": 1, "x": ', None),
        (b"not JSON", None),
    ],
)
def test_a_broken_line_gives_its_id_away_where_it_can(
    content: bytes, record_id: str | None
) -> None:
    found = _reject(content)
    assert (found.reason.value, found.record_id) == ("InvalidJson", record_id)


@pytest.mark.parametrize("behind_mark", [b"", b"\xef\xbb\xbf"])
def test_a_line_over_the_bound_gives_its_id_away_in_its_head(behind_mark: bytes) -> None:
    body = behind_mark + b'{"recordId": "a", "modelInput": "' + b"A" * 100_000 + b'"}\n'
    lines = list(split_lines([body[:7], body[7:]], start=0, line_bytes_limit=1000))
    (line,) = lines
    assert (line.content, len(line.head)) == (None, HEAD_BYTES - len(behind_mark))
    found = interpreter(line_bytes_limit=1000)(line)
    assert isinstance(found, Reject)
    assert (found.reason.value, found.record_id) == ("LineTooLong", "a")
    assert "AAAA" not in found.excerpt


def test_a_huge_array_on_one_line_says_that_it_is_one() -> None:
    line = Line(0, 10**9, 0, 10**9, None, b'[{"recordId": "a", "x": 1}, {"rec')
    found = interpreter()(line)
    assert isinstance(found, Reject)
    assert "the object looks like one JSON array, not like JSON Lines" in found.details


@pytest.mark.parametrize(
    ("record", "detail"),
    [
        ({"modelOutput": {"content": [{**tool_use(), "input": [1]}]}}, "input is a list of 1"),
        (converse({"toolUse": {"name": "n"}}), "input is null, not an object"),
        (chat(None, tool_calls=calls({"amount": 1})), "arguments are an object, not a text"),
        (chat(None, tool_calls=calls(f"```{TEXT}```")), "byte 1 of the tool call's arguments"),
        (chat(None, tool_calls=calls("")), "byte 1 of the tool call's arguments"),
    ],
)
def test_a_tool_call_without_an_object_says_what_it_has(
    record: dict[str, Any], detail: str
) -> None:
    found = _reject(_record(**record))
    assert found.reason.value == "NoJsonInText"
    assert any(detail in each for each in found.details), found.details


@pytest.mark.parametrize(
    "text",
    [
        f"{TEXT[1:]}, {TEXT}]",
        f"<think>x</think>{TEXT[1:]}\n{TEXT}",
    ],
)
def test_a_receipt_without_its_brace_before_another_one_is_not_passed_over(text: str) -> None:
    assert _reject(_record(**says(text))).reason.value == "SeveralReceipts"


def test_an_excerpt_of_a_tool_call_is_its_input() -> None:
    found = _reject(_record(modelOutput={"content": [tool_use(**{**RECEIPT, "amount": -1})]}))
    assert found.reason.value == "InvalidReceipt"
    assert json.loads(found.excerpt) == {**RECEIPT, "amount": -1}


@pytest.mark.parametrize("number", ["0.10", "1E3", "-7", "12345678901234567.89", "1e400", "1.0"])
@pytest.mark.parametrize(
    ("reason", "line"),
    [
        (
            "InvalidReceipt",
            (
                '{"recordId":"r","modelInput":{"x":9.90},"modelOutput":{"content":['
                '{"type":"tool_use","input":{"amount":@,"x":[@,true,null,{"y":@}]}}]}}'
            ),
        ),
        ("ModelError", '{"recordId":"r","x":9.90,"error":{"a":"@"},"error":{"message":[@]}}'),
        ("UnknownForm", '{"recordId":"r","modelOutput":{"scores":[1, @],"x":0.5}}'),
        ("MissingRecordId", '{"recordId":@,"modelInput":{"scores":[9.90]}}'),
    ],
)
def test_an_excerpt_shows_numbers_as_they_are_written(reason: str, line: str, number: str) -> None:
    found = _reject(line.replace("@", number).encode())
    assert found.reason.value == reason
    assert found.excerpt.count(number) == line.rpartition('"error"')[2].count("@")
    assert "9.9" not in found.excerpt


@pytest.mark.parametrize(
    ("status", "is_error"),
    [
        *((200, False), (299, False), ("200", False), ("299", False), (None, False)),
        *((199, True), (300, True), (429.0, True), ("199", True), ("500", True)),
        *(("", False), ("5000", False), ("-50", False), (" 500", False), ("５００", False)),  # noqa: RUF001
        *((True, False), ([500], False), ("500 Internal Server Error", False)),
    ],
)
def test_a_status_code_of_no_success_is_an_error(status: Any, is_error: bool) -> None:
    body = says(TEXT)["modelOutput"]
    found = read(_record(response={"status_code": status, "body": body}))
    assert isinstance(found, Reject) == is_error
    if isinstance(found, Reject):
        assert (found.reason.value, found.details[0]) == ("ModelError", f"status_code {status}")


@pytest.mark.parametrize(
    "members",
    [{}, {"error": {"errorCode": 1}}, {"modelOutput": 7}, says(TEXT), {"customData": "image"}],
)
def test_padding_is_padding_whatever_it_holds(members: dict[str, Any]) -> None:
    assert read(json.dumps({"recordId": "__pad__1", **members}).encode()) == Padding("__pad__1")


def test_an_id_that_is_not_one_leaves_padding_to_the_next() -> None:
    assert read(b'{"recordId": "", "customData": "__pad__"}') == Padding("__pad__")


def test_padding_fills_groups_and_is_counted_apart() -> None:
    lines = [line_of(b'{"recordId": "__pad__"}', start=at) for at in range(GROUP_REJECTS + 1)]
    first, second = RecordSorter(RESULTS, interpreter()).groups(lines)
    assert (first.counts.padding, second.counts.padding) == (GROUP_REJECTS, 1)
    assert (first.counts.total, first.counts.unpadded, first.dead_letters) == (GROUP_REJECTS, 0, [])
