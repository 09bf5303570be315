"""A job of which no failed execution was found: its status, and the executions that ingested it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from functions.aws.unclaimed import claims_that_count
from functions.domain.claims import ClaimState
from functions.domain.jobs import JobStatus
from functions.domain.plain_text import counted, visible
from ops.model.job_records import read_job_record

if TYPE_CHECKING:
    from ops.model.deployment import Deployment

_NAMED: Final = 3
_SETTLED: Final = {JobStatus.COMPLETED, JobStatus.PARTIALLY_COMPLETED}


def nothing_to_redrive(deployed: Deployment, job_id: str) -> str | None:
    """Why nothing of a job is to be redriven, in a sentence; None if it has failed, or is unknown.

    Args:
        deployed: Where.
        job_id: Which.
    """
    record = read_job_record(deployed, job_id)
    claims = claims_that_count(deployed.ledger, job_id)
    status = str((record or {}).get("status", ""))
    if record is None or status == JobStatus.FAILED:
        return None
    if any(claim.state is ClaimState.FAILED for claim in claims):
        return None
    since = f" since {visible(record['completedAt'])}" if _is_settled(status, record) else ""
    executions = sorted({claim.owner.rpartition(":")[2] for claim in claims})
    named = ", ".join(map(visible, executions[:_NAMED]))
    more = len(executions) - _NAMED
    by = f", by the execution{'s' if len(executions) > 1 else ''} {named}" if executions else ""
    rest = f" and {counted(more, 'other')}" if more > 0 else ""
    return (
        f"Nothing of job {visible(job_id)} is to be redriven: it is "
        f"{visible(status) or 'not begun'}{since}{by}{rest}. "
        f"`{deployed.command('inspect', job_id)}` shows it."
    )


def _is_settled(status: str, record: object) -> bool:
    return status in _SETTLED and isinstance(record, dict) and "completedAt" in record
