"""A line of a results object: the image it answers and what the model said of it.

`modelInput` is echoed in every line, often with a whole image in base64. It is scanned as a
part of the line, and dropped.
"""

from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple, TypeGuard

from pydantic_core import SchemaValidator
from pydantic_core import core_schema as schema

from functions.domain.receipts.excerpt import (
    KEPT_MEMBERS,
    excerpt_of_line,
    excerpt_of_record,
    excerpt_of_text,
)
from functions.domain.receipts.forms import text_of
from functions.domain.receipts.receipt import InvalidReceipt, NoJsonInText, Receipt, read_receipt
from functions.domain.receipts.reject import RejectReason
from functions.domain.receipts.strict_json import parse_members, parse_object

MAX_IMAGE_ID_BYTES: Final = 2048
"""DynamoDB's limit of a partition key; `imageId` is one."""
MAX_DETAIL_CHARACTERS: Final = 200
LONG_LINE_BYTES: Final = 1024 * 1024
"""From here on a second look at a bad line is cheaper than a copy of a good one."""
_ANYTHING: Final = schema.typed_dict_field(schema.any_schema(), required=False)
_RECORD: Final = SchemaValidator(
    schema.typed_dict_schema(dict.fromkeys(KEPT_MEMBERS, _ANYTHING), extra_behavior="ignore")
)


class Answer(NamedTuple):
    """A good record.

    Attributes:
        image_id: The image that it answers.
        receipt: What the model read.
        text: The model's text, for the excerpt of a later reject.
    """

    image_id: str
    receipt: Receipt
    text: str


@dataclass(frozen=True, slots=True)
class Reject:
    """A record that cannot become a transaction.

    Attributes:
        reason: The first that applies.
        record_id: The image id, where the record has one.
        details: Short strings that say more.
        excerpt: At most 1 KiB of the model's text, or of the record's members that are read;
            never of `modelInput`. Of a line that is no JSON its head, if it begins as a record
            does; else nothing, for it may have begun in the middle of an image.
    """

    reason: RejectReason
    record_id: str | None = None
    details: list[str] = field(default_factory=list)
    excerpt: str = ""


def read_record(content: bytes) -> Answer | Reject:
    """Read one line.

    Args:
        content: The line without its end; not over the bound.
    """
    if len(content) >= LONG_LINE_BYTES and (answer := _answer_of_long_line(content)):
        return answer
    try:
        record = parse_object(content)
    except ValueError as error:
        return Reject(
            RejectReason.INVALID_JSON,
            details=[_short(str(error))],
            excerpt=excerpt_of_line(content),
        )
    return _read_members(record)


def _answer_of_long_line(content: bytes) -> Answer | None:
    """The answer in a line, without a copy of its echoed image in memory; None if in doubt."""
    members = parse_members(content, _RECORD)
    record = None if members is None else _read_members(members)
    return record if isinstance(record, Answer) else None


def _read_members(record: dict[str, Any]) -> Answer | Reject:
    for name in ("recordId", "customData"):
        if _is_image_id(image_id := record.get(name)):
            return _read_answer(image_id, record)
    return Reject(RejectReason.MISSING_RECORD_ID, excerpt=excerpt_of_record(record))


def _read_answer(image_id: str, record: dict[str, Any]) -> Answer | Reject:
    if isinstance(error := record.get("error"), dict):
        return Reject(RejectReason.MODEL_ERROR, image_id, _model_error_details(error))
    text = text_of(record)
    if text is None:
        return Reject(RejectReason.UNKNOWN_FORM, image_id, excerpt=excerpt_of_record(record))
    try:
        return Answer(image_id, read_receipt(text), text)
    except NoJsonInText as problem:
        reason, details = RejectReason.NO_JSON_IN_TEXT, [str(problem)]
    except InvalidReceipt as problem:
        reason, details = RejectReason.INVALID_RECEIPT, [_short(p) for p in problem.problems]
    return Reject(reason, image_id, details, excerpt_of_text(text))


def too_large(answer: Answer, size: int) -> Reject:
    """The reject of a good answer whose item DynamoDB would refuse."""
    return Reject(
        RejectReason.ITEM_TOO_LARGE,
        answer.image_id,
        [f"the item would have {size} bytes"],
        excerpt_of_text(answer.text),
    )


def too_long(length: int, limit: int) -> Reject:
    """The reject of a line that was not read."""
    return Reject(RejectReason.LINE_TOO_LONG, details=[f"{length} bytes; the bound is {limit}"])


def _is_image_id(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and 1 <= len(value.encode()) <= MAX_IMAGE_ID_BYTES


def _model_error_details(error: dict[str, Any]) -> list[str]:
    return [
        _short(str(error[name]))
        for name in ("errorCode", "errorMessage")
        if isinstance(error.get(name), str | int | float) and not isinstance(error[name], bool)
    ]


def _short(text: str) -> str:
    return text[:MAX_DETAIL_CHARACTERS]
