"""`ingest check`: what would become of a file, without AWS."""

from __future__ import annotations

import os
from pathlib import Path  # noqa: TC003 - typer reads annotations when it runs
from typing import Annotated, Any

import typer

from ops.commands import options  # noqa: TC001 - typer reads annotations when it runs
from ops.errors import ExitCode, NothingFound, Refused
from ops.model.file_check import FileCheck, check_file
from ops.view.file_check import show
from ops.view.terminal import print_json, visible


def check(
    file: Annotated[
        Path,
        typer.Argument(metavar="FILE", help="Batch results, JSON Lines.", show_default=False),
    ],
    excerpts: Annotated[
        bool, typer.Option("--excerpts", help="Show what the model wrote: receipts' text.")
    ] = False,
    as_json: options.AsJson = False,
) -> None:
    """Show what would become of a file of batch results. It needs no AWS."""
    if file.is_dir():
        raise Refused(f"{visible(file)} is a folder. Name one file in it.")
    if not os.path.lexists(file):
        raise NothingFound(f"There is no file {visible(file)}.")
    if not file.is_file():
        raise Refused(f"{visible(file)} is not a file that can be read twice, such as a pipe.")
    try:
        found = check_file(file)
    except EOFError as error:
        raise Refused(f"{visible(file)} is gzip, and ends too early.") from error
    if as_json:
        print_json(_as_json(file, found, excerpts=excerpts))
    else:
        show(file, found, excerpts=excerpts)
    if found.rejects and not found.loads:
        raise typer.Exit(ExitCode.JOB_FAILED)


def _as_json(file: Path, found: FileCheck, *, excerpts: bool) -> dict[str, Any]:
    return {
        "file": str(file),
        "gzip": found.is_gzip,
        "looksLike": dict(found.looks_like),
        "records": found.records,
        "transactions": found.loads,
        "duplicates": found.duplicates,
        "padding": found.padding,
        "rejected": found.rejected,
        "forms": dict(found.forms),
        "rejects": [
            {
                "reason": kind.reason,
                "detail": kind.detail,
                "count": of_kind.count,
                "examples": [
                    {
                        "recordId": each.record_id,
                        "line": each.line,
                        "offset": each.offset,
                        "details": each.details,
                        **({"excerpt": each.excerpt} if excerpts else {}),
                    }
                    for each in of_kind.kept
                ],
            }
            for kind, of_kind in found.rejects.items()
        ],
        "first": [
            {name: next(iter(value.values())) for name, value in transaction.item.items()}
            for transaction in found.first
        ],
        "isAnotherShape": found.is_another_shape,
        "isInput": found.is_input,
    }
