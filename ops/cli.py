"""The `ingest` command."""

from __future__ import annotations

import typer

from ops import local_commands

app = typer.Typer(no_args_is_help=True, pretty_exceptions_show_locals=False)
app.add_typer(local_commands.app, name="local")


@app.callback()
def _ingest() -> None:
    """Run, watch and repair the ingest of Bedrock batch results."""


def main() -> None:
    """Run the command line."""
    app()
