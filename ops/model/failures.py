"""Failed executions: where and why each failed, and what a redrive would run again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from functions.aws.failed_state import FailedState, find_failed_state
from functions.aws.runtime.service_errors import is_any
from functions.domain.causes import plain_cause
from functions.domain.executions import FAILED_STATUSES, Execution
from functions.domain.plain_text import counted, visible
from functions.domain.service_failures import explain
from ops.errors import NothingFound, Refused
from ops.model.history import NO_SUCH_EXECUTION
from ops.model.obstacles import Obstacle, find_obstacle

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from functions.domain.failures import Explanation
    from ops.model.deployment import Deployment
    from ops.model.job_report import JobReport


_FORGOTTEN = timedelta(days=90)
"""How long Step Functions keeps an execution that has ended.

https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
"""
_PAGE_EXECUTIONS = 1000


@dataclass(frozen=True)
class FailedExecution:
    """An execution that did not succeed.

    Attributes:
        cause: A sentence, without a stack trace.
        advice: What that means, and what cures it.
        obstacle: None where a redrive continues it.
        redrive: The command that does.
    """

    execution: Execution
    failed: FailedState
    cause: str
    advice: str
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
    def explanation(self) -> Explanation:
        """What its error means, and what cures it."""
        return explain(self.error, status=self.execution.status)

    @property
    def is_explained(self) -> bool:
        """Whether its cause contains the explanation, as this system's own errors do."""
        return self.advice in self.cause

    @property
    def is_open(self) -> bool:
        """Whether it failed and is still to be cured."""
        return self.obstacle is None or self.obstacle.leaves_work

    @property
    def will_run(self) -> str:
        """What a redrive runs again, for people."""
        items = self.failed.items
        if items is None:
            return f"{self.failed.name}, and what follows it"
        again = items.failed + items.unfinished
        return (
            f"{again} of {counted(items.total, 'item')} of {self.failed.name}, and what follows it"
        )

    def as_json(self) -> dict[str, Any]:
        """The output of `--json`."""
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
    """Look at the execution of an ARN; NothingFound without one."""
    try:
        execution = describe(deployed, arn)
    except ClientError as error:
        if is_any(error, NO_SUCH_EXECUTION):
            raise NothingFound(
                f"On {deployed.place} there is no execution {visible(arn.rpartition(':')[2])}. "
                f"`{deployed.command('redrive --job ID')}` finds those of a job."
            ) from error
        raise
    failed = find_failed_state(deployed.step_functions, arn)
    name, cause = failed.behind(execution.error, plain_cause(execution.cause))
    filled_in = partial(deployed.filled_in, job_id=execution.job_id, key=execution.key)
    return FailedExecution(
        execution=execution,
        failed=failed,
        cause=filled_in(cause),
        advice=filled_in(explain(name, status=execution.status).sentence),
        obstacle=find_obstacle(deployed, execution, failed),
        redrive=deployed.command("redrive", execution.arn.rpartition(":")[2]),
    )


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
        f"{visible(execution)} is not an execution of this stack's state machine, "
        f"{deployed.state_machine}: name the stack that it belongs to with --stack."
    )


def failed_since(deployed: Deployment, since: datetime) -> Iterator[str]:
    """ARNs of the machine's executions that failed since a time, whenever they started.

    An execution is listed by its start, but it may have been redriven since and failed again.
    """
    for status in sorted(FAILED_STATUSES):
        pages = deployed.step_functions.get_paginator("list_executions").paginate(
            stateMachineArn=deployed.state_machine,
            statusFilter=status,  # type: ignore[arg-type]  # one of the three
            PaginationConfig={"PageSize": _PAGE_EXECUTIONS},
        )
        for each in (each for page in pages for each in page["executions"]):
            latest = _last_change(each)
            if latest < since - _FORGOTTEN:
                break  # they come newest first
            if latest >= since:
                yield each["executionArn"]


def _last_change(listed: Mapping[str, Any]) -> datetime:
    """When an execution was last started, redriven or stopped."""
    times = (listed.get(name) for name in ("startDate", "redriveDate", "stopDate"))
    latest: datetime = max(filter(None, times))
    return latest


def is_about(deployed: Deployment, arn: str, job_id: str) -> bool:
    """Whether an execution works on an object of this job."""
    return describe(deployed, arn).job_id == job_id


def describe(deployed: Deployment, arn: str) -> Execution:
    """An execution as Step Functions describes it now, with its job."""
    described = deployed.step_functions.describe_execution(executionArn=arn)
    execution = Execution.model_validate(described)
    ended = execution.ended
    return execution.in_job(ended.job_id if ended else deployed.job_of(execution.key))


def why(deployed: Deployment, report: JobReport) -> FailedExecution | None:
    """Why the execution that is shown failed, if it did."""
    shown = report.history
    return read_failed(deployed, shown.arn) if shown is not None and shown.has_failed else None
