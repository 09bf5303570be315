"""Lines made to exhaust, or to show in a dead letter what nobody may see."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.domain.receipts import record as records
from functions.domain.receipts.record import GoodRecord
from functions.domain.records import Reject
from tests.hostile import exhausting_lines
from tests.hostile.costs import cost_of
from tests.lines import read

MIB = 320
"""A third of a worker's memory. Chains of objects took 1,042 MiB until they were counted."""
SECONDS = 5.0

VERDICTS = {
    "chains of objects": "InvalidJson",
    "chains of objects in modelInput": "InvalidJson",
    "chains of lists": "InvalidJson",
    "millions of objects": "InvalidJson",
    "millions of empty objects": "InvalidJson",
    "millions of objects in the text": "NoJsonInText",
    "millions of parts of a text": "InvalidJson",
    "millions of numbers": "UnknownForm",
    "millions of numbers in modelInput": "UnknownForm",
    "millions of strings": "UnknownForm",
    "millions of keys": "MissingRecordId",
    "one key, repeated": "MissingRecordId",
    "lists without end": "InvalidJson",
    "a number of millions of digits": "InvalidJson",
    "an exponent of millions of digits": "UnknownForm",
    "an amount of millions of digits": "InvalidReceipt",
    "an amount with an exponent of millions of digits": "InvalidReceipt",
    "escapes alone": "NoJsonInText",
    "letters of four bytes": "NoJsonInText",
    "one of them behind millions of letters": "NoJsonInText",
    "fences": "NoJsonInText",
    "white space": "NoJsonInText",
    "opening tags": "NoJsonInText",
    "closing tags": "NoJsonInText",
    "closing tags, and the last of another kind": "NoJsonInText",
    "reasoning, again and again": "NoJsonInText",
    "tags that lack their end": "NoJsonInText",
    "opening braces": "NoJsonInText",
    "opening braces behind a receipt": "NoJsonInText",
    "opening brackets behind a receipt": "good",
    "closing braces": "InvalidReceipt",
    "objects that are opened and never closed": "NoJsonInText",
    "braces in pairs": "SeveralReceipts",
    "quotes in the text": "NoJsonInText",
    "a string that is never closed": "NoJsonInText",
    "strings in one object behind words": "InvalidReceipt",
    "members behind a prefilled brace": "InvalidReceipt",
    "escapes in a string behind words": "InvalidReceipt",
    "numbers beside an amount in a tool's input": "InvalidReceipt",
    "numbers behind those that an excerpt shows": "UnknownForm",
    "tool calls": "InvalidJson",
    "an array of a member, never closed": "InvalidJson",
    "errors in errors": "InvalidJson",
    "a date of 16 MiB": "InvalidReceipt",
    "an error's message of 16 MiB": "ModelError",
    "a record id of 16 MiB": "MissingRecordId",
    "quotes alone": "InvalidJson",
    "backslashes alone": "InvalidJson",
    "bytes that are no text": "InvalidJson",
}


@pytest.mark.parametrize("case", VERDICTS)
def test_a_line_of_16_mib_costs_little_and_has_a_verdict(case: str) -> None:
    cost = cost_of(exhausting_lines.__name__, case)
    assert cost.verdict == VERDICTS[case]
    assert cost.mib < MIB
    assert cost.seconds < SECONDS


def test_every_exhausting_line_has_its_verdict() -> None:
    assert set(VERDICTS) == set(exhausting_lines.CASES)


SECRET = "c2VjcmV0IGltYWdl" * 8
SHOWING = {
    "cut in the image": b'{"recordId":"r","modelInput":{"data":"' + SECRET.encode(),
    "begun in the image": SECRET.encode() + b'"}},"modelOutput":{"generation":"x"}}',
    "begun before the image's key": b'"source":{"data":"' + SECRET.encode() + b'"}}]}',
    "begun in the image, and like an object": b'{"data":"' + SECRET.encode() + b'"},',
    "the key in escapes": b'{"\\u006dodelInput":"' + SECRET.encode() + b'",}',
    "the key in upper-case escapes": b'{"\\u006DodelInput":"' + SECRET.encode() + b'"',
    "the key split by a surrogate": b'{"model\\ud800Input":"' + SECRET.encode() + b'"}',
    "a message begun inside another": (b'{"role":"user","content":"' + SECRET.encode() + b'","x":'),
    "a record that goes on with it": (
        b'{"recordId":"r","modelOutput":{},"modelInput":"' + SECRET.encode()
    ),
    "a byte-order mark in the middle": b"\xef\xbb\xbf\xef\xbb\xbf{" + SECRET.encode() + b"}",
    "no UTF-8 before it": b'{"\xff":1,"modelInput":"' + SECRET.encode() + b'"}',
    "NaN before it": b'{"a":NaN,"modelInput":"' + SECRET.encode() + b'"}',
    "a comma too many behind it": b'{"modelInput":"' + SECRET.encode() + b'",}',
    "in UTF-16": '{"modelInput":"@"}'.replace("@", SECRET).encode("utf-16-le"),
    "a whole object of a pretty-printed modelInput": (
        b'{"type":"image","source":{"data":"' + SECRET.encode() + b'"}}'
    ),
    "modelInput inside what is read": (
        b'{"modelOutput":{"echo":[{"modelInput":"' + SECRET.encode() + b'"}]}}'
    ),
    "modelInput inside what is read, with an id": (
        b'{"recordId":"r","output":{"modelInput":"' + SECRET.encode() + b'"}}'
    ),
    "modelInput beside an error": (
        b'{"recordId":"r","modelInput":"' + SECRET.encode() + b'","error":{"errorCode":1}}'
    ),
    "modelInput as a list": b'{"modelInput":["' + SECRET.encode() + b'"]}',
    "modelInput twice": b'{"modelInput":1,"modelInput":"' + SECRET.encode() + b'"}',
    "a key like modelInput": b'{"ModelInput":"' + SECRET.encode() + b'"}',
    "a key of other letters": '{"model\u0406nput":"@"}'.replace("@", SECRET).encode(),
}


