"""`ingest explain`: what an error or an alarm means, from the runbook."""

from __future__ import annotations

from typing import Annotated

import typer

from ops.commands import options  # noqa: TC001 - typer reads annotations when it runs
from ops.model import runbook
from ops.model.program import pasteable
from ops.view.terminal import out, outside, print_json, prose


def explain(
    name: Annotated[
        str,
        typer.Argument(
            metavar="ERROR|ALARM",
            help="An error's name, as Step Functions shows it, or an alarm's name.",
            show_default=False,
        ),
    ],
    as_json: options.AsJson = False,
) -> None:
    """Show what an error or an alarm means, and its cure."""
    found = runbook.explain(name)
    if as_json:
        print_json({"name": name, "text": found})
    else:
        out.print(outside(name, "bold"))
        for paragraph in found.split("\n"):
            out.print(prose(pasteable(paragraph)))
