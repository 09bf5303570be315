"""DynamoDB's AttributeValues: plain values to the wire form and back, and their sizes.

boto3, which has a serializer too, is not there when functions run. This one is pure, and accepts
just the types that this system writes.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

AttributeValue = dict[str, Any]
"""`{"S": ...}`, `{"N": ...}`, `{"BOOL": ...}`, `{"M": ...}`, `{"L": ...}` or `{"NULL": True}`."""

Item = dict[str, AttributeValue]


def to_attribute(value: object) -> AttributeValue:
    """Wire form of one value.

    Raises:
        TypeError: for a type that this system does not write (float among them: amounts are
            exact).
    """
    match value:
        case None:
            return {"NULL": True}
        case bool():
            return {"BOOL": value}
        case str():
            return {"S": value}
        case int() | Decimal():
            return {"N": format(value, "f") if isinstance(value, Decimal) else str(value)}
        case Mapping():
            return {"M": {str(k): to_attribute(v) for k, v in value.items()}}
        case Sequence():
            return {"L": [to_attribute(v) for v in value]}
        case _:
            raise TypeError(f"no attribute value for {type(value).__name__}")


def to_item(values: Mapping[str, object]) -> Item:
    """Wire form of an item; None means that the attribute is absent."""
    return {name: to_attribute(v) for name, v in values.items() if v is not None}


def from_attribute(attribute: Mapping[str, Any]) -> Any:
    """The plain value; numbers become int where they are whole, else Decimal."""
    ((kind, value),) = attribute.items()
    match kind:
        case "N":
            number = Decimal(value)
            return int(number) if number == number.to_integral_value() else number
        case "M":
            return {k: from_attribute(v) for k, v in value.items()}
        case "L":
            return [from_attribute(v) for v in value]
        case "NULL":
            return None
        case _:
            return value


def from_item(item: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Plain values of an item."""
    return {name: from_attribute(attribute) for name, attribute in item.items()}


def item_size(item: Mapping[str, Mapping[str, Any]]) -> int:
    """Bytes of a flat item (strings, numbers, booleans) by DynamoDB's rule.

    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html:
    UTF-8 bytes of the names and strings, one byte a boolean, and for a number about one byte
    per two significant digits plus one; one more where it is negative, so this never counts
    too little.
    """
    return sum(len(name.encode()) + _value_size(value) for name, value in item.items())


def _value_size(attribute: Mapping[str, Any]) -> int:
    ((kind, value),) = attribute.items()
    if kind == "BOOL":
        return 1
    text = str(value)
    if kind == "S":
        return len(text.encode())
    return number_size(text)


def number_size(text: str) -> int:
    """Bytes of a number in its wire form, by the same rule."""
    digits = text.lstrip("-").replace(".", "").strip("0")
    return (len(digits) + 1) // 2 + 1 + text.startswith("-")
