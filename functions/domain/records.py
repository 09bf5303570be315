"""A line of a results object: the image it answers and what the model said of it.

`modelInput` is echoed in every line, often with a whole image in base64. It is scanned as a
part of the line, and dropped.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple, TypeGuard

from pydantic_core import SchemaValidator
from pydantic_core import core_schema as schema

from functions.domain.failures import RejectReason
from functions.domain.receipts import InvalidReceipt, NoJsonInText, Receipt, read_receipt
from functions.domain.strict_json import parse_members, parse_object

MAX_IMAGE_ID_BYTES: Final = 2048
"""DynamoDB's limit of a partition key; `imageId` is one."""
MAX_EXCERPT_BYTES: Final = 1024
MAX_DETAIL_CHARACTERS: Final = 200
LONG_LINE_BYTES: Final = 1024 * 1024
"""From here on a second look at a bad line is cheaper than a copy of a good one."""
_MODEL_INPUT: Final = "modelInput"
_KEPT_MEMBERS: Final = ("recordId", "customData", "modelOutput", "output", "error")
"""What is kept of a record: all but `modelInput`, and what nobody asks for."""
_ANYTHING: Final = schema.typed_dict_field(schema.any_schema(), required=False)
_RECORD: Final = SchemaValidator(
    schema.typed_dict_schema(dict.fromkeys(_KEPT_MEMBERS, _ANYTHING), extra_behavior="ignore")
)
_HEAD_OF_RECORD: Final = re.compile(rf'\s*{{\s*"(?:{"|".join(_KEPT_MEMBERS)})"\s*:'.encode())
"""How a record begins. What a line feed cut out of an echoed image or prompt begins otherwise."""
_MAY_BE_MODEL_INPUT: Final = re.compile(rb"modelInput|\\u00")


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
            excerpt=_line_excerpt(content),
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
    return Reject(RejectReason.MISSING_RECORD_ID, excerpt=_record_excerpt(record))


def _read_answer(image_id: str, record: dict[str, Any]) -> Answer | Reject:
    if isinstance(error := record.get("error"), dict):
        return Reject(RejectReason.MODEL_ERROR, image_id, _model_error_details(error))
    text = _text(record)
    if text is None:
        return Reject(RejectReason.UNKNOWN_FORM, image_id, excerpt=_record_excerpt(record))
    try:
        return Answer(image_id, read_receipt(text), text)
    except NoJsonInText as problem:
        reason, details = RejectReason.NO_JSON_IN_TEXT, [str(problem)]
    except InvalidReceipt as problem:
        reason, details = RejectReason.INVALID_RECEIPT, [_short(p) for p in problem.problems]
    return Reject(reason, image_id, details, _excerpt(text))


def too_large(answer: Answer, size: int) -> Reject:
    """The reject of a good answer whose item DynamoDB would refuse."""
    return Reject(
        RejectReason.ITEM_TOO_LARGE,
        answer.image_id,
        [f"the item would have {size} bytes"],
        _excerpt(answer.text),
    )


def too_long(length: int, limit: int) -> Reject:
    """The reject of a line that was not read."""
    return Reject(RejectReason.LINE_TOO_LONG, details=[f"{length} bytes; the bound is {limit}"])


def _is_image_id(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and 1 <= len(value.encode()) <= MAX_IMAGE_ID_BYTES


def _text(record: dict[str, Any]) -> str | None:
    """The model's text, in the first form that is present."""
    if isinstance(output := record.get("modelOutput"), dict):
        for member, form in _MODEL_OUTPUT_FORMS:
            if member in output and (text := form(output[member])) is not None:
                return text
    by_hand = record.get("output")
    return _string(by_hand.get("text")) if isinstance(by_hand, dict) else None


def _anthropic_messages(parts: object) -> str | None:
    return _joined(parts, of_type="text") if isinstance(parts, list) else None


def _converse(output: object) -> str | None:
    """Nova's and Converse's."""
    parts = _member(_member(output, "message"), "content")
    return _joined(parts) if isinstance(parts, list) else None


def _chat(choices: object) -> str | None:
    """OpenAI's."""
    return _string(_member(_member(_first(choices), "message"), "content"))


def _mistral(outputs: object) -> str | None:
    return _string(_member(_first(outputs), "text"))


def _member(value: Any, name: str) -> Any:
    return value.get(name) if isinstance(value, dict) else None


def _first(value: Any) -> Any:
    return value[0] if isinstance(value, list) and value else None


def _string(value: object) -> str | None:
    """Llama's, as it is."""
    return value if isinstance(value, str) else None


_MODEL_OUTPUT_FORMS: Final = (
    ("content", _anthropic_messages),
    ("output", _converse),
    ("choices", _chat),
    ("generation", _string),
    ("outputs", _mistral),
)
"""In the order in which they count: the member of `modelOutput` and what is in it."""


def _joined(parts: list[Any], *, of_type: str | None = None) -> str:
    texts = [
        text
        for part in parts
        if isinstance(part, dict)
        and isinstance(text := part.get("text"), str)
        and (of_type is None or part.get("type") == of_type)
    ]
    return "".join(texts)


def _model_error_details(error: dict[str, Any]) -> list[str]:
    return [
        _short(str(error[name]))
        for name in ("errorCode", "errorMessage")
        if isinstance(error.get(name), str | int | float) and not isinstance(error[name], bool)
    ]


def _short(text: str) -> str:
    return text[:MAX_DETAIL_CHARACTERS]


def _excerpt(text: str) -> str:
    return text.encode()[:MAX_EXCERPT_BYTES].decode(errors="ignore")


def _line_excerpt(content: bytes) -> str:
    """The head of a broken record, up to where `modelInput` may begin.

    An escape may spell a letter of that key.
    """
    if not _HEAD_OF_RECORD.match(content):
        return ""
    head = _MAY_BE_MODEL_INPUT.split(content[:MAX_EXCERPT_BYTES], maxsplit=1)[0]
    return _excerpt(head.decode(errors="replace"))


def _record_excerpt(record: dict[str, Any]) -> str:
    """What the record says in the members that are read, and in no others.

    Written piece by piece, as far as it is wanted: a record may be 16 MiB of numbers.
    """
    kept = {name: record[name] for name in _KEPT_MEMBERS if name in record}
    excerpt = ""
    for piece in _json_pieces(kept):
        excerpt += piece
        if len(excerpt) >= MAX_EXCERPT_BYTES:
            break
    return _excerpt(excerpt)


def _json_pieces(value: Any) -> Iterator[str]:
    """JSON in short pieces, without what is called `modelInput` on any level."""
    if isinstance(value, dict):
        before = "{"
        for name, member in value.items():
            if name != _MODEL_INPUT:
                yield f"{before}{_head_of_string(name)}: "
                yield from _json_pieces(member)
                before = ", "
        yield "}" if before == ", " else "{}"
    elif isinstance(value, list):
        yield "["
        for position, element in enumerate(value):
            yield ", " if position else ""
            yield from _json_pieces(element)
        yield "]"
    else:
        yield _head_of_string(value) if isinstance(value, str) else json.dumps(value)


def _head_of_string(text: str) -> str:
    """As JSON, and no longer than an excerpt can be."""
    return json.dumps(text[:MAX_EXCERPT_BYTES], ensure_ascii=False)
