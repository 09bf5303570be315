"""Amounts, exact to the last digit: never a binary float."""

import json
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

from pydantic_core import PydanticCustomError

MAX_AMOUNT: Final = Decimal(10) ** 12
MAX_WHOLE_AMOUNT: Final = int(MAX_AMOUNT)
MIN_AMOUNT: Final = Decimal("1e-130")
"""DynamoDB's smallest positive number."""
MAX_SIGNIFICANT_DIGITS: Final = 38
"""DynamoDB's precision: a number beyond it is refused, and with it its whole batch."""

_NUMBER = re.compile(r"(-?)([0-9]+)(?:\.([0-9]+))?(?:[eE]([+-]?[0-9]+))?")
_MAX_EXPONENT_DIGITS: Final = 12
"""A larger exponent cannot be balanced by zeros: no line is long enough."""


class WrittenNumber(str):
    """A JSON number as it is written: a float loses digits, and `int` refuses very long ones."""

    __slots__ = ()


def exact_amount(value: object) -> Decimal:
    """The value of a JSON number, exactly, if it is an amount.

    Args:
        value: A number as it is written, or a whole one.

    Raises:
        PydanticCustomError: it is not; names the broken rule.
    """
    if type(value) is int:
        if 0 < value <= MAX_WHOLE_AMOUNT:
            return Decimal(value)
        value = WrittenNumber(value)
    match = _NUMBER.fullmatch(value) if isinstance(value, WrittenNumber) else None
    if match is None:
        raise PydanticCustomError("not_a_number", "must be a JSON number")
    sign, whole, fraction, exponent = match.groups(default="")
    digits = (whole + fraction).lstrip("0")
    significant = digits.rstrip("0")
    if sign or not significant:
        raise PydanticCustomError("not_positive", "must be greater than 0")
    if len(significant) > MAX_SIGNIFICANT_DIGITS:
        raise PydanticCustomError("too_precise", "must have at most 38 significant digits")
    # The exponent may have any number of digits, so it is bounded before anything is computed.
    shift = len(digits) - len(significant) - len(fraction) + _bounded(exponent)
    amount = Decimal((0, tuple(map(int, significant)), shift))
    if not MIN_AMOUNT <= amount <= MAX_AMOUNT:
        raise PydanticCustomError("out_of_range", "must be at least 10^-130 and at most 10^12")
    return amount


def number_as_written(source: str, value: float, find: Callable[[Any], Any]) -> WrittenNumber:
    """How a number is written.

    Only the standard library's parser hands over a number's own text. Of a line with millions of
    numbers it keeps the spellings of this one alone.

    Args:
        source: The JSON that holds it; strict, since it was parsed before.
        value: The float that it was parsed to.
        find: Takes the number out of the parsed source.
    """
    spellings: dict[str, WrittenNumber] = {}

    def keep(written: str) -> WrittenNumber | float:
        if float(written) != value:
            return 0.0
        return spellings.setdefault(written, WrittenNumber(written))

    decoder = json.JSONDecoder(parse_float=keep, parse_int=len)
    found: WrittenNumber = find(decoder.decode(source))
    return found


def _bounded(exponent: str) -> int:
    digits = exponent.lstrip("+-0")[:_MAX_EXPONENT_DIGITS] or "0"
    return -int(digits) if exponent.startswith("-") else int(digits)
