"""A record: the image that it answers, and the receipt in what the model answered.

`modelInput` is echoed in every line, often with a whole image in base64. It is scanned as a
part of the line, and dropped.
"""

from dataclasses import dataclass
from typing import Any, Final

from pydantic_core import SchemaValidator
from pydantic_core import core_schema as schema

from functions.domain.lines import Line
from functions.domain.receipts.broken_line import image_id_in, looks_like
from functions.domain.receipts.excerpt import (
    KEPT_MEMBERS,
    excerpt_of_line,
    excerpt_of_record,
    excerpt_of_text,
    excerpt_of_value,
)
from functions.domain.receipts.forms import Answer, answer_of, unknown_form
from functions.domain.receipts.image_id import image_id_of, missing_id
from functions.domain.receipts.model_error import error_inside, error_of
from functions.domain.receipts.receipt import Receipt, read_receipt
from functions.domain.receipts.reject import RejectReason, Unreadable, short
from functions.domain.receipts.stop_reason import stop_of
from functions.domain.receipts.strict_json import NotJson, parse_members, parse_object
from functions.domain.receipts.tool_call import read_tool_input
from functions.domain.records import Padding, Reject

LONG_LINE_BYTES: Final = 1024 * 1024
"""From here on, reading some bad lines twice is cheaper than copying all others."""
_SHOWING_KEYS: Final = (RejectReason.UNKNOWN_FORM, RejectReason.TRUNCATED, RejectReason.REFUSED)
"""Their details may name members of the record that are not kept."""
_ANYTHING: Final = schema.typed_dict_field(schema.any_schema(), required=False)
_RECORD: Final = SchemaValidator(
    schema.typed_dict_schema(dict.fromkeys(KEPT_MEMBERS, _ANYTHING), extra_behavior="ignore")
)


@dataclass(slots=True)
class GoodRecord:
    """A record with a receipt. Not frozen, which would take three times as long to make.

    Attributes:
        image_id: The image that it answers.
        receipt: What the model read.
        answer: Where it was, for the excerpt of a later reject.
    """

    image_id: str
    receipt: Receipt
    answer: Answer


def read_record(line: Line, *, padding_prefix: str) -> GoodRecord | Reject | Padding:
    """Read a line that is not too long.

    Args:
        line: With its content.
        padding_prefix: What an image id of padding begins with.
    """
    content = line.content or b""
    if len(content) >= LONG_LINE_BYTES and (found := _read_long(content, padding_prefix)):
        return found
    try:
        record = parse_object(content)
    except NotJson as problem:
        return _broken(content, problem, begins_object=not line.start)
    return _read(record, content, padding_prefix)


def too_long(line: Line, limit: int) -> Reject:
    """The reject of a line that is too long to be read."""
    return Reject(
        RejectReason.LINE_TOO_LONG,
        image_id_in(line.head),
        [
            f"{line.length} bytes; the bound is {limit}",
            *looks_like(line.head, begins_object=not line.start),
        ],
        excerpt_of_line(line.head),
    )


def too_large(record: GoodRecord, size: int, line: Line) -> Reject:
    """The reject of a good record whose item DynamoDB would refuse."""
    return Reject(
        RejectReason.ITEM_TOO_LARGE,
        record.image_id,
        [f"the item would have {size} bytes"],
        _excerpt(record.answer, line.content or b""),
    )


def _read_long(content: bytes, padding_prefix: str) -> GoodRecord | Reject | Padding | None:
    """Read without a copy of the echoed image in memory; None if in doubt."""
    members = parse_members(content, _RECORD)
    found = None if members is None else _read(members, content, padding_prefix)
    shows_keys = isinstance(found, Reject) and found.reason in _SHOWING_KEYS
    return None if shows_keys else found


def _broken(content: bytes, problem: NotJson, *, begins_object: bool) -> Reject:
    where = "" if problem.at is None else f"byte {problem.at + 1} of the line: "
    return Reject(
        RejectReason.INVALID_JSON,
        image_id_in(content),
        short(
            [
                f"{where}{problem.why}",
                *looks_like(content, begins_object=begins_object, problem=problem),
            ]
        ),
        excerpt_of_line(content),
    )


def _read(
    record: dict[str, Any], content: bytes, padding_prefix: str
) -> GoodRecord | Reject | Padding:
    image_id = image_id_of(record)
    if image_id is None:
        return _reject(RejectReason.MISSING_RECORD_ID, None, missing_id(record), record, content)
    if image_id.startswith(padding_prefix):
        return Padding(image_id)
    if ("error" in record or "response" in record) and (error := error_of(record)) is not None:
        return _reject(RejectReason.MODEL_ERROR, image_id, error, record, content)
    answer = answer_of(record)
    if answer is None:
        return _unanswered(image_id, record, content)
    try:
        receipt = _called(answer, content) if answer.inputs else read_receipt(answer.text)
    except Unreadable as problem:
        stop = stop_of(record)
        details = short([*problem.details, *stop.details])
        return Reject(stop.reason or problem.reason, image_id, details, _excerpt(answer, content))
    return GoodRecord(image_id, receipt, answer)


def _unanswered(image_id: str, record: dict[str, Any], content: bytes) -> Reject:
    """A record in no known form: an error, perhaps, or the model stopped before it answered."""
    if (error := error_inside(record)) is not None:
        return _reject(RejectReason.MODEL_ERROR, image_id, error, record, content)
    stop = stop_of(record)
    reason = stop.reason or RejectReason.UNKNOWN_FORM
    return _reject(reason, image_id, [*unknown_form(record), *stop.details], record, content)


def _called(answer: Answer, content: bytes) -> Receipt:
    """The receipt in the only tool call of an answer."""
    if len(answer.inputs) > 1:
        raise Unreadable(RejectReason.SEVERAL_RECEIPTS, [f"{len(answer.inputs)} tool calls"])
    return read_tool_input(answer, content)


def _reject(
    reason: RejectReason,
    image_id: str | None,
    details: list[str],
    record: dict[str, Any],
    content: bytes,
) -> Reject:
    return Reject(reason, image_id, short(details), excerpt_of_record(record, content))


def _excerpt(answer: Answer, content: bytes) -> str:
    """The head of what the model wrote."""
    if not answer.inputs:
        return excerpt_of_text(answer.text)
    return excerpt_of_value(
        _input_of(answer), content, find=lambda line: _input_of(answer_of(line))
    )


def _input_of(answer: Answer | None) -> Any:
    """The input of the tool call; of several, the list of all."""
    inputs = list(answer.inputs) if answer else []
    return inputs[0] if len(inputs) == 1 else inputs
