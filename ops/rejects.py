"""`ingest rejects`: the records of a job that became no transactions, and their way back."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path  # noqa: TC003 - typer reads annotations when it runs
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from ops import options
from ops.dead_letters import DeadLetter, read_dead_letters
from ops.errors import NothingFound, Refused
from ops.reject_export import Export, export_records
from ops.terminal import out, outside, print_json, visible

if TYPE_CHECKING:
    from collections.abc import Sequence

EXAMPLES = 3
"""Shown of each reason, unless --all asks for all."""


def rejects(
    job: Annotated[str, typer.Argument(metavar="JOB", help="A job's id.", show_default=False)],
    export: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Write the original records as Bedrock batch input, ready for a new job. The "
            "file holds what users uploaded; only you may read it.",
            show_default=False,
        ),
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="List every reject.")] = False,
    excerpts: Annotated[
        bool, typer.Option("--excerpts", help="Show what the model wrote: receipts' text.")
    ] = False,
    local: options.Local = False,
    data: options.Data = None,
    stack: options.Stack = None,
    as_json: options.AsJson = False,
) -> None:
    """Show a job's rejects by reason; --export writes their records as a new job's input."""
    if export is not None and export.exists():
        raise Refused(f"{visible(export)} exists already: name a file that does not.")
    deployed = options.chosen(local=local, data=data, stack=stack)
    letters = read_dead_letters(deployed, job)
    if letters is None:
        raise NothingFound(f"On {deployed.place} nothing of a job {visible(job)} was ever claimed.")
    exported = None
    if export is not None:
        with os.fdopen(os.open(export, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            exported = export_records(deployed, letters, file)
    if as_json:
        print_json(_as_json(job, letters, exported, excerpts=excerpts))
    else:
        _show(letters, every=every, excerpts=excerpts)
        if exported is not None and export is not None:
            _show_export(exported, export)


def _as_json(
    job: str, letters: Sequence[DeadLetter], exported: Export | None, *, excerpts: bool
) -> dict[str, Any]:
    return {
        "job": job,
        "rejectsByReason": _by_reason(letters),
        "rejects": [each.as_json(excerpts=excerpts) for each in letters],
        "exported": exported and exported.written,
        "notExported": exported and [vars(each) for each in exported.left],
    }


def _by_reason(letters: Sequence[DeadLetter]) -> dict[str, int]:
    return dict(Counter(each.reason for each in letters).most_common())


def _show(letters: Sequence[DeadLetter], *, every: bool, excerpts: bool) -> None:
    if not letters:
        out.print("No record was rejected.")
        return
    table = Table(box=None, header_style="dim", pad_edge=False)
    for column in ("Reason", "Record", "Where", "Details"):
        table.add_column(column, overflow="fold")
    for reason, count in _by_reason(letters).items():
        table.add_row(outside(f"{reason} ({count})", "bold"), "", "", "")
        of_reason = [each for each in letters if each.reason == reason]
        for each in of_reason if every else of_reason[:EXAMPLES]:
            where = f"{each.key} @{each.offset}+{each.length}"
            details = outside("; ".join(each.details))
            table.add_row("", outside(each.record_id or "-"), outside(where), details)
            if excerpts and each.excerpt:
                table.add_row("", "", "", outside(each.excerpt, "dim"))
        if not every and count > EXAMPLES:
            table.add_row("", outside(f"and {count - EXAMPLES} more", "dim"), "", "")
    out.print(table)


def _show_export(exported: Export, file: Path) -> None:
    out.print(f"Wrote {exported.written} records to {visible(file)}.")
    for each in exported.left:
        out.print(outside(f"Not written: {each.where}: {each.why}", "yellow"))
