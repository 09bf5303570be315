"""What the functions run: their code as one asset, their dependencies as one layer."""

from pathlib import Path

from aws_cdk import AssetHashType, IgnoreMode
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from stacks import layer_archive
from stacks.settings import Settings

PROJECT = Path(__file__).resolve().parent.parent

#: Where archives are built and kept, by the fingerprint of what they are built from.
BUILD = PROJECT / "build"

RUNTIME = lambda_.Runtime.PYTHON_3_13
ARCHITECTURE = lambda_.Architecture.ARM_64


def function_code() -> lambda_.Code:
    """The `functions` package and nothing beside it, importable as `functions`."""
    return lambda_.Code.from_asset(
        str(PROJECT),
        exclude=["*", "!functions", "**/__pycache__", "**/*.pyc"],
        ignore_mode=IgnoreMode.DOCKER,
    )


def dependency_layer(scope: Construct, *, settings: Settings) -> lambda_.LayerVersion:
    """The locked dependencies for the functions' Python and processor.

    The asset is named by a fingerprint of the lock file, the target and the builder, not by its
    content: the template is the same whether the archive was built or, for an embedded AWS that
    runs the functions in the project's own environment, left empty.
    """
    archive = (
        layer_archive.empty(BUILD)
        if settings.packaging == "local"
        else layer_archive.build(BUILD, lock=PROJECT / "uv.lock")
    )
    return lambda_.LayerVersion(
        scope,
        "Dependencies",
        code=lambda_.Code.from_asset(
            str(archive),
            asset_hash=layer_archive.fingerprint(PROJECT / "uv.lock"),
            asset_hash_type=AssetHashType.CUSTOM,
        ),
        compatible_architectures=[ARCHITECTURE],
        compatible_runtimes=[RUNTIME],
        description="Locked dependencies of the functions",
    )
