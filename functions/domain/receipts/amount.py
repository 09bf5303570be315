"""Amounts, exact to the last digit: never a binary float."""

import re
from decimal import Decimal
from typing import Final

from pydantic_core import PydanticCustomError

from functions.domain.receipts.written_numbers import WrittenNumber

MAX_AMOUNT: Final = Decimal(10) ** 12
MAX_WHOLE_AMOUNT: Final = int(MAX_AMOUNT)
MIN_AMOUNT: Final = Decimal("1e-130")
"""DynamoDB's smallest positive number."""
MAX_SIGNIFICANT_DIGITS: Final = 38
"""DynamoDB's precision: a number beyond it is refused, and with it its whole batch."""

_NUMBER = re.compile(r"(-?)([0-9]+)(?:\.([0-9]+))?(?:[eE]([+-]?[0-9]+))?")
_MAX_EXPONENT_DIGITS: Final = 12
"""A larger exponent cannot be balanced by zeros: no line is long enough."""


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


def _bounded(exponent: str) -> int:
    digits = exponent.lstrip("+-0")[:_MAX_EXPONENT_DIGITS] or "0"
    return -int(digits) if exponent.startswith("-") else int(digits)
