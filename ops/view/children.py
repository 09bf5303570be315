"""The view of a map's children that failed or were tried again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from functions.domain.attempts import tried
from ops.view.terminal import outside, table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.table import Table

    from ops.model.map_children import Child


def children_table(children: Sequence[Child]) -> Table:
    """One line a child."""
    named = ("Failed or tried again", "Status")
    made = table(*named, "Attempts", whole=named)
    for child in children:
        made.add_row(
            outside(f"{child.state}, {child.item}"),
            outside(child.status, "red" if child.has_failed else ""),
            outside(tried(child.attempts) or child.error),
        )
    return made


def as_json(child: Child) -> dict[str, Any]:
    """The output of `--json`."""
    return {
        "execution": child.arn,
        "state": child.state,
        "item": child.item,
        "status": child.status,
        "error": child.error,
        "attempts": [
            {
                "started": each.started.isoformat(),
                "ended": each.ended and each.ended.isoformat(),
                "error": each.error,
            }
            for each in child.attempts
        ],
    }
