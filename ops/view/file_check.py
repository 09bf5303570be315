"""The view of `ingest check`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions.domain.plain_text import counted
from ops.model.reject_kinds import own_details
from ops.model.tally import tally
from ops.view.terminal import out, outside, table

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from rich.table import Table
    from rich.text import Text

    from functions.aws.resubmission.rejects import Reject
    from ops.model.file_check import Example, FileCheck
    from ops.model.reject_kinds import Kind, OfKind

ANOTHER_SHAPE = """\
Most of these records are not receipts in a form that is read. This product reads receipts:
docs/contract.md says which (1.4 the forms, 1.5 the receipt). To read something else, change
  functions/domain/receipts/forms.py        where a record holds the model's answer
  functions/domain/receipts/receipt.py      what an answer must say
  functions/domain/receipts/transaction.py  the item that it becomes"""
GZIP = """\
The file is gzip, and was decompressed to be read here. The product does not do that:
upload it decompressed (gunzip)."""
INPUT = """\
This looks like the input of a batch job: it holds no answers. Bedrock writes them to another
file, which ends in .jsonl.out."""
ARRAY = "Write one object a line instead, for example with: jq -c '.[]' FILE"
OBJECTS = "Write one object a line instead, for example with: jq -c . FILE"
_COLUMNS = ("imageId", "date", "type", "amount", "category", "merchant", "description")


def show(file: Path, found: FileCheck, *, excerpts: bool) -> None:
    """Print the whole report."""
    if found.is_gzip:
        out.print(GZIP, style="yellow")
    for looks, count in found.looks_like.most_common(2):
        out.print(outside(f"{looks} ({counted(count, 'line')} like that).", "yellow"))
        if "JSON" in looks.partition(",")[0] or "objects" in looks:
            out.print(ARRAY if "array" in looks else OBJECTS, style="yellow")
    out.print(_counts(file, found))
    if found.forms:
        forms = ", ".join(f"{form} {count}" for form, count in found.forms.most_common())
        out.print(f"  answers found in the form: {forms}")
    if found.rejects:
        out.print(rejects_table(found.rejects, excerpts=excerpts))
    if found.first:
        out.print(_transactions(found))
    if found.is_input:
        out.print(INPUT, style="yellow")
    elif found.is_another_shape:
        out.print(ANOTHER_SHAPE, style="yellow")


def _counts(file: Path, found: FileCheck) -> Text:
    text = outside(f"{file.name}: ", "bold")
    if not found.records:
        return text.append("it holds no record.")
    return text.append(
        tally(
            found.records,
            transactions=found.loads,
            rejects=found.rejected,
            duplicates=found.duplicates,
            padding=found.padding,
        )
    )


def rejects_table(
    found: Mapping[Kind, OfKind[Example]] | Mapping[Kind, OfKind[Reject]], *, excerpts: bool
) -> Table:
    """Rejects of a file, or of a job: those that were kept of each kind."""
    drawn = table("Reason", "Record", "Where", "Details")
    for kind, of_kind in found.items():
        title = outside(f"{kind.reason} ({of_kind.count})", "bold")
        drawn.add_row(title, "", "", outside(kind.detail))
        for each in of_kind.kept:
            details = outside(own_details(each.details), "dim")
            drawn.add_row("", outside(each.record_id or "-"), outside(each.where), details)
            if excerpts and each.excerpt:
                drawn.add_row("", "", "", outside(each.excerpt, "dim"))
        if more := of_kind.count - len(of_kind.kept):
            drawn.add_row("", outside(f"and {more} more", "dim"), "", "")
    return drawn


def _transactions(found: FileCheck) -> Table:
    drawn = table(*_COLUMNS, right=("amount",), title="The first transactions")
    for transaction in found.first:
        item = transaction.item
        drawn.add_row(*(outside(next(iter(item[name].values()))) for name in _COLUMNS))
    return drawn
