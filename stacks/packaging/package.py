"""What the functions run: their code as one asset, their dependencies as one layer."""

import tempfile
from dataclasses import dataclass
from pathlib import Path

from aws_cdk import AssetHashType, Stack
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from stacks.packaging import layer_archive
from stacks.packaging.byte_code import Interpreter
from stacks.packaging.function_code import write_code
from stacks.packaging.layer_archive import Layer

PROJECT = Path(__file__).resolve().parents[2]

#: Where archives are built and kept, by the fingerprint of what they are built from.
BUILD = PROJECT / "build"


@dataclass(frozen=True, kw_only=True)
class Package:
    """What a function needs to run, the same for all of them."""

    architecture: lambda_.Architecture
    code: lambda_.Code
    dependencies: lambda_.LayerVersion
    runtime: lambda_.Runtime


def package(scope: Construct) -> Package:
    """Make the package of all functions: the Graviton processor costs a fifth less than x86."""
    architecture, runtime = lambda_.Architecture.ARM_64, lambda_.Runtime.PYTHON_3_13
    layer = Layer.of(PROJECT / "uv.lock")
    dependencies = lambda_.LayerVersion(
        scope,
        "Dependencies",
        code=_dependencies(layer, built=Stack.of(scope).bundling_required),
        compatible_architectures=[architecture],
        compatible_runtimes=[runtime],
        description="Locked dependencies of the functions",
    )
    return Package(
        architecture=architecture,
        code=_code(scope, layer.interpreter),
        dependencies=dependencies,
        runtime=runtime,
    )


def _code(scope: Construct, interpreter: Interpreter | None) -> lambda_.Code:
    """The functions' code, staged once for all of them.

    An embedded AWS that runs them in another Python gets the same asset, and passes over byte code
    that is not its own.
    """
    with tempfile.TemporaryDirectory() as written:
        write_code(
            Path(written), project=PROJECT, interpreter=interpreter.path if interpreter else None
        )
        code = lambda_.Code.from_asset(written)
        code.bind(scope)  # copies it into the assembly now, while it is there
    return code


def _dependencies(layer: Layer, *, built: bool) -> lambda_.Code:
    """The locked dependencies for the functions' Python and processor.

    The archive is empty where the CDK is told to bundle nothing (context
    `aws:cdk:bundling-stacks`): for an embedded AWS that runs the functions in the project's own
    environment, or by commands that only look at the stack. An empty archive is named by its own
    content, and a layer by the fingerprint of what it is built from. The CDK never replaces what
    was staged, or uploaded, under a name.
    """
    if not built:
        return lambda_.Code.from_asset(str(layer_archive.empty(BUILD)))
    return lambda_.Code.from_asset(
        str(layer.build(BUILD)),
        asset_hash=layer.fingerprint,
        asset_hash_type=AssetHashType.CUSTOM,
    )
