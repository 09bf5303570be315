"""How many executions of the state machine run."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from functions.domain.executions import ENDED_STATUSES, Execution

if TYPE_CHECKING:
    from ops.model.deployment import Deployment

_MOST = 1000
"""Executions of one page of ListExecutions. More than these are not counted."""


@dataclass
class Running:
    """The running executions: those that are listed, and those started here a moment ago.

    ListExecutions and DescribeExecution are eventually consistent: an execution that was just
    started or redriven may be missing, or be described as it was before. It counts as running until
    its end is described.
    """

    deployed: Deployment
    _own: dict[str, int] = field(default_factory=dict, init=False)

    def note(self, arn: str, *, redrives: int = 0) -> None:
        """Count an execution that was started here, or redriven this many times."""
        self._own[arn] = redrives

    def count(self) -> int:
        """How many run."""
        listed = self._listed()
        for arn in [each for each in self._own if each not in listed]:
            if self._has_ended(arn, self._own[arn]):
                del self._own[arn]
        return len(listed | self._own.keys())

    def _listed(self) -> set[str]:
        page = self.deployed.step_functions.list_executions(
            stateMachineArn=self.deployed.state_machine, statusFilter="RUNNING", maxResults=_MOST
        )
        return {each["executionArn"] for each in page["executions"]}

    def _has_ended(self, arn: str, redrives: int) -> bool:
        try:
            described = self.deployed.step_functions.describe_execution(executionArn=arn)
        except ClientError as error:
            if error.response["Error"]["Code"] != "ExecutionDoesNotExist":
                raise
            return False
        execution = Execution.model_validate(described)
        return (
            not execution.is_older_than("RUNNING", redrives) and execution.status in ENDED_STATUSES
        )
