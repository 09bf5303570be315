"""A line of a results object: the image it answers and what the model said of it.

`modelInput` is echoed in every line, often with a whole image in base64. It is scanned as a
part of the line, and dropped.
"""

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from functions.domain.failures import RejectReason
from functions.domain.receipts import InvalidReceipt, NoJsonInText, Receipt, read_receipt
from functions.domain.strict_json import parse_object

MAX_IMAGE_ID_BYTES: Final = 2048
"""DynamoDB's limit of a partition key; `imageId` is one."""
MAX_EXCERPT_BYTES: Final = 1024
MAX_DETAIL_CHARACTERS: Final = 200
_MAY_BE_MODEL_INPUT: Final = re.compile(rb"modelInput|\\u00")


@dataclass(frozen=True, slots=True)
class Answer:
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
        excerpt: At most 1 KiB of the model's text or of the line, never of `modelInput`.
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
    try:
        record = parse_object(content)
    except ValueError as error:
        return Reject(
            RejectReason.INVALID_JSON,
            details=[_short(str(error))],
            excerpt=_line_excerpt(content),
        )
    record.pop("modelInput", None)
    image_id = next(filter(_is_image_id, (record.get("recordId"), record.get("customData"))), None)
    if image_id is None:
        return Reject(RejectReason.MISSING_RECORD_ID, excerpt=_record_excerpt(record))
    return _read_answer(image_id, record)


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


def _is_image_id(value: object) -> bool:
    return isinstance(value, str) and 1 <= len(value.encode()) <= MAX_IMAGE_ID_BYTES


def _text(record: dict[str, Any]) -> str | None:
    return next((text for form in _FORMS if (text := form(record)) is not None), None)


def _dig(value: Any, *path: str | int) -> Any:
    for step in path:
        if isinstance(step, int):
            if not isinstance(value, list) or len(value) <= step:
                return None
            value = value[step]
        elif isinstance(value, dict):
            value = value.get(step)
        else:
            return None
    return value


def _texts(parts: Iterable[Any], *, of_type: str | None = None) -> str:
    return "".join(
        part["text"]
        for part in parts
        if isinstance(part, dict)
        and isinstance(part.get("text"), str)
        and (of_type is None or part.get("type") == of_type)
    )


def _parts_at(*path: str | int, of_type: str | None = None) -> Callable[[Any], str | None]:
    def form(record: Any) -> str | None:
        parts = _dig(record, *path)
        return _texts(parts, of_type=of_type) if isinstance(parts, list) else None

    return form


def _string_at(*path: str | int) -> Callable[[Any], str | None]:
    def form(record: Any) -> str | None:
        text = _dig(record, *path)
        return text if isinstance(text, str) else None

    return form


_FORMS: Final = (
    _parts_at("modelOutput", "content", of_type="text"),  # Anthropic Messages
    _parts_at("modelOutput", "output", "message", "content"),  # Nova, Converse
    _string_at("modelOutput", "choices", 0, "message", "content"),  # OpenAI-style chat
    _string_at("modelOutput", "generation"),  # Llama
    _string_at("modelOutput", "outputs", 0, "text"),  # Mistral
    _string_at("output", "text"),  # hand-made
)
"""Where each form has its text; the first that is present wins."""


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


def _record_excerpt(record: dict[str, Any]) -> str:
    """What is left of a record once `modelInput` is dropped."""
    return _excerpt(json.dumps(record, ensure_ascii=False))


def _line_excerpt(content: bytes) -> str:
    """The head of a line that is not JSON, up to where `modelInput` may begin.

    An escape may spell a letter of that key.
    """
    head = _MAY_BE_MODEL_INPUT.split(content[:MAX_EXCERPT_BYTES], maxsplit=1)[0]
    return _excerpt(head.decode(errors="replace"))
