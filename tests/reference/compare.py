"""Where the product differs from the reference on a line: nowhere, or a sentence."""

import re
from collections.abc import Callable
from typing import Any

from tests.reference import strict_json, transactions
from tests.reference.forms import MODEL_INPUT_MARK
from tests.reference.product import Item, Padding, Product
from tests.reference.product import Reject as ProductReject
from tests.reference.records import Reason, Reject
from tests.reference.strict_json import NotJsonError
from tests.reference.transactions import Job, Retention, Stored, WireItem

EXCERPT_BYTES_LIMIT = 1024
DETAIL_CHARACTERS_LIMIT = 300
MODEL_INPUT_KEY = re.compile(
    b"".join(rb"(?:%c|\\u00(?i:%02x))" % (letter, letter) for letter in b"modelInput")
)
"""The key, with any of its letters escaped."""
RECORD_BEGINS = re.compile(r'\s*\{\s*"(recordId|customData|modelOutput|output|error)"\s*:')

Compare = Callable[[bytes], str | None]


def comparer(job: Job, *, event_time: str, retention: Retention, limit: int) -> Compare:
    """A function that tells how the two differ on a line; None if they do not."""
    product = Product.of(job, event_time=event_time, retention=retention, limit=limit)

    def compare(line: bytes) -> str | None:
        expected = transactions.judge(
            line, job=job, event_time=event_time, retention=retention, limit=limit
        )
        try:
            found = product.judge(line)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is the finding
            return f"{type(error).__name__}: {error}"
        return difference(line, expected, found)

    return compare


def difference(
    line: bytes, expected: Stored | Reject, found: Item | ProductReject | Padding
) -> str | None:
    """How the product's verdict differs from the reference's."""
    if isinstance(found, Padding):
        return "padding, which the contract does not know"
    if isinstance(expected, Stored):
        if isinstance(found, ProductReject):
            return f"rejected as {found.reason} ({found.details}), good by the contract"
        return _item_difference(expected.item, found)
    if not isinstance(found, ProductReject):
        return f"taken, {expected.reason} by the contract"
    return _reject_difference(line, expected, found)


def _reject_difference(line: bytes, expected: Reject, found: ProductReject) -> str | None:
    if found.reason.value != expected.reason.value:
        return f"{found.reason} ({found.details}), {expected.reason} by the contract"
    if found.record_id != expected.record_id:
        return f"record id {found.record_id!r}, by the contract {expected.record_id!r}"
    return _details_difference(expected, found) or _excerpt_difference(line, expected, found)


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
    if expected.details is None:
        return None
    if len(details) != len(expected.details) or not all(
        _is_head_or_same_number(each, of=wanted)
        for wanted, each in zip(expected.details, details, strict=True)
    ):
        return f"details {details}, by the contract {expected.details}"
    return None


def _is_head_or_same_number(detail: str, *, of: str) -> bool:
    """A detail may be cut, and a code that is a float may be written in another way."""
    if of.startswith(detail) and (detail or not of):
        return True
    try:
        return float(detail) == float(of)
    except ValueError:
        return False


def _excerpt_difference(line: bytes, expected: Reject, found: ProductReject) -> str | None:
    """The contract, section 1.6: at most 1 KiB, and never from `modelInput`."""
    excerpt = found.excerpt
    if len(excerpt.encode()) > EXCERPT_BYTES_LIMIT:
        return "the excerpt is over 1 KiB"
    if expected.text is not None:
        return None if expected.text.startswith(excerpt) else "the excerpt is not of the text"
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
