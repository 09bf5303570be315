r"""Intrinsic functions of JSONPath states.

AWS (Step Functions guide, "intrinsic-functions"): arguments are paths, single-quoted strings,
numbers, booleans, null and nested calls; `\'`, `\{`, `\}` and `\\` are escapes in strings.
A wrong argument is States.IntrinsicFailure.

Emulated are those in `FUNCTIONS`; a definition that calls another is refused.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from embedded_aws.stepfunctions.errors import StateError

if TYPE_CHECKING:
    from collections.abc import Callable

_TOKEN = re.compile(
    r"\s*(?:(?P<call>States\.\w+)\s*\(|(?P<text>'(?:[^'\\]|\\.)*')|(?P<path>\$[^,()\s]*)"
    r"|(?P<literal>-?\d+(?:\.\d+)?|true|false|null)|(?P<mark>[,)]))\s*"
)
_MAX_DEPTH = 10
_HOLE = re.compile(r"\\(.)|(\{\})", re.DOTALL)


@dataclass(frozen=True)
class Call:
    """One call with its arguments, each a literal, a path or a call."""

    name: str
    arguments: tuple[Any, ...]


@dataclass(frozen=True)
class Path:
    """An argument to be selected from the data or the context object."""

    text: str


@dataclass(frozen=True)
class Text:
    """A quoted argument, its escapes still in it: States.Format needs them."""

    raw: str

    @property
    def value(self) -> str:
        """The text with its escapes resolved."""
        return re.sub(r"\\(.)", r"\1", self.raw, flags=re.DOTALL)


def is_call(expression: str) -> bool:
    """Whether an expression is an intrinsic function."""
    return expression.startswith("States.")


def parse(expression: str) -> Call:
    """The call that an expression is.

    Raises:
        ValueError: it is not a call, or calls a function that is not emulated.
    """
    call, end = _parse(expression, 0, depth=1)
    if not isinstance(call, Call) or end != len(expression):
        raise ValueError(f"'{expression}' is not an intrinsic function")
    return call


def _parse(text: str, position: int, *, depth: int) -> tuple[Any, int]:
    match = _TOKEN.match(text, position)
    if match is None or depth > _MAX_DEPTH:
        raise ValueError(f"the intrinsic function '{text}' cannot be read")
    end = match.end()
    if name := match["call"]:
        if name not in FUNCTIONS:
            raise ValueError(f"the intrinsic function {name} is not emulated")
        arguments, end = _parse_arguments(text, end, depth=depth)
        return Call(name, arguments), end
    if match["text"]:
        return Text(match["text"][1:-1]), end
    if match["path"]:
        return Path(match["path"]), end
    if match["literal"]:
        return json.loads(match["literal"]), end
    raise ValueError(f"the intrinsic function '{text}' cannot be read")


def _parse_arguments(text: str, position: int, *, depth: int) -> tuple[tuple[Any, ...], int]:
    arguments: list[Any] = []
    match = _TOKEN.match(text, position)
    if match and match["mark"] == ")":
        return (), match.end()
    while True:
        argument, position = _parse(text, position, depth=depth + 1)
        arguments.append(argument)
        match = _TOKEN.match(text, position)
        if match is None or match["mark"] is None:
            raise ValueError(f"the intrinsic function '{text}' cannot be read")
        position = match.end()
        if match["mark"] == ")":
            return tuple(arguments), position


def evaluate(expression: str, find: Callable[[str], Any]) -> Any:
    """The value of an intrinsic function, its paths resolved by `find`."""
    return _value(parse(expression), find)


def _value(argument: Any, find: Callable[[str], Any]) -> Any:
    if isinstance(argument, Path):
        return find(argument.text)
    if isinstance(argument, Text):
        return argument.value
    if not isinstance(argument, Call):
        return argument
    values = [_value(each, find) for each in argument.arguments]
    if argument.name == "States.Format" and argument.arguments:
        # The template's escapes decide what is a hole, so it comes unresolved.
        first = argument.arguments[0]
        values[0] = first.raw if isinstance(first, Text) else values[0]
    try:
        return FUNCTIONS[argument.name](*values)
    except (TypeError, ValueError, IndexError) as error:
        raise StateError(
            "States.IntrinsicFailure", f"Invalid arguments in {argument.name}: {error}"
        ) from None


def _format(template: str, *values: Any) -> str:
    remaining = iter(values)

    def replace(match: re.Match[str]) -> str:
        if match[1] is not None:
            return match[1]
        value = next(remaining, _format)
        if value is _format or isinstance(value, dict | list):
            raise ValueError("States.Format takes one string, number or boolean for each {}")
        return value if isinstance(value, str) else json.dumps(value)

    text = _HOLE.sub(replace, template)
    if next(remaining, _format) is not _format:
        raise ValueError("more values than {}")
    return text


def _math_add(first: Any, second: Any) -> int:
    if any(isinstance(value, bool) or not isinstance(value, int) for value in (first, second)):
        raise TypeError("both must be integers")
    return int(first) + int(second)


def _array_get_item(array: list[Any], index: int) -> Any:
    if index < 0:
        raise IndexError("negative index")
    return array[index]


def _string_split(text: str, delimiters: str) -> list[str]:
    # Each character is a delimiter of its own, and a run of them leaves no empty part.
    return [part for part in re.split(f"[{re.escape(delimiters)}]", text) if part]


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "States.Format": _format,
    "States.MathAdd": _math_add,
    "States.Array": lambda *values: list(values),
    "States.ArrayLength": len,
    "States.ArrayGetItem": _array_get_item,
    "States.JsonToString": lambda value: json.dumps(value, separators=(",", ":")),
    "States.StringSplit": _string_split,
}
"""The emulated functions by name."""
