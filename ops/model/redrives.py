"""A redrive of one execution; and why nothing of a job is to be redriven."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from botocore.exceptions import ClientError

from functions.aws.unclaimed import claims_that_count
from functions.domain.claims import ClaimState
from functions.domain.jobs import SETTLED_JOB_STATUSES, JobStatus
from functions.domain.plain_text import counted, visible
from ops.model.job_records import read_job_record

if TYPE_CHECKING:
    from functions.domain.executions import Execution
    from ops.model.deployment import Deployment

_NAMED: Final = 3


@dataclass(frozen=True)
class Redriven:
    """An execution that was redriven, and its state.

    Attributes:
        redrives: How often it was redriven before.
        refusal: Why Step Functions did not redrive it after all.
    """

    arn: str
    status: str
    redrives: int
    refusal: str | None = None

    @property
    def has_failed(self) -> bool:
        """Whether it did not succeed."""
        return self.refusal is not None or self.status not in ("RUNNING", "SUCCEEDED")


def redrive_execution(deployed: Deployment, execution: Execution) -> Redriven:
    """Redrive one; with a token, so that a repeated request is not a second redrive."""
    arn, redrives = execution.arn, execution.redrive_count
    try:
        deployed.step_functions.redrive_execution(executionArn=arn, clientToken=uuid.uuid4().hex)
    except ClientError as error:
        if error.response["Error"]["Code"] != "ExecutionNotRedrivable":
            raise
        # It was redriven by another command, or its two weeks ended this minute.
        return Redriven(arn, execution.status, redrives, str(error))
    return Redriven(arn, "RUNNING", redrives)


def nothing_to_redrive(deployed: Deployment, job_id: str) -> str | None:
    """Why nothing of a job is to be redriven, in a sentence; None if it failed or is unknown."""
    record = read_job_record(deployed, job_id)
    claims = claims_that_count(deployed.ledger, job_id)
    if record is None or (status := str(record.get("status", ""))) == JobStatus.FAILED:
        return None
    if any(claim.state is ClaimState.FAILED for claim in claims):
        return None
    is_settled = status in SETTLED_JOB_STATUSES and "completedAt" in record
    since = f" since {visible(record['completedAt'])}" if is_settled else ""
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
