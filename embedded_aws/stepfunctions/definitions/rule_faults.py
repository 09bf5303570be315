"""How a definition is found at fault: the error, and checks that many rules share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from embedded_aws.stepfunctions.language import intrinsics, paths


class Fault(Exception):  # noqa: N818 - what is wrong with a definition, not with the code
    """Something in a definition is wrong, or valid on AWS and not emulated."""

    def __init__(self, code: str, what: str, at: str) -> None:
        super().__init__(f"{code}: {what} at {at}")


def not_emulated(what: str, at: str) -> Fault:
    """A fault of the emulator, not of the definition."""
    return Fault("NOT_EMULATED", f"the embedded AWS does not emulate {what}", at)


def fields(value: Any, known: set[str], *, required: set[str], at: str) -> None:
    """Check that an object has only fields that are emulated, and all that are required."""
    if not isinstance(value, Mapping):
        raise Fault("SCHEMA_VALIDATION_FAILED", "must be an object", at)
    for name in sorted(required - set(value)):
        raise Fault("SCHEMA_VALIDATION_FAILED", f"{name} is required", at)
    for name in sorted(set(value) - known):
        raise not_emulated(f"the field {name}", at)


def path(value: Any, at: str, *, reference: bool = False) -> None:
    """Check a path, or a reference path, which cannot read the context object or an index."""
    try:
        steps = paths.parse(value) if isinstance(value, str) else None
    except ValueError as error:
        raise not_emulated(str(error), at) from None
    if steps is None:
        raise Fault("SCHEMA_VALIDATION_FAILED", "must be a path", at)
    if reference and (paths.is_context(value) or any(isinstance(step, int) for step in steps)):
        raise not_emulated(f"the reference path '{value}'", at)


def path_or_call(value: Any, at: str) -> None:
    """Check a path or an intrinsic function."""
    if isinstance(value, str) and intrinsics.is_call(value):
        try:
            intrinsics.parse(value)
        except ValueError as error:
            raise not_emulated(str(error), at) from None
        return
    path(value, at)


def template(value: Any, at: str) -> None:
    """Check a payload template: each `.$` field is a path or an intrinsic function."""
    if isinstance(value, list):
        for position, element in enumerate(value):
            template(element, f"{at}[{position}]")
    elif isinstance(value, Mapping):
        for name, each in value.items():
            if name.endswith(".$"):
                path_or_call(each, f"{at}/{name}")
            else:
                template(each, f"{at}/{name}")


def seconds(value: Any, at: str) -> None:
    """Check a number of seconds."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise Fault("SCHEMA_VALIDATION_FAILED", "must be a number of seconds", at)
