"""A long line is read without a copy of what it echoes, and read the same."""

import pytest

from functions.domain.receipts import record as records
from tests.lines import read
from tests.unit.load.segment_loading import good

GOOD = good("image")
LINES = [
    GOOD,
    GOOD.replace(b"{", b'{"modelInput":{"a":[1,{"b":"NaN"}]},', 1),
    GOOD.replace(b"{", b'{"modelInput":NaN,', 1),
    GOOD.replace(b"{", b'{"modelInput":[1,-Infinity],', 1),
    GOOD.replace(b"{", b'{"modelInput":"x NaN",', 1),
    GOOD.replace(b"{", b'{"modelInput":"\\ud800",', 1),
    # Quotes that end no string, on both sides of a NaN, and backslashes that escape none.
    GOOD.replace(b"{", rb'{"more":["\"",1,"\""],', 1),
    GOOD.replace(b"{", rb'{"more":["\"",NaN,"\""],', 1),
    GOOD.replace(b"{", rb'{"more":["\\",NaN,"\\\\"],', 1),
    GOOD.replace(b"{", b'{"modelInput":' + b"[" * 200 + b"]" * 200 + b",", 1),
    GOOD.replace(b"{", b'{"modelInput":' + b"[" * 199 + b"]" * 199 + b",", 1),
    GOOD.replace(b"{", b'{"modelInput":' + b"1" * 4301 + b",", 1),
    GOOD.replace(b"{", b'{"recordId":"other",', 1),
    GOOD.replace(b"{", b'{"more":"kept for the excerpt","error":{"errorCode":1},', 1),
    b'{"recordId":"image","more":"kept for the excerpt"}',
    b'{"more":"no id"}',
    b"[]",
    b"no json",
    GOOD + b"x",
    GOOD.replace(b"image", b"\xff", 1),
]


@pytest.mark.parametrize("line", LINES, ids=lambda line: repr(line[:40]))
def test_a_long_line_is_read_like_a_short_one(line: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = read(line)
    monkeypatch.setattr(records, "LONG_LINE_BYTES", 0)
    assert read(line) == expected
