"""The receipt that a model read: strict, and exact to the last digit."""

import json
import re
from dataclasses import dataclass
from datetime import date as calendar_date
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final, Literal, TypedDict, get_args

from pydantic_core import PydanticCustomError, SchemaValidator, ValidationError
from pydantic_core import core_schema as schema

from functions.domain.receipts.strict_json import parse_object

MAX_AMOUNT: Final = Decimal(10) ** 12
MIN_AMOUNT: Final = Decimal("1e-130")
"""DynamoDB's smallest positive number."""
MAX_SIGNIFICANT_DIGITS: Final = 38
"""DynamoDB's precision: a number beyond it is refused, and with it its whole batch."""

_FENCED = re.compile(r"```(?:json)?\r?\n(.*)\r?\n```", re.DOTALL)
_NUMBER = re.compile(r"(-?)([0-9]+)(?:\.([0-9]+))?(?:[eE]([+-]?[0-9]+))?")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_DATE_CHARACTERS: Final = len("YYYY-MM-DD")
_MAX_WHOLE_AMOUNT: Final = int(MAX_AMOUNT)
_SPELLED_OUT: Final = "\\u"
_AMOUNT_NAME: Final = '"amount"'
_DECIMAL_PLACES: Final = re.compile(r'"amount"\s*:\s*([0-9]{1,12}\.[0-9]{1,12})\s*[,}]')
"""Below the largest amount, and with fewer digits than the precision of `Decimal.normalize`."""
_MAX_EXPONENT_DIGITS: Final = 12
"""Beyond these no line is long enough to bring the value back to an amount by its zeros."""


class NoJsonInText(ValueError):  # noqa: N818  the name is the reject's
    """The model's text is not one JSON object."""


class InvalidReceipt(ValueError):  # noqa: N818
    """The JSON object is no receipt.

    Attributes:
        problems: One short string a field that is wrong, without the field's value.
    """

    def __init__(self, problems: list[str]) -> None:
        """Keep what is wrong."""
        self.problems = problems
        super().__init__("; ".join(problems))


@dataclass(frozen=True, slots=True)
class _NumberText:
    """A JSON number as it was written: `json` would round it or stumble over its size."""

    text: str


def _exact_amount(value: object) -> Decimal:
    """The value of a JSON number, exactly, if it is an amount.

    The exponent may have any number of digits, so it is bounded before anything is computed.
    """
    if type(value) is int:
        return Decimal(value)
    match = _NUMBER.fullmatch(value.text) if isinstance(value, _NumberText) else None
    if match is None:
        raise PydanticCustomError("not_a_number", "must be a JSON number")
    sign, whole, fraction, exponent = match.groups(default="")
    digits = (whole + fraction).lstrip("0")
    significant = digits.rstrip("0")
    if sign or not significant:
        raise PydanticCustomError("not_positive", "must be greater than 0")
    if len(significant) > MAX_SIGNIFICANT_DIGITS:
        raise PydanticCustomError("too_precise", "must have at most 38 significant digits")
    shift = len(digits) - len(significant) - len(fraction) + _bounded(exponent)
    amount = Decimal((0, tuple(map(int, significant)), shift))
    if not MIN_AMOUNT <= amount <= MAX_AMOUNT:
        raise PydanticCustomError("out_of_range", "must be at least 10^-130 and at most 10^12")
    return amount


def _bounded(exponent: str) -> int:
    digits = exponent.lstrip("+-0")[:_MAX_EXPONENT_DIGITS] or "0"
    return -int(digits) if exponent.startswith("-") else int(digits)


def _real_date(value: str) -> str:
    if _is_real_date(value):
        return value
    raise PydanticCustomError("not_a_date", "must be a real date, YYYY-MM-DD")


def _is_real_date(value: str) -> bool:
    # Kept answers keep their questions: only what has a date's length may be asked.
    return len(value) == _DATE_CHARACTERS and _is_in_calendar(value)


@lru_cache(maxsize=1024)
def _is_in_calendar(value: str) -> bool:
    """Whether it is a date. The receipts of a batch share a few, so answers are kept."""
    try:
        return bool(_DATE.fullmatch(value) and calendar_date.fromisoformat(value))
    except ValueError:
        return False


def _not_blank(value: str) -> str:
    if stripped := value.strip():
        return stripped
    raise PydanticCustomError("blank", "must not be blank")


Type = Literal["income", "expense"]
Category = Literal["sale", "purchase", "shipping", "packaging", "fee", "other"]


class Receipt(TypedDict):
    """What a good record says. Unknown keys of the model's answer are ignored."""

    amount: Decimal
    type: Type
    date: str
    merchant: str
    category: Category
    description: str


