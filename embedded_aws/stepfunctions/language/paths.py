"""Paths, reference paths and payload templates of JSONPath states.

AWS (Step Functions guide, "amazon-states-language-paths", "input-output-inputpath-params",
"input-output-resultpath"): a path that selects nothing fails the execution with States.Runtime; in
a template the cause quotes the whole input (recorded by localstack, test_invalid_jsonpath, although
the guide names States.ParameterPathFailure). A ResultPath that does not fit its input is
States.ResultPathMatchFailure.

The subset: `$`, `$$` and then fields and indexes, as `$.a.b[0]['c']`. Wildcards, slices and
filters are refused when a definition is created.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from embedded_aws.stepfunctions.errors import RUNTIME, StateError
from embedded_aws.stepfunctions.language import intrinsics

_STEP = re.compile(r"\.([^.\[\]'\"*?@,:()\s]+)|\[(\d+)\]|\['([^']+)'\]")


def parse(path: str) -> list[str | int]:
    """The steps of a path behind its `$` or `$$`.

    Raises:
        ValueError: the path is outside the subset.
    """
    rest = path.removeprefix("$$") if path.startswith("$$") else path.removeprefix("$")
    if not path.startswith("$"):
        raise ValueError(f"'{path}' is not a path")
    steps: list[str | int] = []
    position = 0
    while position < len(rest):
        match = _STEP.match(rest, position)
        if match is None:
            raise ValueError(f"the path '{path}' is outside the emulated subset")
        name, index, quoted = match.groups()
        steps.append(int(index) if index is not None else name or quoted)
        position = match.end()
    return steps


def find(path: str, data: Any, context: Mapping[str, Any]) -> Any:
    """What the path selects of the data, or of the context object.

    Raises:
        LookupError: it selects nothing.
    """
    value: Any = context if path.startswith("$$") else data
    for step in parse(path):
        fits = isinstance(value, list) if isinstance(step, int) else isinstance(value, Mapping)
        if not fits:
            raise LookupError(path)
        try:
            value = value[step]
        except LookupError:
            raise LookupError(path) from None
    return value


def select(path: str | None, data: Any, context: Mapping[str, Any]) -> Any:
    """What an InputPath, OutputPath or other path field selects; null selects an empty object."""
    if path is None:
        return {}
    try:
        return find(path, data, context)
    except LookupError:
        raise StateError(
            RUNTIME, f"Invalid path '{path}': no results for it in the state's data"
        ) from None


def fill(template: Any, data: Any, context: Mapping[str, Any]) -> Any:
    """A payload template with its `.$` fields resolved."""
    if isinstance(template, list):
        return [fill(element, data, context) for element in template]
    if not isinstance(template, dict):
        return template
    return {
        key.removesuffix(".$"): evaluate(value, data, context, field=key)
        if key.endswith(".$")
        else fill(value, data, context)
        for key, value in template.items()
    }


def evaluate(expression: str, data: Any, context: Mapping[str, Any], *, field: str) -> Any:
    """The value of a path or of an intrinsic function, for the field of a state."""
    try:
        if intrinsics.is_call(expression):
            return intrinsics.evaluate(expression, lambda path: find(path, data, context))
        return find(expression, data, context)
    except LookupError as missing:
        text = json.dumps(data, separators=(",", ":"), ensure_ascii=False)
        raise StateError(
            RUNTIME,
            f"The JSONPath '{missing.args[0]}' specified for the field '{field}' could not be "
            f"found in the input '{text}'",
        ) from None


def put(path: str | None, original: Any, result: Any) -> Any:
    """A state's output: its input with the result at ResultPath; null discards the result."""
    if path is None:
        return original
    steps = parse(path)
    if not steps:
        return result
    return _put(steps, original, result, path)


def _put(steps: list[str | int], original: Any, result: Any, path: str) -> Any:
    if not steps:
        return result
    if not isinstance(original, dict):
        raise StateError(
            "States.ResultPathMatchFailure",
            f"Unable to apply ReferencePath {path} to the state's input",
        )
    step = str(steps[0])
    return {**original, step: _put(steps[1:], original.get(step, {}), result, path)}
