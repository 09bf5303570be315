"""Event patterns that EventBridge refuses because their wildcards are too complex.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pattern-operators.html says that such
patterns are refused, but not by which measure. EventBridge matches with Event Ruler, whose
MachineComplexityEvaluator counts the prefixes of wildcard patterns that one value can match at the
same time (https://github.com/aws/event-ruler). So does this module. The limit was found by what
people report of AWS: a pattern of complexity 11 was refused, one of 9 accepted.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

LIMIT = 10
REASON = (
    "Rule is too complex - try using fewer wildcard characters or fewer repeating character "
    "sequences after a wildcard character"
)

_Position = tuple[int, int]
"""A wildcard pattern's number, and the index of the character that was matched last."""


def is_too_complex(pattern: str) -> bool:
    """Whether EventBridge refuses an event pattern for its wildcards."""
    return any(complexity(texts) > LIMIT for texts in _wildcards(json.loads(pattern)))


def _wildcards(pattern: Any) -> Iterator[list[str]]:
    """The wildcard patterns of each field."""
    if isinstance(pattern, list):
        yield [text for each in pattern if isinstance(each, dict) for text in _wildcards_of(each)]
        for each in pattern:
            yield from _wildcards(each)
    elif isinstance(pattern, dict):
        for each in pattern.values():
            yield from _wildcards(each)


def _wildcards_of(matcher: dict[str, Any]) -> list[str]:
    inner = matcher.get("anything-but")
    found = inner.get("wildcard") if isinstance(inner, dict) else matcher.get("wildcard")
    if found is None:
        return []
    return [found] if isinstance(found, str) else list(found)


def complexity(texts: list[str]) -> int:
    """The most prefixes of the patterns that one value can match at the same time."""
    # One character that no pattern names represents all others.
    alphabet = {each for text in texts for each in text} - {"*"} | {"\0"}
    start = frozenset((number, -1) for number in range(len(texts)))
    seen, waiting, most = {start}, [start], 0
    while waiting:
        positions = waiting.pop()
        for character in alphabet:
            following = frozenset(
                each for position in positions for each in _after(texts, position, character)
            )
            if following and following not in seen:
                seen.add(following)
                waiting.append(following)
                most = max(most, _size(texts, following))
    return most


def _after(texts: list[str], position: _Position, character: str) -> Iterator[_Position]:
    number, index = position
    text = texts[number]
    if index >= 0 and text[index] == "*":
        yield position
    following = text[index + 1 : index + 3]
    if following[:1] == "*":
        yield number, index + 1
        if following[1:] == character:
            yield number, index + 2
    elif following[:1] == character:
        yield number, index + 1


def _size(texts: list[str], positions: frozenset[_Position]) -> int:
    """The prefixes: what matches `foo` matches `foo*`, too."""
    empty = {
        (number, index + 1)
        for number, index in positions
        if texts[number][index + 1 : index + 2] == "*"
    }
    return len(positions | empty)
