"""Lines on which the product and the contract once differed, or on which a parser could trip."""

import pytest

from tests.reference.compare import comparer
from tests.reference.records import Good, Reason, read
from tests.reference.transactions import Context

COMPARE = comparer(Context())

RECEIPT = '{"amount":@,"type":"income","date":"2026-07-01","merchant":"m","category":"fee"}'


def handmade(text: str, *, more: str = "") -> bytes:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    escaped = escaped.replace("\r", "\\r").replace("\t", "\\t")
    return f'{{"recordId":"r","output":{{"text":"{escaped}"}}{more}}}'.encode()


def receipt(amount: str = "1", *, more: str = "") -> str:
    return RECEIPT.replace("@", amount)[:-1] + more + "}"


LINES: dict[Reason | None, dict[str, bytes]] = {
    None: {
        "nested 200 with the record": handmade(receipt(), more=',"x":' + "[" * 199 + "]" * 199),
        "many brackets side by side": handmade(receipt(), more=',"x":[' + "[]," * 999 + "[]]"),
        "many brackets in a string": handmade(receipt(), more=',"x":"' + '[\\"[' * 999 + '"'),
        "200 levels in the text": handmade(receipt(more=',"x":' + "[" * 199 + "]" * 199)),
        "250,000 lists and objects": handmade(receipt(), more=',"x":[' + "[]," * 249_996 + "[]]"),
        "more brackets than that in strings": handmade(
            receipt(), more=',"x":"' + '[{\\"' * 200_000 + '","y":"["'
        ),
        "integer of 4300 digits": handmade(receipt(), more=',"x":' + "9" * 4300),
        "negative, 4300 digits": handmade(receipt(), more=',"x":-' + "9" * 4300),
        "fraction of 9999 digits": handmade(receipt(), more=',"x":0.' + "9" * 9999),
        "more than a double holds": handmade(receipt(), more=',"x":1E400'),
        "paired in the text": handmade(receipt(more=',"x":"\\ud83d\\ude00"')),
        "the zeros of a huge exponent": handmade(receipt("0." + "0" * 1_000_000 + "1e1000001")),
        "the zeros of a tiny exponent": handmade(receipt("1" + "0" * 4299 + "e-4299")),
        "an exponent of many zeros": handmade(receipt("1e" + "0" * 5000)),
        "a fence with CRLF": handmade(f"```json\r\n{receipt()}\r\n```"),
        "a fence without its last newline": handmade(f"```\n{receipt()}```"),
        "a fence in capitals": handmade(f"```JSON\n{receipt()}\n```"),
        "a fence in a fence": handmade(f"```\n```json\n{receipt()}\n```\n```"),
        "no-break space inside a fence": handmade(f"```\n\u00a0{receipt()}\n```"),
        "a closing tag in the whole text": handmade(receipt(more=',"x":"</think>"')),
        "a closing tag in an object behind reasoning": handmade(
            "<think>a</think>" + receipt(more=',"x":"</think>"')
        ),
        "braces in the reasoning before a closing tag": handmade("{}{ </thinking> \n" + receipt()),
        "a prefilled brace with objects inside": handmade(
            receipt(more=',"items":[{"a":1},{"a":2}]')[1:]
        ),
        "tags a million times": handmade("<think></think>" * 100_000 + receipt()),
    },
    Reason.INVALID_JSON: {
        "an empty list on level 201": handmade(receipt(), more=',"x":' + "[" * 200 + "]" * 200),
        "an empty object on level 201": handmade(
            receipt(), more=',"x":' + '{"a":' * 199 + "{}" + "}" * 199
        ),
        "an empty list on level 201 under a key that is repeated": handmade(
            receipt(), more=',"x":' + "[" * 200 + "]" * 200 + ',"x":1'
        ),
        "an empty list on level 201 behind a string that ends in a backslash": handmade(
            receipt(), more=',"k":"\\\\","x":' + "[" * 200 + "]" * 200
        ),
        "250,001 lists and objects": handmade(receipt(), more=',"x":[' + "[]," * 249_997 + "[]]"),
        "very deep": b'{"a":' * 100_000,
        "very deep lists": b"[" * 1_000_000,
        "integer of 4301 digits": handmade(receipt(), more=',"x":' + "9" * 4301),
        "4301 digits in modelInput": handmade(receipt(), more=',"modelInput":' + "9" * 4301),
        "NaN in modelInput": handmade(receipt(), more=',"modelInput":{"a":NaN}'),
        "invalid UTF-8 in modelInput": handmade(receipt(), more=',"modelInput":"@"').replace(
            b"@", b"\xff"
        ),
        "an encoded surrogate": handmade(receipt(), more=',"x":"@"').replace(b"@", b"\xed\xa0\x80"),
        "unpaired in modelInput": handmade(receipt(), more=',"modelInput":"\\ud800"'),
        "unpaired in a key": handmade(receipt(), more=',"\\udfff":1'),
        "an escape in the key modelInput": b'{"model\\u0049nput":"' + b"QUJD" * 99 + b'",}',
        "a byte-order mark behind the first byte": b"\xef\xbb\xbf" + handmade(receipt()),
        "a number of too many digits as the last of a line": b'{"recordId":"r","modelInput":'
        + b"9" * 4301,
    },
    Reason.NO_JSON_IN_TEXT: {
        "an empty list on level 201 of the text": handmade(
            receipt(more=',"x":' + "[" * 200 + "]" * 200)
        ),
        "250,001 lists and objects in the text": handmade(
            receipt(more=',"x":[' + "{}," * 249_998 + "{}]")
        ),
        "NaN in the text": handmade(receipt(more=',"x":NaN')),
        "-Infinity in the text": handmade(receipt(more=',"x":-Infinity')),
        "unpaired in the text": handmade(receipt(more=',"x":"\\ud800"')),
        "a closing tag in an object with words behind it": handmade(
            receipt(more=',"x":"</think>"') + " Done."
        ),
        "a tag closed by another": handmade("<think>a</thinking>" + receipt()),
        "reasoning whose last block is never closed": handmade(
            "<think>a</think>\n<think>" + receipt()
        ),
        "a brace behind the object that begins none": handmade(receipt() + " {sic}"),
        "an object behind a brace that begins none": handmade(receipt() + " {sic} {}"),
        "tool calls that are no list": handmade(
            "", more=',"modelOutput":{"choices":[{"message":{"content":"","tool_calls":true}}]}'
        ),
        "opening tags a million times": handmade("<think>" * 200_000 + receipt()),
        "braces a million times": handmade("{" * 1_000_000),
        "braces a million times behind the object": handmade(receipt() + "{" * 1_000_000),
        "nested openings without end behind the object": handmade(receipt() + '{"a":' * 2_000),
        "a quote that is never closed": handmade('"' + "{" * 1_000_000),
    },
    Reason.INVALID_RECEIPT: {
        "an exponent of many digits": handmade(receipt("1e" + "9" * 5000)),
        "zero with a huge exponent": handmade(receipt("0e99999999999999999999")),
        "a prefilled brace with one object inside": handmade(
            receipt(more=',"items":[{"a":1}]')[1:]
        ),
    },
    Reason.MODEL_ERROR: {
        "a boolean as an error's code": handmade(
            receipt(), more=',"error":{"errorCode":true,"errorMessage":"no"}'
        ),
        "an error of an odd number": handmade(
            receipt(), more=',"error":{"errorCode":1e3,"errorMessage":""}'
        ),
    },
    Reason.SEVERAL_RECEIPTS: {
        "two fences": handmade(f"```\n{receipt()}\n```\n```\n{receipt()}\n```"),
        "two objects, the first without its brace": handmade(receipt()[1:] + "\n" + receipt()),
    },
}
"""By the reason for which they are rejected; None where they are good."""


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        pytest.param(line, reason, id=name)
        for reason, named in LINES.items()
        for name, line in named.items()
    ],
)
def test_they_agree_with_the_contract(line: bytes, reason: Reason | None) -> None:
    verdict = read(line)
    assert (None if isinstance(verdict, Good) else getattr(verdict, "reason", None)) == reason
    difference = COMPARE(line)
    assert difference is None, difference
