"""Lines made to exhaust, or to show in a dead letter what nobody may see."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.domain.receipts import record as records
from functions.domain.records import Reject
from tests.hostile import exhausting_lines
from tests.hostile.costs import cost_of
from tests.lines import read

MIB = 320
"""A third of a worker's memory. Chains of objects took 1,042 MiB until they were counted."""
SECONDS = 20.0


@pytest.mark.parametrize("case", exhausting_lines.CASES)
def test_a_line_of_16_mib_costs_little_and_has_a_verdict(case: str) -> None:
    cost = cost_of(exhausting_lines.__name__, case)
    assert cost.verdict == exhausting_lines.VERDICTS[case]
    assert cost.mib < MIB
    assert cost.seconds < SECONDS


SECRET = "c2VjcmV0IGltYWdl" * 8
SHOWING = {
    "cut in the image": b'{"recordId":"r","modelInput":{"data":"@',
    "begun in the image": b'@"}},"modelOutput":{"generation":"x"}}',
    "begun before the image's key": b'"source":{"data":"@"}}]}',
    "begun in the image, and like an object": b'{"data":"@"},',
    "the key in escapes": b'{"\\u006dodelInput":"@",}',
    "the key in upper-case escapes": b'{"\\u006DodelInput":"@"',
    "the key split by a surrogate": b'{"model\\ud800Input":"@"}',
    "a message begun inside another": b'{"role":"user","content":"@","x":',
    "a record that goes on with it": b'{"recordId":"r","modelOutput":{},"modelInput":"@',
    "a byte-order mark in the middle": b"\xef\xbb\xbf\xef\xbb\xbf{@}",
    "no UTF-8 before it": b'{"\xff":1,"modelInput":"@"}',
    "NaN before it": b'{"a":NaN,"modelInput":"@"}',
    "a comma too many behind it": b'{"modelInput":"@",}',
    "in UTF-16": '{"modelInput":"@"}'.replace("@", SECRET).encode("utf-16-le"),
    "a whole object of a pretty-printed modelInput": b'{"type":"image","source":{"data":"@"}}',
    "modelInput inside what is read": b'{"modelOutput":{"echo":[{"modelInput":"@"}]}}',
    "modelInput inside what is read, with an id": b'{"recordId":"r","output":{"modelInput":"@"}}',
    "modelInput beside an error": b'{"recordId":"r","modelInput":"@","error":{"errorCode":1}}',
    "modelInput as a list": b'{"modelInput":["@"]}',
    "modelInput twice": b'{"modelInput":1,"modelInput":"@"}',
    "a key like modelInput": b'{"ModelInput":"@"}',
    "a key of other letters": '{"model\u0406nput":"@"}'.encode(),
}
"""Lines with the secret in place of each `@`."""


@pytest.mark.parametrize("case", SHOWING)
@pytest.mark.parametrize("long", [False, True], ids=["read whole", "read in parts"])
def test_what_was_asked_of_the_model_is_in_no_dead_letter(
    case: str, long: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if long:
        monkeypatch.setattr(records, "LONG_LINE_BYTES", 0)
    reject = read(SHOWING[case].replace(b"@", SECRET.encode()))
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
