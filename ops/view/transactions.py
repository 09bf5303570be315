"""Some transactions as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from functions.domain.plain_text import counted
from ops.view.terminal import outside, table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rich.table import Table

_COLUMNS = ("date", "type", "amount", "merchant", "category", "description")


def transactions_table(items: Sequence[Mapping[str, Any]], *, rows: int = 4) -> Table:
    """The first transactions of a list."""
    shown = items[:rows]
    title = f"{len(shown)} of {counted(len(items), 'transaction')}"
    made = table(*_COLUMNS, right=("amount",), title=title)
    for item in shown:
        made.add_row(*(outside(item.get(column, "")) for column in _COLUMNS))
    return made
