"""The rules of a Choice state's definition.

AWS (Step Functions guide, "state-choice"): each rule has a Variable and one comparison operator, or
And, Or or Not around others; Next is on the outermost rule alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from embedded_aws.stepfunctions.definitions.rule_faults import Fault, fields, path
from embedded_aws.stepfunctions.language import choices

if TYPE_CHECKING:
    from collections.abc import Mapping


def check(state: Mapping[str, Any], at: str) -> None:
    """Check a Choice state."""
    rules = state.get("Choices")
    if not isinstance(rules, list) or not rules:
        raise Fault("SCHEMA_VALIDATION_FAILED", "Choices is a list with rules in it", at)
    for position, rule in enumerate(rules):
        here = f"{at}/Choices[{position}]"
        if "Next" not in rule:
            raise Fault("SCHEMA_VALIDATION_FAILED", "a rule has Next", here)
        _check_rule({key: value for key, value in rule.items() if key != "Next"}, here)


def _check_rule(rule: Any, at: str) -> None:
    for name in ("And", "Or"):
        if name in rule:
            fields(rule, {name, "Comment"}, required=set(), at=at)
            for each in rule[name]:
                _check_rule(each, f"{at}/{name}")
            return
    if "Not" in rule:
        fields(rule, {"Not", "Comment"}, required=set(), at=at)
        _check_rule(rule["Not"], f"{at}/Not")
        return
    named = choices.operators(rule)
    if len(named) != 1:
        raise Fault("SCHEMA_VALIDATION_FAILED", "a rule has one comparison operator", at)
    fields(rule, {"Variable", "Comment", named[0]}, required={"Variable"}, at=at)
    path(rule["Variable"], f"{at}/Variable")
    if named[0].endswith("Path"):
        path(rule[named[0]], f"{at}/{named[0]}")
