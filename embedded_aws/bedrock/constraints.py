"""Check a request against the constraints of Bedrock's own API model, as botocore brings it.

The messages are those of AWS's services: "1 validation error detected: Value ...".
https://docs.aws.amazon.com/bedrock/latest/APIReference/API_CreateModelInvocationJob.html
"""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING, Any

from botocore.loaders import Loader
from botocore.model import ServiceModel

from embedded_aws.core.api import ApiError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from botocore.model import Shape

_TYPES: dict[str, type] = {
    "structure": dict,
    "list": list,
    "string": str,
    "integer": int,
    "timestamp": str,
}
# The model's own pattern takes exponential time on a name of many hyphens. This one is equal.
_EQUAL_PATTERNS = {"ModelInvocationJobName": r"[a-zA-Z0-9][a-zA-Z0-9+.-]*"}


def check(operation: str, request: dict[str, Any]) -> None:
    """Check the members of a request.

    Raises:
        ApiError: A ValidationException that names every member that breaks a constraint.
    """
    shape = _service().operation_model(operation).input_shape
    broken = [] if shape is None else list(_broken(shape, request, ""))
    if broken:
        errors = "validation error" if len(broken) == 1 else "validation errors"
        message = f"{len(broken)} {errors} detected: {'; '.join(broken)}"
        raise ApiError("ValidationException", message)


@functools.cache
def _service() -> ServiceModel:
    return ServiceModel(Loader().load_service_model("bedrock", "service-2"))


def _broken(shape: Any, value: Any, path: str) -> Iterator[str]:
    if not _is_a(shape.type_name, value):
        yield f"Value at '{path}' failed to satisfy constraint: Member must be a {shape.type_name}"
    elif shape.type_name == "structure":
        yield from _broken_members(shape, value, path)
    elif shape.type_name == "list":
        yield from _broken_limits(shape, path, len(value), "length")
        for index, item in enumerate(value, 1):
            yield from _broken(shape.member, item, f"{path}.{index}.member")
    elif shape.type_name == "string":
        yield from _broken_string(shape, value, path)
    elif shape.type_name == "integer":
        yield from _broken_limits(shape, path, value, "value")


def _is_a(type_name: str, value: Any) -> bool:
    return isinstance(value, _TYPES[type_name]) and not isinstance(value, bool)


def _broken_members(shape: Any, value: dict[str, Any], path: str) -> Iterator[str]:
    for name, member in shape.members.items():
        where = f"{path}.{name}" if path else name
        if value.get(name) is not None:
            yield from _broken(member, value[name], where)
        elif name in shape.required_members:
            yield f"Value at '{where}' failed to satisfy constraint: Member must not be null"
    if shape.is_tagged_union and len([name for name in shape.members if name in value]) != 1:
        yield f"Value at '{path}' failed to satisfy constraint: Member must have exactly one member"


def _broken_string(shape: Any, value: str, path: str) -> Iterator[str]:
    before = f"Value '{value}' at '{path}' failed to satisfy constraint: Member must"
    limits = list(_broken_limits(shape, path, len(value), "length"))
    yield from limits
    if shape.enum and value not in shape.enum:
        yield f"{before} satisfy enum value set: [{', '.join(shape.enum)}]"
    pattern = _EQUAL_PATTERNS.get(shape.name) or shape.metadata.get("pattern")
    if pattern and not limits and not re.fullmatch(pattern, value):
        yield f"{before} satisfy regular expression pattern: {pattern}"


def _broken_limits(shape: Shape, path: str, size: int, what: str) -> Iterator[str]:
    before = f"Value at '{path}' failed to satisfy constraint: Member must have {what}"
    if size < shape.metadata.get("min", size):
        yield f"{before} greater than or equal to {shape.metadata['min']}"
    if size > shape.metadata.get("max", size):
        yield f"{before} less than or equal to {shape.metadata['max']}"
