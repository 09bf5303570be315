"""The pace at which executions are started or redriven: a rate, and a bound at a time."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from functions.domain.executions import ENDED_STATUSES, Execution

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ops.model.deployment import Deployment

_MOST = 1000
"""Executions of one page of ListExecutions. More than these are not counted."""
LOOK_SECONDS = 1.0
"""Between two looks at what runs: ListExecutions is refilled by 5 calls a second in the smaller
regions (https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html)."""


@dataclass
class Pace:
    """Says how long to wait before the next start.

    Attributes:
        rate: Starts a second.
        at_a_time: How many may run.
        running: How many run now; asked only where no place is known to be free.
        clock: Seconds, monotonic.
    """

    rate: float
    at_a_time: int
    running: Callable[[], int]
    clock: Callable[[], float] = time.monotonic
    _free: int = field(default=0, init=False)
    _next: float = field(default=0.0, init=False)

    def pauses(self) -> Iterator[float]:
        """Yield the seconds to wait, one pause after the other, before the next start."""
        while self._free < 1:
            self._free = self.at_a_time - self.running()
            if self._free < 1:
                yield LOOK_SECONDS
        self._free -= 1
        if (pause := self._next - self.clock()) > 0:
            yield pause
        self._next = max(self._next, self.clock()) + 1 / self.rate


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
