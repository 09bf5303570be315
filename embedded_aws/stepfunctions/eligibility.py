"""Which executions can be redriven.

AWS (Step Functions guide, "redrive-executions", "redrive-map-run"; API reference,
DescribeExecution): unsuccessful executions, for 14 days from their end and within a year of their
start, with fewer than 24,999 events. A map's child is REDRIVABLE_BY_MAP_RUN: its parent is
redriven. The reasons are AWS's sentences.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from embedded_aws.stepfunctions.limits import HISTORY_EVENTS

if TYPE_CHECKING:
    from embedded_aws.stepfunctions.store import Execution

REDRIVABLE = "REDRIVABLE"
NOT_REDRIVABLE = "NOT_REDRIVABLE"
REDRIVABLE_BY_MAP_RUN = "REDRIVABLE_BY_MAP_RUN"

_PERIOD = timedelta(days=14)
_MAX_OPEN_TIME = timedelta(days=365)


def redrive_status(execution: Execution) -> tuple[str, str | None]:
    """The redriveStatus of an execution and, when it is NOT_REDRIVABLE, the reason."""
    reason = _obstacle(execution)
    if reason is not None:
        return NOT_REDRIVABLE, reason
    return (REDRIVABLE_BY_MAP_RUN if execution.map_run else REDRIVABLE), None


def _obstacle(execution: Execution) -> str | None:
    if execution.status not in ("FAILED", "TIMED_OUT", "ABORTED") or execution.stopped is None:
        return f"Execution is {execution.status} and cannot be redriven"
    if len(execution.events) >= HISTORY_EVENTS - 1:
        return "Execution history event limit exceeded"
    now = datetime.now(UTC)
    if now - datetime.fromisoformat(execution.started) > _MAX_OPEN_TIME:
        return "Execution has exceeded the max execution time"
    if now - datetime.fromisoformat(execution.stopped) > _PERIOD:
        return "Execution redrivable period exceeded"
    return None
