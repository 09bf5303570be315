"""Choice rules.

AWS (Step Functions guide, "state-choice"): the first rule that matches decides; a Variable or
comparison path that selects nothing fails the execution with States.Runtime (only IsPresent asks
whether it is there); a value of another type does not match; no match and no Default is
States.NoChoiceMatched. A rule with another operator is refused.
"""

from __future__ import annotations

import operator
import re
from typing import TYPE_CHECKING, Any

from embedded_aws.stepfunctions.errors import StateError
from embedded_aws.stepfunctions.language import paths

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


_COMPARISONS = {
    "Equals": operator.eq,
    "LessThan": operator.lt,
    "GreaterThan": operator.gt,
    "LessThanEquals": operator.le,
    "GreaterThanEquals": operator.ge,
}
_TYPES: dict[str, Callable[[Any], bool]] = {
    "String": lambda value: isinstance(value, str),
    "Numeric": _is_number,
    "Boolean": lambda value: isinstance(value, bool),
}
_COMPARISON = re.compile(
    "(String|Numeric)(Equals|LessThan|GreaterThan|LessThanEquals|GreaterThanEquals)"
    "(Path)?|(Boolean)(Equals)(Path)?"
)


def operators(rule: Mapping[str, Any]) -> list[str]:
    """The comparison operators that a rule names."""
    named = set(rule) - {"Variable", "Next", "Comment"}
    return sorted(name for name in named if name == "IsPresent" or _COMPARISON.fullmatch(name))


def decide(state: Mapping[str, Any], data: Any, context: Mapping[str, Any]) -> str:
    """The name of the next state."""
    for rule in state["Choices"]:
        if _matches(rule, data, context):
            return str(rule["Next"])
    if "Default" in state:
        return str(state["Default"])
    raise StateError("States.NoChoiceMatched", "No choice rule matched and there is no Default")


def _matches(rule: Mapping[str, Any], data: Any, context: Mapping[str, Any]) -> bool:
    if "And" in rule:
        return all(_matches(each, data, context) for each in rule["And"])
    if "Or" in rule:
        return any(_matches(each, data, context) for each in rule["Or"])
    if "Not" in rule:
        return not _matches(rule["Not"], data, context)
    (name,) = operators(rule)
    if name == "IsPresent":
        return _is_present(rule["Variable"], data, context) is rule[name]
    value = paths.select(rule["Variable"], data, context)
    return _compare(name, value, rule[name], data, context)


def _is_present(path: str, data: Any, context: Mapping[str, Any]) -> bool:
    try:
        paths.find(path, data, context)
    except LookupError:
        return False
    return True


def _compare(name: str, value: Any, other: Any, data: Any, context: Mapping[str, Any]) -> bool:
    match = _COMPARISON.fullmatch(name)
    assert match is not None  # noqa: S101 - `operators` found it so
    kind, comparison, path = match.groups()[:3] if match[1] else match.groups()[3:]
    if path:
        other = paths.select(other, data, context)
    if not (_TYPES[kind](value) and _TYPES[kind](other)):
        return False
    return bool(_COMPARISONS[comparison](value, other))
