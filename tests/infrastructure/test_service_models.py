"""The layer's trimmed models describe all that the functions call, as the SDK's own do."""

import ast
import gzip
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import botocore
import pytest
from botocore import xform_name
from botocore.model import OperationModel, ServiceModel, Shape
from botocore.session import Session

from stacks.packaging.pruning import prune_data
from stacks.packaging.service_models import CALLED_BY_SDK, OPERATIONS, SERVICES

PROJECT = Path(__file__).resolve().parents[2]
DATA = Path(botocore.__file__).parent / "data"


@pytest.fixture(scope="module")
def trimmed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data of a layer."""
    data = tmp_path_factory.mktemp("layer") / "data"
    data.mkdir()
    for name in ("endpoints.json", "partitions.json", "_retry.json"):
        shutil.copy(DATA / name, data)
    shutil.copy(DATA / "sdk-default-configuration.json", data)
    for service in SERVICES:
        shutil.copytree(DATA / service, data / service)
    prune_data(data)
    return data


def _named_in_functions() -> set[str]:
    """Every attribute that functions name, methods of clients among them, and every paginator."""
    named: set[str] = set()
    for path in (PROJECT / "functions").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match node:
                case ast.Call(func=ast.Attribute(attr="get_paginator"), args=[argument]):
                    assert isinstance(argument, ast.Constant), path
                    named.add(str(argument.value))
                case ast.Attribute(attr=name):
                    named.add(name)
    return named


def test_the_models_have_every_operation_that_functions_call_and_no_other() -> None:
    named = _named_in_functions()
    assert "get_waiter" not in named, "the operations of a waiter are not looked for here"
    called = {
        service: {
            operation
            for operation in Session().get_service_model(service).operation_names
            if xform_name(operation) in named
        }
        for service in SERVICES
    }
    assert called == {
        service: operations - CALLED_BY_SDK for service, operations in OPERATIONS.items()
    }


def _model(data: Path, service: str) -> ServiceModel:
    session = Session()
    session.get_component("data_loader").search_paths.insert(0, str(data))
    return session.get_service_model(service)


@pytest.mark.parametrize("service", sorted(SERVICES))
def test_an_operation_is_described_as_in_the_whole_model(trimmed: Path, service: str) -> None:
    whole, small = Session().get_service_model(service), _model(trimmed, service)
    assert set(small.operation_names) == OPERATIONS[service]
    for name in small.operation_names:
        assert _described(small.operation_model(name)) == _described(whole.operation_model(name))
    assert small.metadata == whole.metadata
    # The classes of errors, and by them the names that Step Functions sees.
    assert {each.name for each in small.error_shapes} == {each.name for each in whole.error_shapes}


def _described(operation: OperationModel) -> dict[str, Any]:
    """All that is said of an operation and its shapes, without words."""
    shapes = [operation.input_shape, operation.output_shape, *operation.error_shapes]
    return {
        "operation": {
            name: value for name, value in vars(operation)["_operation_model"].items()
            if name != "documentation"
        },
        "shapes": {name: said for shape in shapes if shape for name, said in _shapes(shape)},
    }  # fmt: skip


def _shapes(shape: Shape, seen: frozenset[str] = frozenset()) -> Iterator[tuple[str, Any]]:
    if shape.name in seen:
        return
    parts = [(name, part.name, part.serialization) for name, part in _parts(shape)]
    yield shape.name, (shape.type_name, shape.serialization, shape.metadata, parts)
    for _, part in _parts(shape):
        yield from _shapes(part, seen | {shape.name})


def _parts(shape: Any) -> Iterator[tuple[str, Shape]]:
    yield from getattr(shape, "members", {}).items()
    for name in ("member", "key", "value"):
        if isinstance(part := getattr(shape, name, None), Shape):
            yield name, part


def test_a_model_is_a_fraction_of_the_sdks(trimmed: Path) -> None:
    (path,) = (trimmed / "s3").rglob("service-2.json")
    (whole,) = (DATA / "s3").rglob("service-2.json.gz")
    assert path.stat().st_size < len(gzip.decompress(whole.read_bytes())) / 10
    assert "documentation" not in json.loads(path.read_text())
