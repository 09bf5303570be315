"""Lines of the longest length that is read, each made to cost as much as it can."""

from collections.abc import Callable

from functions.domain.receipts.record import GoodRecord
from functions.domain.records import Reject
from tests.hostile.costs import Case
from tests.lines import read

LINE_BYTES = 16 * 1024 * 1024


def _filled(unit: str, head: str = '{"recordId":"r","x":[', tail: str = "]}") -> bytes:
    room = LINE_BYTES - len(head) - len(tail)
    return (head + (unit * (room // len(unit.encode()))).rstrip(",") + tail).encode()


def _in_text(unit: str, head: str = "", tail: str = "") -> bytes:
    around = '{"recordId":"r","output":{"text":"@"}}'
    before, after = around.split("@")
    return _filled(unit, before + head, tail + after)


def _in_model_input(unit: str) -> bytes:
    return _filled(unit, '{"recordId":"r","modelInput":[')


def _read(line: bytes) -> str:
    record = read(line)
    if isinstance(record, GoodRecord):
        return "good"
    assert isinstance(record, Reject)
    assert len(record.excerpt.encode()) <= 1024
    assert sum(map(len, record.details)) <= 1000
    return record.reason.value


def _different_keys() -> bytes:
    members = ",".join(f'"{number:06x}":0' for number in range(LINE_BYTES // 11))
    return f"{{{members}}}".encode()


RECEIPT = (
    '{\\"amount\\":1,\\"type\\":\\"income\\",\\"date\\":\\"2026-07-01\\",'
    '\\"merchant\\":\\"m\\",\\"category\\":\\"fee\\"}'
)
_CHAIN = '{"":' * 190 + "0" + "}" * 190 + ","
_LINES: dict[str, dict[str, Callable[[], bytes]]] = {
    "InvalidJson": {
        "chains of objects": lambda: _filled(_CHAIN),
        "chains of objects in modelInput": lambda: _in_model_input(_CHAIN),
        "chains of lists": lambda: _filled("[" * 190 + "0" + "]" * 190 + ","),
        "millions of objects": lambda: _filled('{"":0},'),
        "millions of empty objects": lambda: _filled("{},"),
        "millions of parts of a text": lambda: _filled(
            '{"type":"text","text":""},', '{"recordId":"r","modelOutput":{"content":[', "]}}"
        ),
        "lists without end": lambda: b'{"recordId":"r","x":' + b"[" * (LINE_BYTES - 20),
        "a number of millions of digits": lambda: _filled("9", '{"recordId":"r","x":', "}"),
        "tool calls": lambda: _filled(
            '{"type":"tool_use"},', '{"recordId":"r","modelOutput":{"content":[', "]}}"
        ),
        "an array of a member, never closed": lambda: b'[{"recordId":"' + b"a" * (LINE_BYTES - 20),
        "errors in errors": lambda: _filled("[", '{"recordId":"r","error":[', "]"),
        "quotes alone": lambda: b'"' * LINE_BYTES,
        "backslashes alone": lambda: b"\\" * LINE_BYTES,
        "bytes that are no text": lambda: b"\xff" * LINE_BYTES,
    },
    "NoJsonInText": {
        "millions of objects in the text": lambda: _in_text('{\\"\\":0},', '{\\"x\\":[', "]}"),
        "escapes alone": lambda: _in_text("\\u0000"),
        "letters of four bytes": lambda: _in_text("😀"),
        "one of them behind millions of letters": lambda: _in_text("a", "😀"),
        "fences": lambda: _in_text("\\n```", "```", "x"),
        "white space": lambda: _in_text(" "),
        "opening tags": lambda: _in_text("<think>"),
        "closing tags": lambda: _in_text("</think>"),
        "closing tags, and the last of another kind": lambda: _in_text(
            "</think>", "x", "</reasoning>{"
        ),
        "reasoning, again and again": lambda: _in_text("<think></think> "),
        "tags that lack their end": lambda: _in_text("<think></think"),
        "opening braces": lambda: _in_text("{"),
        "opening braces behind a receipt": lambda: _in_text("{", f"x{RECEIPT} "),
        "objects that are opened and never closed": lambda: _in_text('{\\"a\\":', "x"),
        "quotes in the text": lambda: _in_text('\\"'),
        "a string that is never closed": lambda: _in_text("a", '{\\"a\\":\\"'),
    },
    "UnknownForm": {
        "millions of numbers": lambda: _filled("0,"),
        "millions of numbers in modelInput": lambda: _in_model_input("0,"),
        "millions of strings": lambda: _filled('"é",'),
        "an exponent of millions of digits": lambda: _filled("9", '{"recordId":"r","x":1e', "}"),
        "numbers behind those that an excerpt shows": lambda: _filled(
            "1.50,", '{"recordId":"r","modelOutput":[', "0]}"
        ),
    },
    "MissingRecordId": {
        "millions of keys": _different_keys,
        "one key, repeated": lambda: _filled('"k":0,', "{", "}"),
        "a record id of 16 MiB": lambda: _filled("a", '{"recordId":"', '"}'),
    },
    "InvalidReceipt": {
        "an amount of millions of digits": lambda: _in_text("9", '{\\"amount\\":0.', "}"),
        "an amount with an exponent of millions of digits": lambda: _in_text(
            "9", '{\\"amount\\":1e', "}"
        ),
        "closing braces": lambda: _in_text("}", "{"),
        "strings in one object behind words": lambda: _in_text('\\"\\",', 'x{\\"x\\":[', ",0]}"),
        "members behind a prefilled brace": lambda: _in_text('\\"a\\":0,', "", ',\\"a\\":0}'),
        "escapes in a string behind words": lambda: _in_text("\\\\\\\\", 'x{\\"x\\":\\"', '\\"}'),
        "numbers beside an amount in a tool's input": lambda: _filled(
            "1.5,",
            '{"recordId":"r","modelInput":[',
            '0],"modelOutput":{"content":[{"type":"tool_use","input":{"amount":1.50}}]}}',
        ),
        "a date of 16 MiB": lambda: _in_text("1", '{\\"date\\":\\"', '\\"}'),
    },
    "good": {
        "opening brackets behind a receipt": lambda: _in_text("[", f"x{RECEIPT} "),
    },
    "SeveralReceipts": {
        "braces in pairs": lambda: _in_text("{}", "x"),
    },
    "ModelError": {
        "an error's message of 16 MiB": lambda: _filled(
            "a", '{"recordId":"r","error":{"errorMessage":"', '"}}'
        ),
    },
}
"""By what becomes of them."""
VERDICTS = {name: verdict for verdict, lines in _LINES.items() for name in lines}
CASES: dict[str, Case] = {
    name: (make, _read) for lines in _LINES.values() for name, make in lines.items()
}
