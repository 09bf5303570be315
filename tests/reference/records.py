"""A line into a receipt, or into the first reject that applies (the contract, section 1)."""

import datetime as dt
import re
from dataclasses import dataclass
from enum import StrEnum

from tests.reference import strict_json
from tests.reference.strict_json import NotJsonError, Number, Value

LINE_LIMIT = 16 * 1024 * 1024
IMAGE_ID_LIMIT = 2048
AMOUNT_DIGITS_LIMIT = 38
AMOUNT_LARGEST_POWER = 12
AMOUNT_SMALLEST_POWER = -130

TYPES = ("income", "expense")
CATEGORIES = ("sale", "purchase", "shipping", "packaging", "fee", "other")


class Reason(StrEnum):
    """Why a record cannot become a transaction, in the order of section 1.6."""

    LINE_TOO_LONG = "LineTooLong"
    INVALID_JSON = "InvalidJson"
    MISSING_RECORD_ID = "MissingRecordId"
    MODEL_ERROR = "ModelError"
    UNKNOWN_FORM = "UnknownForm"
    NO_JSON_IN_TEXT = "NoJsonInText"
    INVALID_RECEIPT = "InvalidReceipt"
    ITEM_TOO_LARGE = "ItemTooLarge"


@dataclass(frozen=True, slots=True)
class Amount:
    """`digits` times 10 to the `exponent`; digits begin and end with another than zero."""

    digits: str
    exponent: int

    def plain(self) -> str:
        """Written without exponent."""
        if self.exponent >= 0:
            return self.digits + "0" * self.exponent
        whole = self.digits[: self.exponent] or "0"
        return f"{whole}.{self.digits[self.exponent :].rjust(-self.exponent, '0')}"


@dataclass(frozen=True, slots=True)
class Receipt:
    """The validated answer (section 1.5)."""

    amount: Amount
    type: str
    date: str
    merchant: str
    category: str
    description: str


@dataclass(frozen=True, slots=True)
class Good:
    """A record that can become a transaction if its item is not too large."""

    image_id: str
    text: str
    receipt: Receipt


@dataclass(frozen=True, slots=True)
class Reject:
    """A record that cannot become a transaction.

    `details` is given where the contract fixes it (a model's error), `text` where the model's
    text was found: an excerpt is then of it, else of the line.
    """

    reason: Reason
    record_id: str | None = None
    details: tuple[str, ...] | None = None
    text: str | None = None


def read(line: bytes, limit: int = LINE_LIMIT) -> Good | Reject:  # noqa: PLR0911 - a reason each
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
    error = record.get("error")
    if isinstance(error, dict):
        return Reject(Reason.MODEL_ERROR, image_id, details=_error_details(error))
    text = model_text(record)
    if text is None:
        return Reject(Reason.UNKNOWN_FORM, image_id)
    try:
        answer = strict_json.parse_object(unwrap(text))
    except NotJsonError:
        return Reject(Reason.NO_JSON_IN_TEXT, image_id, text=text)
    receipt = read_receipt(answer)
    if receipt is None:
        return Reject(Reason.INVALID_RECEIPT, image_id, text=text)
    return Good(image_id, text, receipt)


def _image_id(record: dict[str, Value]) -> str | None:
    """Section 1.4: the first of `recordId` and `customData` that can be a key of DynamoDB."""
    for key in ("recordId", "customData"):
        value = record.get(key)
        if isinstance(value, str) and 1 <= len(value.encode("utf-8")) <= IMAGE_ID_LIMIT:
            return value
    return None


def _error_details(error: dict[str, Value]) -> tuple[str, ...]:
    """Section 1.6: for a model's error its code and message, if they are strings or numbers."""
    details: list[str] = []
    for key in ("errorCode", "errorMessage"):
        value = error.get(key)
        if isinstance(value, str):
            details.append(value)
        elif isinstance(value, Number):
            details.append(value.text)
    return tuple(details)


