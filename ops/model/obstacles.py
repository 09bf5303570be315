"""Why a failed execution cannot be redriven, and what helps instead."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from functions.domain.claims import Claim, Content, Precedence, precedence
from functions.domain.executions import FAILED_STATUSES
from functions.domain.failures import Cure, Failure
from functions.domain.service_failures import explain

if TYPE_CHECKING:
    from functions.aws.failed_state import FailedState
    from functions.domain.executions import Execution
    from functions.domain.failures import Explanation
    from ops.model.deployment import Deployment

_BEFORE_THE_CLAIM = {"ResolveJob", "ClaimObject", "ReadClaim"}


@dataclass(frozen=True)
class Obstacle:
    """Why an execution is not to be redriven.

    Attributes:
        instead: The command that helps, or shows more.
        leaves_work: Whether something is still to be done about the failure. Not where another
            execution has the results object, or where no cure exists for this execution.
    """

    reason: str
    instead: str
    leaves_work: bool = True


def find_obstacle(
    deployed: Deployment, execution: Execution, failed: FailedState
) -> Obstacle | None:
    """The obstacle to a redrive; None if a redrive continues the execution."""
    look = deployed.command("inspect", execution.arn)
    if execution.status not in FAILED_STATUSES:
        ended = "is running" if execution.status == "RUNNING" else "has succeeded"
        return Obstacle(f"The execution {ended}: there is nothing to redrive.", look)
    error = failed.error_behind(execution.error)
    if owner := _new_owner(deployed, execution, failed, error):
        return Obstacle(
            "Another execution has taken the results object over: a redrive would write nothing.",
            deployed.command("inspect", owner),
            leaves_work=False,
        )
    return _in_the_error(deployed, execution, explain(error, status=execution.status))


def _in_the_error(
    deployed: Deployment, execution: Execution, explanation: Explanation
) -> Obstacle | None:
    """The obstacle that the failure itself is, or the execution's age."""
    replay = deployed.replay(execution.job_id, execution.key)
    again = f"A redrive would fail again. {explanation.meaning}"
    match explanation.cure:
        case Cure.NEW_EVENT:
            reason = f"Neither a redrive nor a replay can cure it. {explanation.meaning}"
            look = deployed.command("inspect", execution.arn)
            return Obstacle(reason, look, leaves_work=False)
        case Cure.REPLAY:
            return Obstacle(again, replay)
        case Cure.DECISION:
            return Obstacle(again, deployed.command("rejects", execution.job_id or "JOB"))
        case Cure.REDRIVE if not execution.is_redrivable:
            reason = execution.redrive_status_reason or "Step Functions does not redrive it"
            return Obstacle(f"It cannot be redriven: {reason}.", replay)
        case Cure.REDRIVE:
            return None


def _new_owner(
    deployed: Deployment, execution: Execution, failed: FailedState, error: str
) -> str | None:
    """The execution that has the claim instead of this one."""
    if not execution.job_id or not execution.key:
        return None
    claim = deployed.ledger.claim(execution.job_id, execution.key)
    if claim is None or claim.owner == execution.arn:
        return None
    if error == Failure.RESULTS_OBJECT_CHANGED and claim.etag != execution.etag:
        return claim.owner  # the content that replaced its own is claimed
    # An execution that failed before its claim may be the first for new content: it may claim.
    if failed.name in _BEFORE_THE_CLAIM and _may_claim(claim, execution):
        return None
    return claim.owner


def _may_claim(claim: Claim, execution: Execution) -> bool:
    replays = execution.arrived is not None and execution.arrived.replay is not None
    is_first_since = claim.claimed_at is None or claim.claimed_at <= execution.start_date
    content = Content(execution.etag, execution.sequencer, on_purpose=replays and is_first_since)
    return precedence(claim, content, now=datetime.now(UTC)) is Precedence.CONTENT
