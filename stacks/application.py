"""From the CDK context to a synthesized stack."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from aws_cdk import App, Stack
from aws_cdk.cx_api import CloudAssembly

from stacks.batch_ingest import BatchIngest
from stacks.settings import Settings

_CDK_JSON = Path(__file__).resolve().parent.parent / "cdk.json"


def synthesize(*, overrides: Mapping[str, Any] | None = None, outdir: str | None) -> CloudAssembly:
    """Write the stack's template and assets, and return what was written.

    Args and errors are those of `make_app`.
    """
    return make_app(overrides=overrides, outdir=outdir).synth()


def make_app(*, overrides: Mapping[str, Any] | None = None, outdir: str | None) -> App:
    """Make the app with its one stack.

    Args:
        overrides: Settings and CDK flags that differ from `cdk.json`.
        outdir: Where to write; without it the CDK command line says where, or a temporary folder.

    Raises:
        SettingsError: a setting is out of its bounds or unknown.
        LayerNotBuilt: the layer is to be built, and its dependencies cannot be fetched.
    """
    # The CDK command line passes the context of cdk.json itself, with the values of its `-c` in it;
    # they come over these. Without the command line, these are all there is.
    app = App(
        context={
            **json.loads(_CDK_JSON.read_text(encoding="utf-8"))["context"],
            **(overrides or {}),
        },
        outdir=outdir,
    )
    settings = Settings.from_context(app.node.get_all_context())
    stack = Stack(
        app,
        settings.stack_name,
        description="Turns Amazon Bedrock batch-inference results into DynamoDB transactions",
        stack_name=settings.stack_name,
        termination_protection=settings.production,
    )
    # CDK leaves "Default" out of logical ids: resources are called as if they stood in the stack.
    BatchIngest(stack, "Default", settings=settings)
    return app
