"""The receipt that a model read: strict, and exact to the last digit."""

import re
from collections.abc import Callable
from datetime import date as calendar_date
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final, Literal, TypedDict, get_args

from pydantic_core import PydanticCustomError, SchemaValidator, ValidationError
from pydantic_core import core_schema as schema

from functions.domain.receipts.amount import MAX_WHOLE_AMOUNT, exact_amount
from functions.domain.receipts.one_object import WHITE_SPACE, find_object
from functions.domain.receipts.reject import RejectReason, Unreadable, keys_of
from functions.domain.receipts.strict_json import kind_of
from functions.domain.receipts.written_numbers import WrittenNumber, number_as_written

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_DATE_CHARACTERS: Final = len("YYYY-MM-DD")
_SPELLED_OUT: Final = "\\u"
_AMOUNT_NAME: Final = '"amount"'
_DECIMAL_PLACES: Final = re.compile(r'"amount"\s*:\s*([0-9]{1,12}\.[0-9]{1,12})\s*[,}]')
"""Below the largest amount, and with fewer digits than the precision of `Decimal.normalize`."""


def _real_date(value: str) -> str:
    if len(value) == _DATE_CHARACTERS and _is_in_calendar(value):
        return value
    raise PydanticCustomError("not_a_date", "must be a real date, YYYY-MM-DD")


@lru_cache(maxsize=1024)
def _is_in_calendar(value: str) -> bool:
    """Whether a text of a date's length is a date; longer ones would fill the cache's memory.

    The receipts of a batch share a few dates, so answers are kept.
    """
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
    """A receipt. Unknown keys of the model's answer are ignored."""

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
_CHOICES: Final = {
    name: f"{', '.join(choices[:-1])} or {choices[-1]}"
    for name, choices in (("type", get_args(Type)), ("category", get_args(Category)))
}
# Schemas of pydantic's core: to derive them from two typed dicts would take 2 ms more of each cold
# start.
_strict = SchemaValidator(
    schema.typed_dict_schema(
        {
            "amount": schema.typed_dict_field(
                schema.no_info_plain_validator_function(exact_amount)
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


def read_receipt(text: str) -> Receipt:
    """Read the receipt in a model's text.

    Raises:
        Unreadable: the text does not hold exactly one JSON object, or the object breaks a rule
            of the receipt.
    """
    # Nearly all texts begin and end with braces, and have no white space to remove.
    body = text if text[:1] == "{" and text[-1] == "}" else text.strip(WHITE_SPACE)
    if (receipt := _read_plain(body)) is not None:
        return receipt
    found = find_object(body)
    if found.written is not body and (receipt := _read_plain(found.written)) is not None:
        return receipt
    return validate_receipt(
        found.fields,
        as_written=lambda amount: number_as_written(
            found.written, amount, lambda fields: fields["amount"]
        ),
    )


def validate_receipt(
    fields: dict[str, Any], *, as_written: Callable[[float], WrittenNumber]
) -> Receipt:
    """Check the members of an answer against the rules of a receipt.

    Args:
        fields: All of them.
        as_written: Finds how the amount is written, where it was parsed to this float.

    Raises:
        Unreadable: a rule is broken.
    """
    checked = {name: fields[name] for name in Receipt.__annotations__ if name in fields}
    if checked.get("description") is None:
        checked["description"] = ""
    if isinstance(amount := checked.get("amount"), float):
        checked["amount"] = as_written(amount)
    try:
        receipt: Receipt = _strict(checked)
    except ValidationError as error:
        raise Unreadable(RejectReason.INVALID_RECEIPT, _problems(error, fields)) from None
    return receipt


def _problems(error: ValidationError, fields: dict[str, Any]) -> list[str]:
    """One short string a field that breaks its rule, without the field's value."""
    problems = error.errors(include_url=False, include_context=False, include_input=False)
    details = [
        f"{field}: {_rule(field, each['type'], each['msg'], fields)}"
        for each in problems
        for field in map(str, each["loc"])
    ]
    if any(each["type"] == "missing" for each in problems):
        details.append(f"the object {keys_of(fields)}")
    return details


def _rule(field: str, error: str, message: str, fields: dict[str, Any]) -> str:
    """The rule that a field breaks, in the words of docs/contract.md."""
    if error == "missing":
        return "is missing"
    if error == "string_type":
        return f"must be a string, not {kind_of(fields[field])}"
    if error == "literal_error":
        value = fields[field]
        found = "" if isinstance(value, str) else f", not {kind_of(value)}"
        return f"must be {_CHOICES[field]}{found}"
    return message


def _read_plain(body: str) -> Receipt | None:
    """The receipt in the usual text: one object of its six members, without escapes.

    One pass in the parser's own code instead of a parse, a validation and three calls back:
    2 instead of 4 microseconds. None for any other text, which the complete reader reads.
    """
    if len(body) > _MAX_PLAIN_CHARACTERS or _SPELLED_OUT in body:
        return None
    try:
        receipt: Receipt = _plain(body)
    except ValidationError:
        return None
    written: object = receipt["amount"]
    if type(written) is int:
        amount = Decimal(written) if 0 < written <= MAX_WHOLE_AMOUNT else None
    else:
        amount = _decimal_amount(written, body)
    merchant, date = receipt["merchant"].strip(), receipt["date"]
    if amount is None or not merchant or len(date) != _DATE_CHARACTERS or not _is_in_calendar(date):
        return None
    receipt["amount"], receipt["merchant"] = amount, merchant
    return receipt


def _decimal_amount(value: object, body: str) -> Decimal | None:
    """The amount, if it has decimal places and no exponent.

    A float has lost what was written. Where the body spells nothing out by escapes and has the
    name once, that is the member, and its number follows.
    """
    if type(value) is not float or body.count(_AMOUNT_NAME) != 1:
        return None
    written = _DECIMAL_PLACES.search(body)
    return (Decimal(written[1]).normalize() or None) if written else None
