"""Where the product differs from the reference on a line: nowhere, or a sentence."""

import json
import re
from collections.abc import Callable
from typing import Any, TypeAlias

from tests.reference import strict_json, transactions
from tests.reference.forms import MODEL_INPUT_MARK
from tests.reference.product import Item, Product
from tests.reference.product import Padding as ProductPadding
from tests.reference.product import Reject as ProductReject
from tests.reference.records import Padding, Reason, Reject
from tests.reference.strict_json import NotJsonError
from tests.reference.transactions import Context, Stored, Verdict, WireItem

EXCERPT_BYTES_LIMIT = 1024
DETAIL_CHARACTERS_LIMIT = 300
MODEL_INPUT_KEY = re.compile(
    b"".join(rb"(?:%c|\\u00(?i:%02x))" % (letter, letter) for letter in b"modelInput")
)
"""The key, with any of its letters escaped."""
RECORD_BEGINS = re.compile(
    r'\s*\{\s*"(recordId|customData|custom_id|modelOutput|output|response|error)"\s*:'
)
ID_BEGINS = re.compile(
    rb'[ \t]*\{[ \t]*("(?:recordId|customData|custom_id)")[ \t]*:[ \t]*"([\w-]{1,64})"[ \t]*,'
)
"""A head from which anybody reads the record's id."""
ESCAPES = re.compile(r'(?:\\u[0-9a-fA-F]{4})+|\\["\\/bfnrt]')
DETAIL_HEAD_CHARACTERS = 60
SHOWN_CHARACTERS = 700

ProductVerdict: TypeAlias = Item | ProductPadding | ProductReject
Compare = Callable[[bytes], str | None]


def comparer(context: Context) -> Compare:
    """A function that tells how the two differ on a line; None if they do not."""
    product = Product.of(context)

    def compare(line: bytes) -> str | None:
        expected = transactions.judge(line, context)
        try:
            found = product.judge(line)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is the finding
            return _report(line, expected, error, f"it raised {type(error).__name__}: {error}")
        found_difference = difference(line, expected, found)
        return found_difference and _report(line, expected, found, found_difference)

    return compare


def _report(line: bytes, expected: object, found: object, first_difference: str) -> str:
    """What a person needs to see who is wrong, the line last."""
    return "\n".join(
        (
            f"DIFFERENCE       {first_difference}",
            f"by the contract  {_abridged(repr(expected))}",
            f"by the product   {_abridged(repr(found))}",
            f"line             {len(line)} bytes: {_abridged(line.decode('utf-8', 'replace'))}",
        )
    )


def _abridged(text: str) -> str:
    if len(text) <= SHOWN_CHARACTERS:
        return text
    half = SHOWN_CHARACTERS // 2
    return f"{text[:half]} [... {len(text) - 2 * half} more ...] {text[-half:]}"


def difference(line: bytes, expected: Verdict, found: ProductVerdict) -> str | None:
    """How the product's verdict differs from the reference's; None if it does not."""
    if _kind(expected) != _kind(found):
        return f"it is {_kind(found)}, by the contract {_kind(expected)}"
    if isinstance(expected, Stored):
        assert isinstance(found, dict)
        return _item_difference(expected.item, found)
    if isinstance(expected, Padding):
        return None
    assert isinstance(found, ProductReject)
    return (
        _record_id_difference(line, expected, found)
        or _details_difference(expected, found)
        or _excerpt_difference(line, expected, found)
    )


def _kind(verdict: Verdict | ProductVerdict) -> str:
    if isinstance(verdict, (Reject, ProductReject)):
        return f"rejected as {verdict.reason.value}"
    return "padding" if isinstance(verdict, (Padding, ProductPadding)) else "a transaction"


