"""The receipt and its rules (the contract, section 1.5)."""

import datetime as dt
import re
from dataclasses import dataclass

from tests.reference.strict_json import Number, Value

AMOUNT_DIGITS_LIMIT = 38
AMOUNT_LARGEST_POWER = 12
AMOUNT_SMALLEST_POWER = -130

TYPES = ("income", "expense")
CATEGORIES = ("sale", "purchase", "shipping", "packaging", "fee", "other")


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
    amount: Amount
    type: str
    date: str
    merchant: str
    category: str
    description: str


def read_receipt(answer: dict[str, Value]) -> Receipt | None:
    """Section 1.5's table; None when a rule is broken."""
    written_amount, merchant = answer.get("amount"), answer.get("merchant")
    kind, category = answer.get("type"), answer.get("category")
    date, description = answer.get("date"), answer.get("description")
    amount = read_amount(written_amount.text) if isinstance(written_amount, Number) else None
    if (
        amount is not None
        and isinstance(kind, str)
        and kind in TYPES
        and isinstance(date, str)
        and is_date(date)
        and isinstance(merchant, str)
        and merchant.strip()
        and isinstance(category, str)
        and category in CATEGORIES
        and (description is None or isinstance(description, str))
    ):
        return Receipt(amount, kind, date, merchant.strip(), category, description or "")
    return None


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
