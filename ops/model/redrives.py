"""A redrive of one execution, and what became of it."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from functions.domain.executions import Execution
    from ops.model.deployment import Deployment


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
