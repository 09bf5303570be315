"""An estimate on the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions.domain.plain_text import counted
from ops.model.estimating.prices import DATE, REGION
from ops.view.durations import rough
from ops.view.terminal import table, visible

if TYPE_CHECKING:
    from rich.table import Table

    from ops.model.estimating.estimate import Estimate

_CENT = 0.01


def summary(found: Estimate) -> str:
    """Say the estimate in a sentence."""
    if not found.records:
        return "Estimate: there is no record, so nothing is to be loaded."
    about = "about " if found.is_sampled else ""
    return (
        f"Estimate: {about}{_counted(found.records, 'record')}, "
        f"{_counted(found.images, 'image')} to move; "
        f"about {rough(found.seconds)}, {dollars(found.requests.cost)} at list prices "
        f"({REGION}, {DATE}). Settings: {visible(found.settings)}."
    )


def costs_table(found: Estimate) -> Table:
    """Show the estimate by service."""
    drawn = table("Service", "What is billed", "US$", right=("US$",))
    billed = _billed(found)
    for service, cost in found.requests.costs.items():
        drawn.add_row(service, billed[service], dollars(cost))
    drawn.add_row("in all", "", dollars(found.requests.cost), style="bold")
    return drawn


def _billed(found: Estimate) -> dict[str, str]:
    each = found.requests
    return {
        "Step Functions": _counted(each.transitions, "state transition"),
        "Lambda": f"{_counted(each.calls, 'call')}, {each.gigabyte_seconds:,.0f} GB-s",
        "DynamoDB": (
            f"{_counted(each.write_units, 'write unit')}, {_counted(each.read_units, 'read unit')}"
        ),
        "S3": f"{each.s3_writes:,.0f} PUT, COPY and LIST, {each.s3_reads:,.0f} GET and HEAD",
        "CloudWatch Logs": f"{each.log_bytes / 1e6:,.2f} MB",
        "EventBridge": _counted(each.events, "event"),
    }


def _counted(number: float, noun: str) -> str:
    return counted(round(number), noun)


def dollars(cost: float) -> str:
    """`$1.23`; small sums with as many digits as say something."""
    return f"${cost:,.2f}" if cost >= 1 else f"${cost:.4f}" if cost >= _CENT else f"${cost:.6f}"
