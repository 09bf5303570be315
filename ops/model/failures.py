"""Failed executions: what each failed of, what a redrive would run again, and whether it can."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from functions.aws.failed_state import FailedState, find_failed_state
from functions.domain.causes import plain_cause
from functions.domain.claims import Claim, Content, Precedence, precedence
from functions.domain.executions import FAILED_STATUSES, Execution
from functions.domain.failures import Cure
from functions.domain.plain_text import visible
from functions.domain.service_failures import STEP_FUNCTIONS_MAP_FAILED, explain
from ops.errors import NothingFound, Refused

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ops.model.deployment import Deployment


_BEFORE_THE_CLAIM = {"ResolveJob", "ClaimObject", "ReadClaim"}


@dataclass(frozen=True)
class Obstacle:
    """Why an execution is not to be redriven, and the command that helps instead."""

    reason: str
    instead: str


@dataclass(frozen=True)
class FailedExecution:
    """An execution that did not succeed.

    Attributes:
        failed: Where it failed.
        obstacle: Why it is not to be redriven; None where a redrive continues it.
        redrive: The command that redrives it.
    """

    execution: Execution
    failed: FailedState
    obstacle: Obstacle | None
    redrive: str

    @property
    def name(self) -> str:
        """The last part of its ARN."""
        return self.execution.arn.rpartition(":")[2]

    @property
    def error(self) -> str:
        """Its own error; of a map, its first child's."""
        return self.failed.error_behind(self.execution.error) or self.execution.status

    @property
    def cause(self) -> str:
        """In a sentence, without a stack trace."""
        if self.execution.error == STEP_FUNCTIONS_MAP_FAILED and self.failed.children:
            return self.failed.children[0].cause
        return plain_cause(self.execution.cause)

    @property
    def will_run(self) -> str:
        """What a redrive runs again, for people."""
        items = self.failed.items
        if items is None:
            return f"{self.failed.name}, and what follows it"
        again = items.failed + items.unfinished
        return f"{again} of {items.total} items of {self.failed.name}, and what follows it"

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        items = self.failed.items
        return {
            "execution": self.execution.arn,
            "job": self.execution.job_id,
            "object": self.execution.key,
            "status": self.execution.status,
            "failedState": self.failed.name,
            "error": self.error,
            "cause": self.cause,
            "items": items and vars(items),
            "redriveCount": self.execution.redrive_count,
            "willRun": None if self.obstacle else self.will_run,
            "obstacle": self.obstacle and vars(self.obstacle),
        }


def read_failed(deployed: Deployment, arn: str) -> FailedExecution:
    """Look at one execution.

    Raises:
        NothingFound: there is none with that ARN.
    """
    client = deployed.step_functions
    try:
        execution = describe(deployed, arn)
    except ClientError as error:
        if error.response["Error"]["Code"] in ("ExecutionDoesNotExist", "InvalidArn"):
            raise NothingFound(
                f"On {deployed.place} there is no execution {visible(arn)}. "
                f"`{deployed.command('redrive --job ID')}` finds those of a job."
            ) from error
        raise
    failed = find_failed_state(client, arn)
    obstacle = _obstacle(deployed, execution, failed)
    redrive = deployed.command("redrive", arn.rpartition(":")[2])
    return FailedExecution(execution, failed, obstacle, redrive)


def own_execution(deployed: Deployment, execution: str) -> str:
    """The ARN of an execution by its ARN or name.

    Raises:
        Refused: it is an execution of something else, which a command must not touch.
    """
    if not execution.startswith("arn:"):
        return deployed.execution_arn(execution)
    if execution.startswith(deployed.execution_arn("")):
        return execution
    raise Refused(
        f"{visible(execution)} is no execution of this stack's state machine, "
        f"{deployed.state_machine}: name the stack that it belongs to with --stack."
    )


def failed_since(deployed: Deployment, since: datetime) -> Iterator[str]:
    """ARNs of the machine's executions that failed and started after a time, newest first."""
    for status in sorted(FAILED_STATUSES):
        pages = deployed.step_functions.get_paginator("list_executions").paginate(
            stateMachineArn=deployed.state_machine,
            statusFilter=status,  # type: ignore[arg-type]  # one of the three
        )
        for page in pages:
            for each in page["executions"]:
                if each["startDate"] < since:
                    break  # they come newest first
                yield each["executionArn"]


def is_about(deployed: Deployment, arn: str, job_id: str) -> bool:
    """Whether an execution works on an object of this job."""
    return describe(deployed, arn).job_id == job_id


def describe(deployed: Deployment, arn: str) -> Execution:
    """What Step Functions says of an execution now, with the job that it works for."""
    described = deployed.step_functions.describe_execution(executionArn=arn)
    execution = Execution.model_validate(described)
    key = execution.parsed_key
    return execution.in_job((deployed.job_folders.job_id(key) if key else None) or "")


def _obstacle(deployed: Deployment, execution: Execution, failed: FailedState) -> Obstacle | None:
    replay = deployed.command("replay", execution.job_id or "JOB")
    look = deployed.command("inspect", execution.arn)
    if execution.status not in FAILED_STATUSES:
        ended = "is running" if execution.status == "RUNNING" else "has succeeded"
        return Obstacle(f"The execution {ended}: there is nothing to redrive.", look)
    if owner := _new_owner(deployed, execution, failed):
        return Obstacle(
            "Another execution has the results object since: a redrive would write nothing.",
            deployed.command("inspect", owner),
        )
    explanation = explain(failed.error_behind(execution.error), status=execution.status)
    if explanation.cure is Cure.REPLAY:
        return Obstacle(f"A redrive would fail again. {explanation.meaning}", replay)
    if not execution.is_redrivable:
        reason = execution.redrive_status_reason or "Step Functions does not redrive it"
        return Obstacle(f"It cannot be redriven: {reason}.", replay)
    return None


def _new_owner(deployed: Deployment, execution: Execution, failed: FailedState) -> str | None:
    """Who has the claim, if somebody else has it."""
    if not execution.job_id:
        return None
    claim = deployed.ledger.claim(execution.job_id, execution.key)
    if claim is None or claim.owner == execution.arn:
        return None
    # An execution that failed before its claim may be the first for new content: let it try.
    if failed.name in _BEFORE_THE_CLAIM and _may_claim(claim, execution):
        return None
    return claim.owner


def _may_claim(claim: Claim, execution: Execution) -> bool:
    replays = execution.arrived is not None and execution.arrived.replay is not None
    is_first_since = claim.claimed_at is None or claim.claimed_at <= execution.start_date
    content = Content(execution.etag, execution.sequencer, on_purpose=replays and is_first_since)
    return precedence(claim, content, now=datetime.now(UTC)) is Precedence.CONTENT
