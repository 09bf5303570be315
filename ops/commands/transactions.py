"""`ingest transactions`: what a job's records became."""

from __future__ import annotations

import csv
import sys
from typing import TYPE_CHECKING, Annotated, TextIO

import typer

from functions.domain.plain_text import counted
from ops.commands import options
from ops.errors import Refused
from ops.model.transactions import SHOWN, read_transactions
from ops.view.terminal import err, out, print_json, visible
from ops.view.transactions import transactions_table

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_FORMULA = ("=", "+", "-", "@")


def transactions(
    job: options.Job,
    limit: Annotated[int, typer.Option(min=1, help="Rows of the table.")] = 50,
    as_csv: Annotated[
        bool, typer.Option("--csv", help="Print all of them as CSV, for a spreadsheet.")
    ] = False,
    local: options.Local = False,
    data: options.Data = None,
    stack: options.Stack = None,
    as_json: options.AsJson = False,
) -> None:
    """List a job's transactions, by date.

    Reads all transactions of the job's user. The user is not shown; amounts are exact, and are
    strings in JSON where they are not whole.
    """
    if as_csv and as_json:
        raise Refused("--csv and --json exclude each other. Nothing was done.")
    deployed = options.chosen(local=local, data=data, stack=stack)
    found = read_transactions(deployed, job)
    if as_json:
        print_json(found)
    elif as_csv:
        write_csv(found, sys.stdout)
    elif found:
        out.print(transactions_table(found, rows=limit))
    else:
        out.print("The job has no transactions.")
    if found and not as_json and not as_csv and len(found) > limit:
        more = counted(len(found) - limit, "transaction")
        err.print(f"{more} not shown: add --limit, --csv or --json.", style="dim")


def write_csv(found: Iterable[Mapping[str, object]], stream: TextIO) -> None:
    """Write transactions for a spreadsheet."""
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(SHOWN)
    writer.writerows([_cell(item.get(name, "")) for name in SHOWN] for item in found)


def _cell(value: object) -> str:
    """A value that a spreadsheet shows; a text that looks like a formula is quoted.

    https://owasp.org/www-community/attacks/CSV_Injection
    """
    shown = visible(value)
    return f"'{shown}" if isinstance(value, str) and shown.startswith(_FORMULA) else shown