_TEXT: Final = schema.str_schema(strict=True)
_KIND: Final = {
    "type": schema.typed_dict_field(schema.literal_schema(list(get_args(Type)))),
    "category": schema.typed_dict_field(schema.literal_schema(list(get_args(Category)))),
}
# Schemas of pydantic's core: to derive them from two typed dicts would take 2 ms more of each cold
# start.
_strict = SchemaValidator(
    schema.typed_dict_schema(
        {
            "amount": schema.typed_dict_field(
                schema.no_info_plain_validator_function(_exact_amount)
            ),
            "date": schema.typed_dict_field(
                schema.no_info_after_validator_function(_real_date, _TEXT)
            ),
            "merchant": schema.typed_dict_field(
                schema.no_info_after_validator_function(_not_blank, _TEXT)
            ),
            "description": schema.typed_dict_field(_TEXT),
            **_KIND,
        },
        extra_behavior="ignore",
    )
).validate_python
_plain = SchemaValidator(
    schema.typed_dict_schema(
        {
            "amount": schema.typed_dict_field(schema.any_schema()),
            "date": schema.typed_dict_field(_TEXT),
            "merchant": schema.typed_dict_field(_TEXT),
            "description": schema.typed_dict_field(_TEXT),
            **_KIND,
        },
        extra_behavior="forbid",
    )
).validate_json
_MAX_PLAIN_CHARACTERS: Final = 4096
"""Ten times a receipt. The parser's own tree of 16 MiB of objects took 3 GB."""
_NUMBERS_AS_TEXT: Final = json.JSONDecoder(parse_float=_NumberText, parse_int=_NumberText)


def read_receipt(text: str) -> Receipt:
    """Read the receipt that a model's text is, alone or as one fenced block.

    Raises:
        NoJsonInText: if the text is not one JSON object.
        InvalidReceipt: if the object breaks a rule of the receipt.
    """
    body = text.strip()
    if body.startswith("```") and (fenced := _FENCED.fullmatch(body)):
        body = fenced[1]
    if (receipt := _read_plain(body)) is not None:
        return receipt
    fields = _json_object(body)
    if fields.get("description") is None:
        fields["description"] = ""
    try:
        checked: Receipt = _strict(fields)
    except ValidationError as error:
        problems = error.errors(include_url=False, include_context=False, include_input=False)
        raise InvalidReceipt(
            [f"{'.'.join(map(str, problem['loc']))}: {problem['msg']}" for problem in problems]
        ) from None
    return checked


def _read_plain(body: str) -> Receipt | None:
    """The receipt in what nearly every text is: its six members, spelled plainly.

    One pass in the parser's own code instead of a parse, a validation and three calls back:
    2 instead of 4 microseconds. None where there is anything else, good or bad: it is for the
    way of all texts to say what.
    """
    if len(body) > _MAX_PLAIN_CHARACTERS or _SPELLED_OUT in body:
        return None
    try:
        receipt: Receipt = _plain(body)
    except ValidationError:
        return None
    amount = _plain_amount(receipt["amount"], body)
    merchant = receipt["merchant"].strip()
    if amount is None or not merchant or not _is_real_date(receipt["date"]):
        return None
    receipt["amount"], receipt["merchant"] = amount, merchant
    return receipt


def _plain_amount(value: object, body: str) -> Decimal | None:
    """The amount, if it is a whole number or has decimal places, and no exponent.

    A float has lost what was written. Where the body spells nothing out by escapes and has the
    name once, that is the member, and its number stands behind it.
    """
    if type(value) is int:
        return Decimal(value) if 0 < value <= _MAX_WHOLE_AMOUNT else None
    if type(value) is not float or body.count(_AMOUNT_NAME) != 1:
        return None
    written = _DECIMAL_PLACES.search(body)
    return (Decimal(written[1]).normalize() or None) if written else None


def _json_object(body: str) -> dict[str, Any]:
    """Parse, with the amount kept as it was written unless it is plainly exact.

    `parse_object` decides what is JSON (nesting, surrogates, digits), and its integers are
    exact. Any other number is read once more by the standard library's parser, because only
    that one hands over a number's own text.
    """
    try:
        fields = parse_object(body.encode())
    except ValueError as error:
        raise NoJsonInText("the text is not one JSON object") from error
    amount = fields.get("amount")
    if type(amount) is int and 0 < amount <= MAX_AMOUNT:
        return fields
    if type(amount) in (int, float):
        fields["amount"] = _NUMBERS_AS_TEXT.decode(body)["amount"]
    return fields
