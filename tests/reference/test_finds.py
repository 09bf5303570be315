"""Lines on which the product and the contract once differed, or on which a parser could trip."""

import pytest

from tests.reference.compare import comparer
from tests.reference.records import LINE_LIMIT, Good, Reason, read
from tests.reference.transactions import Job, Retention

JOB = Job(job_id="job-1", intent_id="intent-1", user_id="user-1", model_id="m", trace_id="t")
COMPARE = comparer(JOB, event_time="2026-07-01T00:00:00Z", retention=Retention(), limit=LINE_LIMIT)

RECEIPT = '{"amount":@,"type":"income","date":"2026-07-01","merchant":"m","category":"fee"}'


def handmade(text: str, *, more: str = "") -> bytes:
    """A record around a text."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    escaped = escaped.replace("\r", "\\r").replace("\t", "\\t")
    return f'{{"recordId":"r","output":{{"text":"{escaped}"}}{more}}}'.encode()


def receipt(amount: str = "1", *, more: str = "") -> str:
    """A receipt's text."""
    return RECEIPT.replace("@", amount)[:-1] + more + "}"


GOOD = None
CASES = {
    "nested 200 with the record": (handmade(receipt(), more=',"x":' + "[" * 199 + "]" * 199), GOOD),
    "an empty list on level 201": (
        handmade(receipt(), more=',"x":' + "[" * 200 + "]" * 200),
        Reason.INVALID_JSON,
    ),
    "an empty object on level 201": (
        handmade(receipt(), more=',"x":' + '{"a":' * 199 + "{}" + "}" * 199),
        Reason.INVALID_JSON,
    ),
    "an empty list on level 201 under a key that is repeated": (
        handmade(receipt(), more=',"x":' + "[" * 200 + "]" * 200 + ',"x":1'),
        Reason.INVALID_JSON,
    ),
    "an empty list on level 201 behind a string that ends in a backslash": (
        handmade(receipt(), more=',"k":"\\\\","x":' + "[" * 200 + "]" * 200),
        Reason.INVALID_JSON,
    ),
    "many brackets side by side": (handmade(receipt(), more=',"x":[' + "[]," * 999 + "[]]"), GOOD),
    "many brackets in a string": (handmade(receipt(), more=',"x":"' + '[\\"[' * 999 + '"'), GOOD),
    "an empty list on level 201 of the text": (
        handmade(receipt(more=',"x":' + "[" * 200 + "]" * 200)),
        Reason.NO_JSON_IN_TEXT,
    ),
    "200 levels in the text": (handmade(receipt(more=',"x":' + "[" * 199 + "]" * 199)), GOOD),
    "250,000 lists and objects": (
        handmade(receipt(), more=',"x":[' + "[]," * 249_996 + "[]]"),
        GOOD,
    ),
    "250,001 lists and objects": (
        handmade(receipt(), more=',"x":[' + "[]," * 249_997 + "[]]"),
        Reason.INVALID_JSON,
    ),
    "250,001 lists and objects in the text": (
        handmade(receipt(more=',"x":[' + "{}," * 249_998 + "{}]")),
        Reason.NO_JSON_IN_TEXT,
    ),
    "more brackets than that in strings": (
        handmade(receipt(), more=',"x":"' + '[{\\"' * 200_000 + '","y":"["'),
        GOOD,
    ),
    "very deep": (b'{"a":' * 100_000, Reason.INVALID_JSON),
    "very deep lists": (b"[" * 1_000_000, Reason.INVALID_JSON),
    "integer of 4300 digits": (handmade(receipt(), more=',"x":' + "9" * 4300), GOOD),
    "integer of 4301 digits": (handmade(receipt(), more=',"x":' + "9" * 4301), Reason.INVALID_JSON),
    "negative, 4300 digits": (handmade(receipt(), more=',"x":-' + "9" * 4300), GOOD),
    "4301 digits in modelInput": (
        handmade(receipt(), more=',"modelInput":' + "9" * 4301),
        Reason.INVALID_JSON,
    ),
    "fraction of 9999 digits": (handmade(receipt(), more=',"x":0.' + "9" * 9999), GOOD),
    "more than a double holds": (handmade(receipt(), more=',"x":1E400'), GOOD),
    "NaN in modelInput": (
        handmade(receipt(), more=',"modelInput":{"a":NaN}'),
        Reason.INVALID_JSON,
    ),
    "NaN in the text": (handmade(receipt(more=',"x":NaN')), Reason.NO_JSON_IN_TEXT),
    "-Infinity in the text": (handmade(receipt(more=',"x":-Infinity')), Reason.NO_JSON_IN_TEXT),
    "invalid UTF-8 in modelInput": (
        handmade(receipt(), more=',"modelInput":"@"').replace(b"@", b"\xff"),
        Reason.INVALID_JSON,
    ),
    "an encoded surrogate": (
        handmade(receipt(), more=',"x":"@"').replace(b"@", b"\xed\xa0\x80"),
        Reason.INVALID_JSON,
    ),
    "unpaired in modelInput": (
        handmade(receipt(), more=',"modelInput":"\\ud800"'),
        Reason.INVALID_JSON,
    ),
    "unpaired in a key": (handmade(receipt(), more=',"\\udfff":1'), Reason.INVALID_JSON),
    "unpaired in the text": (handmade(receipt(more=',"x":"\\ud800"')), Reason.NO_JSON_IN_TEXT),
    "paired in the text": (handmade(receipt(more=',"x":"\\ud83d\\ude00"')), GOOD),
    "the zeros of a huge exponent": (
        handmade(receipt("0." + "0" * 1_000_000 + "1e1000001")),
        GOOD,
    ),
    "the zeros of a tiny exponent": (handmade(receipt("1" + "0" * 4299 + "e-4299")), GOOD),
    "an exponent of many digits": (
        handmade(receipt("1e" + "9" * 5000)),
        Reason.INVALID_RECEIPT,
    ),
    "an exponent of many zeros": (handmade(receipt("1e" + "0" * 5000)), GOOD),
    "zero with a huge exponent": (
        handmade(receipt("0e99999999999999999999")),
        Reason.INVALID_RECEIPT,
    ),
    "a boolean as an error's code": (
        handmade(receipt(), more=',"error":{"errorCode":true,"errorMessage":"no"}'),
        Reason.MODEL_ERROR,
    ),
    "an error of an odd number": (
        handmade(receipt(), more=',"error":{"errorCode":1e3,"errorMessage":""}'),
        Reason.MODEL_ERROR,
    ),
    "an escape in the key modelInput": (
        b'{"model\\u0049nput":"' + b"QUJD" * 99 + b'",}',
        Reason.INVALID_JSON,
    ),
    "a byte-order mark behind the first byte": (
        b"\xef\xbb\xbf" + handmade(receipt()),
        Reason.INVALID_JSON,
    ),
    "a fence with CRLF": (handmade(f"```json\r\n{receipt()}\r\n```"), GOOD),
    "a fence without its last newline": (handmade(f"```\n{receipt()}```"), GOOD),
    "a fence in capitals": (handmade(f"```JSON\n{receipt()}\n```"), GOOD),
    "a fence in a fence": (handmade(f"```\n```json\n{receipt()}\n```\n```"), GOOD),
    "two fences": (
        handmade(f"```\n{receipt()}\n```\n```\n{receipt()}\n```"),
        Reason.SEVERAL_RECEIPTS,
    ),
    "no-break space inside a fence": (handmade(f"```\n\u00a0{receipt()}\n```"), GOOD),
    "a closing tag in the whole text": (handmade(receipt(more=',"x":"</think>"')), GOOD),
    "a closing tag in an object with words behind it": (
        handmade(receipt(more=',"x":"</think>"') + " Done."),
        Reason.NO_JSON_IN_TEXT,
    ),
    "a closing tag in an object behind reasoning": (
        handmade("<think>a</think>" + receipt(more=',"x":"</think>"')),
        GOOD,
    ),
    "a tag closed by another": (
        handmade("<think>a</thinking>" + receipt()),
        Reason.NO_JSON_IN_TEXT,
    ),
    "reasoning whose last block is never closed": (
        handmade("<think>a</think>\n<think>" + receipt()),
        Reason.NO_JSON_IN_TEXT,
    ),
    "braces in the reasoning before a closing tag": (
        handmade("{}{ </thinking> \n" + receipt()),
        GOOD,
    ),
    "a prefilled brace with objects inside": (
        handmade(receipt(more=',"items":[{"a":1},{"a":2}]')[1:]),
        GOOD,
    ),
    "a prefilled brace with one object inside": (
        handmade(receipt(more=',"items":[{"a":1}]')[1:]),
        Reason.INVALID_RECEIPT,
    ),
    "a brace behind the object that begins none": (
        handmade(receipt() + " {sic}"),
        Reason.NO_JSON_IN_TEXT,
    ),
    "an object behind a brace that begins none": (
        handmade(receipt() + " {sic} {}"),
        Reason.NO_JSON_IN_TEXT,
    ),
    "tool calls that are no list": (
        handmade(
            "", more=',"modelOutput":{"choices":[{"message":{"content":"","tool_calls":true}}]}'
        ),
        Reason.NO_JSON_IN_TEXT,
    ),
    "a number of too many digits as the last of a line": (
        b'{"recordId":"r","modelInput":' + b"9" * 4301,
        Reason.INVALID_JSON,
    ),
    "two objects, the first without its brace": (
        handmade(receipt()[1:] + "\n" + receipt()),
        Reason.SEVERAL_RECEIPTS,
    ),
    "tags a million times": (handmade("<think></think>" * 100_000 + receipt()), GOOD),
    "opening tags a million times": (
        handmade("<think>" * 200_000 + receipt()),
        Reason.NO_JSON_IN_TEXT,
    ),
    "braces a million times": (handmade("{" * 1_000_000), Reason.NO_JSON_IN_TEXT),
    "braces a million times behind the object": (
        handmade(receipt() + "{" * 1_000_000),
        Reason.NO_JSON_IN_TEXT,
    ),
    "nested openings without end behind the object": (
        handmade(receipt() + '{"a":' * 2_000),
        Reason.NO_JSON_IN_TEXT,
    ),
    "a quote that is never closed": (handmade('"' + "{" * 1_000_000), Reason.NO_JSON_IN_TEXT),
}


@pytest.mark.parametrize("name", CASES)
def test_they_agree_with_the_contract(name: str) -> None:
    line, reason = CASES[name]
    verdict = read(line)
    assert (None if isinstance(verdict, Good) else getattr(verdict, "reason", None)) == reason
    difference = COMPARE(line)
    assert difference is None, difference
