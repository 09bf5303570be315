"""The wildcards of the rules are simple enough for EventBridge.

EventBridge refuses a rule whose wildcards are too complex, with a figure that its matcher computes:
https://github.com/aws/event-ruler, MachineComplexityEvaluator. A rule with 9 was seen to be
accepted, one with 11 to be refused.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import pytest

from tests.infrastructure.template import Template

MOST = 9


def _complexity(patterns: Sequence[str]) -> int:
    """How many prefixes with a wildcard one text can match at the same time, at most.

    A text matches the prefix `a*b` when it begins with `a` and ends with `b`. All sets of prefixes
    that a text can match are found by adding one character after another.
    """
    letters = [*sorted(set("".join(patterns)) - {"*"}), "another"]
    start = frozenset((pattern, 0) for pattern in patterns)
    seen, todo = {start}, [start]
    while todo:
        at = todo.pop()
        for letter in letters:
            reached = frozenset(_matched(at, letter))
            if reached not in seen:
                seen.add(reached)
                todo.append(reached)
    return max(sum("*" in pattern[:length] for pattern, length in each) for each in seen)


def _matched(prefixes: Iterable[tuple[str, int]], letter: str) -> Iterator[tuple[str, int]]:
    """The prefixes, each by its pattern and length, that a text matches with one more letter."""
    for pattern, length in prefixes:
        if pattern[:length].endswith("*"):
            yield pattern, length
        if pattern.startswith(letter, length):
            yield pattern, length + 1
            if pattern.startswith("*", length + 1):
                yield pattern, length + 2


@pytest.mark.parametrize(
    ("patterns", "score"),
    [
        (["batch-output/*/*.jsonl.out"], 4),
        (["batch-output/*/*.jsonl"], 3),
        (["batch-output/*/manifest.json.out"], 2),
        (
            [
                "batch-output/*/*.jsonl.out",
                "batch-output/*/*.jsonl",
                "batch-output/*/manifest.json.out",
            ],
            8,
        ),
    ],
)
def test_complexity_is_counted_as_the_matcher_of_aws_counts_it(
    patterns: list[str], score: int
) -> None:
    """Figures of event-ruler itself."""
    assert _complexity(patterns) == score


def _wildcards(pattern: Any) -> Iterator[list[str]]:
    """The wildcards of each field of a pattern."""
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
    patterns = {
        name: rule["EventPattern"]
        for name, rule in template.of_type("AWS::Events::Rule").items()
        if "EventPattern" in rule
    }
    scores = {
        name: max(_complexity(wildcards) for wildcards in _wildcards(pattern))
        for name, pattern in patterns.items()
    }
    assert scores.pop("WorkflowTrigger") == 6 <= MOST
    assert set(scores.values()) == {0}
