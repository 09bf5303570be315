"""The wildcards of the rules are simple enough for EventBridge."""

from collections.abc import Iterator
from typing import Any

from embedded_aws.events.pattern_complexity import complexity
from tests.infrastructure.template import Template

MOST = 9
"""A rule with 9 was seen to be accepted, one with 11 to be refused."""


def _wildcards(pattern: Any) -> Iterator[list[str]]:
    if isinstance(pattern, dict):
        for each in pattern.values():
            yield from _wildcards(each)
    elif isinstance(pattern, list):
        # A list of `numeric` has numbers and operators.
        yield [
            each["wildcard"] for each in pattern if isinstance(each, dict) and "wildcard" in each
        ]
        for each in pattern:  # of `$or`
            yield from _wildcards(each)


def test_the_wildcards_of_every_rule_are_simple_enough(template: Template) -> None:
    scores = {
        name: max(complexity(wildcards) for wildcards in _wildcards(rule["EventPattern"]))
        for name, rule in template.of_type("AWS::Events::Rule").items()
        if "EventPattern" in rule
    }
    assert scores.pop("WorkflowTrigger") == 6 <= MOST
    assert set(scores.values()) == {0}
