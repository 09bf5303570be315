"""Lines for what reads them."""

import json

from functions.domain.lines import Line
from functions.domain.receipts.image_id import DEFAULT_PADDING_PREFIX
from functions.domain.receipts.record import GoodRecord, read_record
from functions.domain.records import Padding, Reject

PADDING_PREFIX = DEFAULT_PADDING_PREFIX
RECEIPT = {
    "amount": 5,
    "type": "expense",
    "date": "2026-01-09",
    "merchant": "m",
    "category": "fee",
}
ANSWER = json.dumps(RECEIPT)


def answered(image_id: str, answer: str = ANSWER, **members: object) -> bytes:
    """A line of a results object: an image, and what the model answered, here a good receipt."""
    record = {"recordId": image_id, **members, "modelOutput": {"generation": answer}}
    return json.dumps(record).encode() + b"\n"


def line_of(content: bytes, *, start: int = 0) -> Line:
    """A line that is not over the bound, and ends its object."""
    return Line(start, start + len(content), start, len(content), content)


def read(content: bytes, *, start: int = 0) -> GoodRecord | Reject | Padding:
    """What the product reads in it."""
    return read_record(line_of(content, start=start), padding_prefix=PADDING_PREFIX)
