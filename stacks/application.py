"""From the CDK context to a synthesized stack."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from aws_cdk import App
from aws_cdk.cx_api import CloudAssembly

from stacks.ingest_stack import IngestStack
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
        overrides: Knobs and CDK flags that differ from `cdk.json`.
        outdir: Where to write; without it the CDK command line says where, or a temporary folder.

    Raises:
        SettingsError: a knob is out of its bounds or unknown.
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
    IngestStack(app, settings.stack_name, settings=settings)
    return app