@pytest.mark.parametrize("case", SHOWING)
@pytest.mark.parametrize("long", [False, True], ids=["read whole", "read in parts"])
def test_what_was_asked_of_the_model_is_in_no_dead_letter(
    case: str, long: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if long:
        monkeypatch.setattr(records, "LONG_LINE_BYTES", 0)
    reject = read(SHOWING[case])
    assert isinstance(reject, Reject)
    assert SECRET[:12] not in json.dumps([reject.excerpt, reject.details, reject.record_id])


@settings(deadline=None)
@given(st.binary(max_size=60), st.binary(max_size=60))
def test_a_line_that_begins_neither_as_json_nor_as_a_record_is_not_quoted(
    before: bytes, behind: bytes
) -> None:
    reject = read(before + SECRET.encode() + behind)
    if isinstance(reject, Reject) and reject.reason == "InvalidJson":
        assert reject.excerpt == ""
        assert SECRET[:12] not in "".join(reject.details)


_JSON: Any = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda each: (
        st.lists(each, max_size=3)
        | st.dictionaries(
            st.sampled_from(["modelInput", "modelOutput", "output", "text", "content", "x"]),
            each,
            max_size=3,
        )
    ),
    max_leaves=12,
)


def _planted(value: Any) -> Any:
    """The value with a secret in whatever is called modelInput."""
    if isinstance(value, dict):
        return {
            name: {"deep": [SECRET]} if name == "modelInput" else _planted(member)
            for name, member in value.items()
        }
    return [_planted(each) for each in value] if isinstance(value, list) else value


@settings(deadline=None)
@given(_JSON, _JSON, _JSON)
def test_nothing_that_is_called_model_input_is_quoted(one: Any, other: Any, third: Any) -> None:
    record = {"modelInput": 1, "modelOutput": one, "output": other, "error": third, "customData": 1}
    reject = read(json.dumps(_planted(record)).encode())
    if isinstance(reject, Reject):
        assert SECRET[:12] not in json.dumps([reject.excerpt, reject.details])


HEAD, TAIL = '{"recordId":"r","output":{"text":"', '"}}'
RECEIPT = '{\\"amount\\":@,\\"type\\":\\"income\\",\\"date\\":\\"2026-07-01\\",\\"merchant\\":\\"m\\",\\"category\\":\\"fee\\"}'  # noqa: E501
AMOUNTS = {
    "an exponent that would fill the memory": "1e999999999",
    "an exponent that would take forever to be compared": "9e-99999999999999999999",
    "a power of ten in full": "1" + "0" * 4000,
    "thirty-nine digits": "1." + "3" * 38,
    "less than DynamoDB's smallest": "1e-131",
    "infinity by overflow": "1e400",
    "nothing by underflow": "1e-400",
    "negative nothing": "-0",
    "Infinity": "Infinity",
    "NaN": "NaN",
    "hexadecimal": "0x10",
    "with a leading zero": "01",
    "with a plus": "+1",
    "digits of another script": "\uff11",
    "a string": '\\"1\\"',
    "true": "true",
    "a list": "[1]",
    "twice, the last one wrong": '1,\\"amount\\":-1',
}


@pytest.mark.parametrize("case", AMOUNTS)
def test_a_number_that_no_table_takes_is_refused(case: str) -> None:
    reject = read((HEAD + RECEIPT.replace("@", AMOUNTS[case]) + TAIL).encode())
    assert isinstance(reject, Reject)
    assert reject.reason in ("InvalidReceipt", "NoJsonInText")


IDS = {
    "another script's letters": "\u0456mage-1",
    "an invisible letter": "image-1\u200b",
    "reversed": "\u202e1-egami",
    "a parent folder": "../../image-1",
    "an encoded parent folder": "%2e%2e%2fimage-1",
    "a NUL": "image-1\x00",
    "a line end": 'image-1\n"recordId":"image-2"',
    "an item's end": 'image-1"},"userId":{"S":"another',
    "a part of an expression": ":version) OR attribute_exists(userId",
    "a path": "$.job.userId",
    "a substitution": "${LedgerTableName} {} States.Format('{}', 1)",
    "another job's": "job-2#image-1",
    "a claim's": "claim#batch-output/job-2/a.jsonl",
    "as long as a key may be": "i" * 2048,
    "composed": "caf\u00e9",
    "decomposed": "cafe\u0301",
}


@pytest.mark.parametrize("case", IDS)
def test_an_image_id_is_itself_and_nothing_else(case: str) -> None:
    line = json.dumps({"recordId": IDS[case], "output": {"text": RECEIPT.replace("\\", "")}})
    answer = read(line.replace("@", "1").encode())
    assert isinstance(answer, GoodRecord)
    assert answer.image_id == IDS[case]
