"""The receipt that a model read: strict, and exact to the last digit."""

import json
import re
from dataclasses import dataclass
from datetime import date as calendar_date
from decimal import Decimal
from functools import lru_cache
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, BeforeValidator, ConfigDict, TypeAdapter, ValidationError
from pydantic_core import PydanticCustomError
from typing_extensions import TypedDict

from functions.domain.strict_json import parse_object

MAX_AMOUNT: Final = Decimal(10) ** 12
MIN_AMOUNT: Final = Decimal("1e-130")
"""DynamoDB's smallest positive number."""
MAX_SIGNIFICANT_DIGITS: Final = 38
"""DynamoDB's precision: a number beyond it is refused, and with it its whole batch."""

_FENCED = re.compile(r"```(?:json)?\r?\n(.*)\r?\n```", re.DOTALL)
_NUMBER = re.compile(r"(-?)([0-9]+)(?:\.([0-9]+))?(?:[eE]([+-]?[0-9]+))?")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_DATE_CHARACTERS: Final = len("YYYY-MM-DD")
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
    # Kept answers keep their questions: only what has a date's length may be asked.
    if len(value) == _DATE_CHARACTERS and _is_real_date(value):
        return value
    raise PydanticCustomError("not_a_date", "must be a real date, YYYY-MM-DD")


@lru_cache(maxsize=1024)
def _is_real_date(value: str) -> bool:
    """Whether it is one. The receipts of a batch share a few dates, so answers are kept."""
    try:
        return bool(_DATE.fullmatch(value) and calendar_date.fromisoformat(value))
    except ValueError:
        return False


def _not_blank(value: str) -> str:
    if stripped := value.strip():
        return stripped
    raise PydanticCustomError("blank", "must not be blank")


class Receipt(TypedDict):
    """What a good record says. Unknown keys of the model's answer are ignored."""

    __pydantic_config__ = ConfigDict(strict=True, extra="ignore")  # type: ignore[misc]

    amount: Annotated[Decimal, BeforeValidator(_exact_amount)]
    type: Literal["income", "expense"]
    date: Annotated[str, AfterValidator(_real_date)]
    merchant: Annotated[str, AfterValidator(_not_blank)]
    category: Literal["sale", "purchase", "shipping", "packaging", "fee", "other"]
    description: str


_validated = TypeAdapter(Receipt).validate_python
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
    fields = _json_object(body)
    if fields.get("description") is None:
        fields["description"] = ""
    try:
        return _validated(fields)
    except ValidationError as error:
        problems = error.errors(include_url=False, include_context=False, include_input=False)
        raise InvalidReceipt(
            [f"{'.'.join(map(str, problem['loc']))}: {problem['msg']}" for problem in problems]
        ) from None


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