def _record_id_difference(line: bytes, expected: Reject, found: ProductReject) -> str | None:
    """Section 1.6: the record's id wherever the line gives one away."""
    if expected.reason not in (Reason.LINE_TOO_LONG, Reason.INVALID_JSON):
        if found.record_id == expected.record_id:
            return None
        return f"record id {found.record_id!r}, by the contract {expected.record_id!r}"
    given_away = ID_BEGINS.match(line)
    if given_away and line.count(given_away[1]) > 1:
        given_away = None  # The last of repeated keys counts.
    if found.record_id is None:
        return (
            f"no record id, although the line begins with {given_away[2]!r}" if given_away else None
        )
    if MODEL_INPUT_MARK in found.record_id or not _holds(line, found.record_id):
        return f"record id {found.record_id!r} is nowhere in the line"
    return None


def _holds(line: bytes, text: str) -> bool:
    """Whether a text stands in a line that is no JSON, escaped or not."""
    return text in ESCAPES.sub(_unescaped, line.decode("utf-8", "replace"))


def _unescaped(match: re.Match[str]) -> str:
    escape = match[0]
    if escape[1] != "u":
        return str(json.loads(f'"{escape}"'))
    return bytes.fromhex(escape.replace("\\u", "")).decode("utf-16-be", "replace")


def _item_difference(expected: WireItem, found: Item) -> str | None:
    for name in sorted(expected.keys() | found.keys()):
        if name not in found or name not in expected:
            return f"{name} is in one of the items only"
        if name != "amount" and found[name] != expected[name]:
            return f"{name} is {found[name]}, by the contract {expected[name]}"
    if refusals := transactions.refusals(found):
        return f"DynamoDB would refuse it: {refusals}"
    written = transactions.number(str(expected["amount"]["N"]))
    if transactions.number(found["amount"]["N"]) != written:
        return f"amount is {found['amount']}, by the contract {expected['amount']}"
    return None


def _details_difference(expected: Reject, found: ProductReject) -> str | None:
    details: Any = found.details
    if not isinstance(details, list) or not all(isinstance(each, str) for each in details):
        return "details are no list of strings"
    if any(len(each) > DETAIL_CHARACTERS_LIMIT for each in details):
        return "a detail is not short"
    for said in expected.says:
        if not any(_tells(detail, said) for detail in details):
            return f"the details do not tell {said!r}"
    return None


def _tells(detail: str, said: str) -> bool:
    """A detail may be cut, and a code that is a float may be written in another way."""
    if said[:DETAIL_HEAD_CHARACTERS] in detail:
        return True
    try:
        return float(detail.rpartition(" ")[2]) == float(said)
    except ValueError:
        return False


def _excerpt_difference(line: bytes, expected: Reject, found: ProductReject) -> str | None:
    """The contract, section 1.6: at most 1 KiB, and never from `modelInput`."""
    excerpt = found.excerpt
    if len(excerpt.encode()) > EXCERPT_BYTES_LIMIT:
        return "the excerpt is over 1 KiB"
    answer = expected.answer
    if answer is not None and not answer.calls:
        return None if excerpt in answer.text else "the excerpt is not of the text"
    if expected.reason in (Reason.INVALID_JSON, Reason.LINE_TOO_LONG):
        return _excerpt_of_line_difference(line, excerpt) if excerpt else None
    if MODEL_INPUT_MARK in excerpt and not _has_mark_elsewhere(line):
        return "the excerpt is from modelInput"
    return None


def _excerpt_of_line_difference(line: bytes, excerpt: str) -> str | None:
    key = MODEL_INPUT_KEY.search(line)
    head = (line[: key.end()] if key else line).decode("utf-8", "replace")
    if not head.startswith(excerpt.rstrip("\ufffd")):
        return "the excerpt goes beyond what is known not to be modelInput"
    if not RECORD_BEGINS.match(head):
        return "there is an excerpt of what does not begin as a record"
    return None


def _has_mark_elsewhere(line: bytes) -> bool:
    """Whether damage moved the mark out of `modelInput`."""
    try:
        record = strict_json.parse_object_bytes(line)
    except NotJsonError:
        return False
    return MODEL_INPUT_MARK in str({**record, "modelInput": None})
