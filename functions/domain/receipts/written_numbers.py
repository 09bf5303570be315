"""JSON numbers as they are written: a float has lost it.

Only the standard library's parser hands over a number's own text. Of a line with millions of
numbers it keeps the spellings of the wanted ones alone.
"""

import json
from collections.abc import Callable, Iterable
from typing import Any


class WrittenNumber(str):
    """A JSON number as it is written: a float loses digits, and `int` refuses very long ones."""

    __slots__ = ()


def number_as_written(source: str, value: float, find: Callable[[Any], Any]) -> WrittenNumber:
    """How a number is written.

    Args:
        source: The JSON that holds it; strict, since it was parsed before.
        value: The float that it was parsed to.
        find: Takes the number out of the parsed source.
    """
    found: WrittenNumber = find(with_written_numbers(source, [value]))
    return found


def with_written_numbers(source: str, numbers: Iterable[float]) -> Any:
    """Parse JSON, with some of its numbers as they are written; all others are 0.

    Args:
        source: Strict, since it was parsed before.
        numbers: The values of those.
    """
    spellings: dict[str, WrittenNumber] = {}
    floats = {number for number in numbers if isinstance(number, float)}
    wholes = {str(number): WrittenNumber(number) for number in numbers if isinstance(number, int)}

    def keep(written: str) -> WrittenNumber | float:
        if (known := spellings.get(written)) is not None:
            return known
        if float(written) not in floats:
            return 0.0
        spellings[written] = number = WrittenNumber(written)
        return number

    def keep_whole(written: str) -> WrittenNumber | int:
        return wholes.get(written, 0)

    return json.JSONDecoder(parse_float=keep, parse_int=keep_whole).decode(source)
