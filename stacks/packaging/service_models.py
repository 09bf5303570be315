"""The SDK's descriptions of services, trimmed to the operations that the functions use.

A client reads its whole description when it is made, most of it documentation and operations that
no function calls: 1.3 MB for S3.
"""

import gzip
import json
import shutil
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

OPERATIONS: Final = {
    "bedrock": frozenset(
        {"CreateModelInvocationJob", "GetModelInvocationJob", "ListModelInvocationJobs"}
    ),
    "dynamodb": frozenset(
        {
            "BatchExecuteStatement",
            "BatchGetItem",
            "BatchWriteItem",
            "DeleteItem",
            "DescribeEndpoints",
            "GetItem",
            "PutItem",
            "Query",
            "Scan",
            "UpdateItem",
        }
    ),
    "events": frozenset({"PutEvents"}),
    "s3": frozenset(
        {
            "CopyObject",
            "CreateSession",
            "DeleteObject",
            "DeleteObjects",
            "GetObject",
            "HeadBucket",
            "HeadObject",
            "ListObjectsV2",
            "PutObject",
        }
    ),
    "sns": frozenset({"Publish"}),
    "stepfunctions": frozenset(
        {
            "DescribeExecution",
            "DescribeMapRun",
            "GetExecutionHistory",
            "ListExecutions",
            "ListMapRuns",
        }
    ),
}
"""What the functions call, and CALLED_BY_SDK."""

CALLED_BY_SDK: Final = frozenset({"CreateSession", "DescribeEndpoints", "HeadBucket"})
"""What botocore's clients may call by themselves: to find a bucket's region, for example."""

SERVICES: Final = frozenset(OPERATIONS)


def trim(data: Path) -> None:
    """Trim the models in botocore's folder `data`; those of earlier versions of an API go."""
    for service, operations in OPERATIONS.items():
        *earlier, newest = sorted(path for path in (data / service).iterdir() if path.is_dir())
        for version in earlier:
            shutil.rmtree(version)
        path = newest / "service-2.json.gz"
        model = json.loads(gzip.decompress(path.read_bytes()))
        path.unlink()
        # Not compressed: the layer's archive is.
        path.with_suffix("").write_text(json.dumps(trimmed(model, operations)), encoding="utf-8")


def trimmed(model: Mapping[str, Any], operations: Iterable[str]) -> dict[str, Any]:
    """A model with these operations, the shapes that they need, and all errors.

    Raises:
        KeyError: if the service has no such operation.
    """
    kept = {name: model["operations"][name] for name in sorted(operations)}
    errors = [name for name, shape in model["shapes"].items() if shape.get("exception")]
    needed: dict[str, None] = {}
    left = [*_shapes_of(list(kept.values())), *errors]
    while left:
        name = left.pop()
        if name not in needed:
            needed[name] = None
            left.extend(_shapes_of(model["shapes"][name]))
    shapes = {name: model["shapes"][name] for name in sorted(needed)}
    small: dict[str, Any] = _undocumented({**model, "operations": kept, "shapes": shapes})
    return small


def _shapes_of(part: Any) -> Iterator[str]:
    """Names of the shapes that a part of a model refers to."""
    if isinstance(part, dict):
        for name, value in part.items():
            if name == "shape" and isinstance(value, str):
                yield value
            else:
                yield from _shapes_of(value)
    elif isinstance(part, list):
        for value in part:
            yield from _shapes_of(value)


def _undocumented(part: Any) -> Any:
    """The same without its texts; a member or shape of that name, a dict, stays."""
    if isinstance(part, dict):
        return {
            name: _undocumented(value)
            for name, value in part.items()
            if not (name == "documentation" and isinstance(value, str))
        }
    return [_undocumented(each) for each in part] if isinstance(part, list) else part
