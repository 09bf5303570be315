r"""The intrinsic function States.Format of JSONPath states.

AWS (Step Functions guide, "intrinsic-functions"): arguments are paths, single-quoted strings,
numbers, booleans and null; `\'`, `\{`, `\}` and `\\` are escapes in strings. A wrong argument is
States.IntrinsicFailure.

A definition that calls another function, or nests calls, is refused.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from embedded_aws.stepfunctions.errors import StateError

if TYPE_CHECKING:
    from collections.abc import Callable

_CALL = re.compile(r"(States\.\w+)\s*\((.*)\)\s*", re.DOTALL)
_ARGUMENT = re.compile(
    r"\s*(?:(?P<text>'(?:[^'\\]|\\.)*')|(?P<path>\$[^,()\s]*)"
    r"|(?P<literal>-?\d+(?:\.\d+)?|true|false|null))\s*(?:,(?=.)|$)",
    re.DOTALL,
)
_HOLE = re.compile(r"\\(.)|(\{\})", re.DOTALL)
_NONE_LEFT = object()


@dataclass(frozen=True)
class Path:
    """An argument to be selected from the data or the context object."""

    text: str


def is_call(expression: str) -> bool:
    """Whether an expression is an intrinsic function."""
    return expression.startswith("States.")


def parse(expression: str) -> tuple[str, tuple[Any, ...]]:
    """The template of States.Format, its escapes still in it, and the values for its holes.

    Raises:
        ValueError: it is not a call, or calls a function that is not emulated.
    """
    call = _CALL.fullmatch(expression)
    if call is None:
        raise ValueError(f"the intrinsic function '{expression}' cannot be read")
    if call[1] != "States.Format":
        raise ValueError(f"the intrinsic function {call[1]} is not emulated")
    template, *values = _arguments(expression, call[2])
    if not isinstance(template, str):
        raise ValueError(  # noqa: TRY004 - of the definition, not of a type
            f"the template of '{expression}' is not a string"
        )
    return template, tuple(
        re.sub(r"\\(.)", r"\1", each, flags=re.DOTALL) if isinstance(each, str) else each
        for each in values
    )


def _arguments(expression: str, text: str) -> list[Any]:
    arguments: list[Any] = []
    position = 0
    while position < len(text) or not arguments:
        match = _ARGUMENT.match(text, position)
        if match is None:
            raise ValueError(f"the intrinsic function '{expression}' cannot be read")
        if match["text"]:
            arguments.append(match["text"][1:-1])
        elif match["path"]:
            arguments.append(Path(match["path"]))
        else:
            arguments.append(json.loads(match["literal"]))
        position = match.end()
    return arguments


def evaluate(expression: str, find: Callable[[str], Any]) -> str:
    """The value of an intrinsic function, its paths resolved by `find`."""
    template, values = parse(expression)
    found = [find(each.text) if isinstance(each, Path) else each for each in values]
    try:
        return _format(template, found)
    except ValueError as error:
        raise StateError(
            "States.IntrinsicFailure", f"Invalid arguments in States.Format: {error}"
        ) from None


def _format(template: str, values: list[Any]) -> str:
    remaining = iter(values)

    def replace(match: re.Match[str]) -> str:
        if match[1] is not None:
            return match[1]
        value = next(remaining, _NONE_LEFT)
        if value is _NONE_LEFT or isinstance(value, dict | list):
            raise ValueError("States.Format takes one string, number or boolean for each {}")
        return value if isinstance(value, str) else json.dumps(value)

    text = _HOLE.sub(replace, template)
    if next(remaining, _NONE_LEFT) is not _NONE_LEFT:
        raise ValueError("more values than {}")
    return text
