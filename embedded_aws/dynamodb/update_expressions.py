"""Update expressions that DynamoDB refuses, and MiniStack carries out.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.UpdateExpressions.html:
each section is named once and is not empty; no two paths of an expression overlap.
"""

from __future__ import annotations

import itertools
from typing import Any

from ministack.services import dynamodb

_apply = dynamodb._apply_update_expression

_SECTIONS = frozenset({"SET", "REMOVE", "ADD", "DELETE"})


def install() -> None:
    """Check expressions before they are carried out."""
    dynamodb._apply_update_expression = _checked


def _checked(
    item: Any, expression: str, values: Any, names: Any, updated: set[Any] | None = None
) -> Any:
    _check_sections(expression)
    paths = _Paths()
    try:
        item, _ = _apply(item, expression, values, names, paths)
    finally:
        if updated is not None:
            updated.update(paths)
    return item, set(paths) if updated is None else updated


def _check_sections(expression: str) -> None:
    words = [token[1] if token[0] != "EOF" else "<EOF>" for token in dynamodb._tokenize(expression)]
    named: set[str] = set()
    for word, following in itertools.pairwise(words):
        section = str(word).upper()
        if section not in _SECTIONS:
            continue
        if str(following).upper() in {*_SECTIONS, "<EOF>"}:
            near = word if following == "<EOF>" else f"{word} {following}"
            message = f'Syntax error; token: "{following}", near: "{near}"'
            raise ValueError(f"Invalid UpdateExpression: {message}")
        if section in named:
            message = f'The "{section}" section can only be used once in an update expression;'
            raise ValueError(f"Invalid UpdateExpression: {message}")
        named.add(section)


class _Paths(set[tuple[Any, ...]]):
    """The paths that an expression changes; a path that overlaps an earlier one is refused."""

    def add(self, path: tuple[Any, ...]) -> None:
        for earlier in self:
            length = min(len(earlier), len(path))
            if earlier[:length] == path[:length]:
                raise ValueError(
                    "Invalid UpdateExpression: Two document paths overlap with each other; must "
                    "remove or rewrite one of these paths; "
                    f"path one: {_shown(earlier)}, path two: {_shown(path)}"
                )
        super().add(path)


def _shown(path: tuple[Any, ...]) -> str:
    return f"[{', '.join(f'[{step}]' if isinstance(step, int) else step for step in path)}]"
