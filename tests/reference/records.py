"""A line into a receipt, padding, or the first reject that applies (the contract, section 1)."""

from dataclasses import dataclass
from enum import StrEnum

from tests.reference import answers, strict_json, texts
from tests.reference.answers import Answer
from tests.reference.receipts import Receipt, read_receipt
from tests.reference.strict_json import NotJsonError, Number, Value
from tests.reference.texts import NoReceiptText

LINE_LIMIT = 16 * 1024 * 1024
IMAGE_ID_LIMIT = 2048
IMAGE_ID_KEYS = ("recordId", "customData", "custom_id")
PADDING_PREFIX = "__pad__"


class Reason(StrEnum):
    """Why a record cannot become a transaction, in the order of section 1.6."""

    LINE_TOO_LONG = "LineTooLong"
    INVALID_JSON = "InvalidJson"
    MISSING_RECORD_ID = "MissingRecordId"
    MODEL_ERROR = "ModelError"
    TRUNCATED = "Truncated"
    REFUSED = "Refused"
    UNKNOWN_FORM = "UnknownForm"
    SEVERAL_RECEIPTS = "SeveralReceipts"
    NO_JSON_IN_TEXT = "NoJsonInText"
    INVALID_RECEIPT = "InvalidReceipt"
    ITEM_TOO_LARGE = "ItemTooLarge"


@dataclass(frozen=True, slots=True)
class Good:
    """A record that can become a transaction if its item is not too large."""

    image_id: str
    answer: Answer
    receipt: Receipt


@dataclass(frozen=True, slots=True)
class Padding:
    """A record that was only sent to reach the least number of records of a job."""

    image_id: str


@dataclass(frozen=True, slots=True)
class Reject:
    """A record that cannot become a transaction.

    `says` is what the details must tell (a model's error, a stop reason); `answer` is what the
    model's answer was, where a form is present: an excerpt is then of it, else of the line.
    """

    reason: Reason
    record_id: str | None = None
    says: tuple[str, ...] = ()
    answer: Answer | None = None


def read(line: bytes, limit: int = LINE_LIMIT) -> Good | Padding | Reject:
    """The verdict on one line, given without its end and without a byte-order mark of byte 0."""
    if len(line) > limit:
        return Reject(Reason.LINE_TOO_LONG)
    try:
        record = strict_json.parse_object_bytes(line)
    except NotJsonError:
        return Reject(Reason.INVALID_JSON)
    image_id = _image_id(record)
    if image_id is None:
        return Reject(Reason.MISSING_RECORD_ID)
    if image_id.startswith(PADDING_PREFIX):
        return Padding(image_id)
    return _verdict(record, image_id)


def _verdict(record: dict[str, Value], image_id: str) -> Good | Reject:
    answer = answers.read_answer(record)
    error = answers.outer_error(record)
    if error is None and answer is None:
        error = answers.inner_error(record)
    if error is not None:
        return Reject(Reason.MODEL_ERROR, image_id, says=_error_says(error))
    receipt = Reason.UNKNOWN_FORM if answer is None else read_answer(answer)
    if isinstance(receipt, Receipt):
        assert answer is not None
        return Good(image_id, answer, receipt)
    stop_reason = answers.stopped_at_limit(record)
    if stop_reason is not None:
        return Reject(Reason.TRUNCATED, image_id, says=(stop_reason,), answer=answer)
    if answers.was_refused(record):
        return Reject(Reason.REFUSED, image_id, answer=answer)
    return Reject(receipt, image_id, answer=answer)


def read_answer(answer: Answer) -> Receipt | Reason:
    """The receipt that a model answered (section 1.5), or why there is none."""
    if len(answer.calls) > 1:
        return Reason.SEVERAL_RECEIPTS
    found = answer.calls[0] if answer.calls else texts.read_text(answer.text)
    if found is NoReceiptText.SEVERAL_OBJECTS:
        return Reason.SEVERAL_RECEIPTS
    if not isinstance(found, dict):
        return Reason.NO_JSON_IN_TEXT
    return read_receipt(found) or Reason.INVALID_RECEIPT


def _image_id(record: dict[str, Value]) -> str | None:
    """Section 1.4: the first of the three that can be a key of DynamoDB."""
    for key in IMAGE_ID_KEYS:
        value = record.get(key)
        if isinstance(value, str) and 1 <= len(value.encode("utf-8")) <= IMAGE_ID_LIMIT:
            return value
    return None


def _error_says(error: Value) -> tuple[str, ...]:
    """Section 1.6: the code and message of an error in whatever shape it came."""
    if isinstance(error, dict):
        inside = error.get("error")
        if answers.is_error(inside) and isinstance(inside, (dict, str)):
            return _error_says(inside)
        said = [error.get(key) for key in ("errorCode", "code", "errorMessage", "message")]
        return tuple(text for each in said if (text := _said(each)))
    if isinstance(error, list):
        return tuple(text for each in error[:1] if (text := _said(each)))
    text = _said(error)
    return (text,) if text else ()


def _said(value: Value) -> str:
    if isinstance(value, Number):
        return value.text
    return value if isinstance(value, str) else ""