def model_text(record: dict[str, Value]) -> str | None:
    """The text by the first form present (section 1.4); None when no form is."""
    output = record.get("modelOutput")

    content = _walk(output, "content")
    if isinstance(content, list):
        return _joined([part for part in content if _walk(part, "type") == "text"])

    content = _walk(output, "output", "message", "content")
    if isinstance(content, list):
        return _joined(content)

    for path in (
        ("choices", 0, "message", "content"),
        ("generation",),
        ("outputs", 0, "text"),
    ):
        text = _walk(output, *path)
        if isinstance(text, str):
            return text

    text = _walk(record, "output", "text")
    return text if isinstance(text, str) else None


def _walk(value: Value, *path: str | int) -> Value:
    """The value at a path; None (which no form asks for) where it leads nowhere."""
    for step in path:
        if isinstance(step, str) and isinstance(value, dict):
            value = value.get(step)
        elif isinstance(step, int) and isinstance(value, list) and len(value) > step:
            value = value[step]
        else:
            return None
    return value


def _joined(parts: list[Value]) -> str:
    texts = [_walk(part, "text") for part in parts]
    return "".join(text for text in texts if isinstance(text, str))


def unwrap(text: str) -> str:
    """Section 1.5: without surrounding white space, and out of its fence if that is all of it."""
    stripped = text.strip()
    for opening in ("```\n", "```\r\n", "```json\n", "```json\r\n"):
        for closing in ("\n```", "\r\n```"):
            is_fenced = stripped.startswith(opening) and stripped.endswith(closing)
            if is_fenced and len(stripped) >= len(opening) + len(closing):
                return stripped[len(opening) : len(stripped) - len(closing)]
    return stripped


def read_receipt(answer: dict[str, Value]) -> Receipt | None:  # noqa: PLR0911 - a rule each
    """Section 1.5's table; None when a rule is broken."""
    written_amount, merchant = answer.get("amount"), answer.get("merchant")
    kind, category = answer.get("type"), answer.get("category")
    date, description = answer.get("date"), answer.get("description")
    amount = read_amount(written_amount.text) if isinstance(written_amount, Number) else None
    if amount is None:
        return None
    if not isinstance(kind, str) or kind not in TYPES:
        return None
    if not isinstance(date, str) or not is_date(date):
        return None
    if not isinstance(merchant, str) or not merchant.strip():
        return None
    if not isinstance(category, str) or category not in CATEGORIES:
        return None
    if description is None:
        description = ""
    if not isinstance(description, str):
        return None
    return Receipt(amount, kind, date, merchant.strip(), category, description)


def read_amount(written: str) -> Amount | None:  # noqa: PLR0911 - a bound each
    """An amount from a JSON number's text; None when it is out of bounds.

    Done on digits: an exponent can have more digits than a machine has memory for its power.
    """
    mantissa, _, power = written.lower().partition("e")
    if mantissa.startswith("-"):
        return None
    whole, _, fraction = mantissa.partition(".")
    coefficient = whole + fraction
    digits = coefficient.strip("0")
    if not digits:
        return None
    power_digits = power.lstrip("+-").lstrip("0") or "0"
    if len(power_digits) > len(str(len(coefficient))) + 4:
        return None  # Further from 1 than its zeros could bring it back.
    exponent = int(power_digits) * (-1 if power.startswith("-") else 1)
    exponent += len(coefficient) - len(coefficient.rstrip("0")) - len(fraction)
    if len(digits) > AMOUNT_DIGITS_LIMIT:
        return None
    first_power = exponent + len(digits) - 1
    if first_power < AMOUNT_SMALLEST_POWER or first_power > AMOUNT_LARGEST_POWER:
        return None
    if first_power == AMOUNT_LARGEST_POWER and digits != "1":
        return None
    return Amount(digits, exponent)


def is_date(written: str) -> bool:
    """Whether it is a real date, exactly `YYYY-MM-DD` in ASCII digits."""
    match = re.fullmatch(r"([0-9]{4})-([0-9]{2})-([0-9]{2})", written)
    if match is None:
        return False
    year, month, day = (int(part) for part in match.groups())
    try:
        dt.date(year, month, day)
    except ValueError:
        return False
    return True
