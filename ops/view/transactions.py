"""Some transactions as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.table import Table

from functions.domain.plain_text import counted
from ops.view.terminal import outside

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_COLUMNS = ("date", "type", "amount", "merchant", "category", "description")


def transactions_table(items: Sequence[Mapping[str, Any]], *, rows: int = 4) -> Table:
    """The first transactions by date."""
    shown = sorted(items, key=lambda item: (item["date"], item["transactionId"]))[:rows]
    table = Table(
        box=None,
        pad_edge=False,
        header_style="dim",
        title=f"{len(shown)} of {counted(len(items), 'transaction')}",
        title_justify="left",
        title_style="bold",
    )
    for column in _COLUMNS:
        justify = "right" if column == "amount" else "left"
        table.add_column(column, justify=justify, overflow="fold")  # type: ignore[arg-type]
    for item in shown:
        table.add_row(*(outside(item.get(column, "")) for column in _COLUMNS))
    return table
