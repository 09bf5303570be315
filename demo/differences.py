"""Differences between expected and found, a sentence each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_NOTHING = object()


def between(expected: Mapping[str, Any], actual: Mapping[str, Any], *, what: str) -> Iterator[str]:
    """Compare things of one kind by their names."""
    for name in sorted({*expected, *actual}):
        if name not in actual:
            yield f"{what} {name}: is missing"
        elif name not in expected:
            yield f"{what} {name}: should not be there"
        else:
            yield from _in_value(expected[name], actual[name], what=f"{what} {name}")


def _in_value(expected: Any, actual: Any, *, what: str) -> Iterator[str]:
    if isinstance(expected, dict) and isinstance(actual, dict):
        for name in sorted({*expected, *actual}):
            pair = expected.get(name, _NOTHING), actual.get(name, _NOTHING)
            yield from _in_value(*pair, what=f"{what}, {name}")
    # True is not 1 here: DynamoDB tells them apart.
    elif expected != actual or isinstance(expected, bool) is not isinstance(actual, bool):
        yield f"{what}: {_shown(actual)} instead of {_shown(expected)}"


def _shown(value: Any) -> str:
    if value is _NOTHING:
        return "nothing"
    if isinstance(value, bytes):
        return f"{len(value)} bytes"
    return repr(value)[:200]
