"""Mark claim and job with an execution's outcome, and publish one message about it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from functions.aws.failed_state import FailedState, find_failed_state
from functions.aws.runtime.telemetry import MetricUnit, Telemetry
from functions.domain.events import FAILED_STATE_DIMENSION, Event, Metric
from functions.domain.executions import FAILED_STATUSES, Execution, Outcome, StatusChange
from functions.record_outcome.announcements import Announcements, about_execution
from functions.record_outcome.marking import OutcomeMarker
from functions.record_outcome.message import (
    Message,
    failure_message,
    recovery_message,
    redriven_message,
)

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_stepfunctions import SFNClient

WAITS: Final = (1.0, 2.0, 4.0, 8.0)
"""Seconds before Step Functions is asked again, while its answer is older than what is known."""


class DescriptionOutdated(Exception):  # noqa: N818  it passes by itself
    """Step Functions describes an execution as it was before the event; ask again later."""


class Composer(Protocol):
    """Writes a message about an execution."""

    def __call__(self, execution: Execution, *, stack: str) -> Message:
        """The message."""


@dataclass(frozen=True)
class OutcomeRecorder:
    """Re-reads the execution before it acts: events can be late, executions can be redriven."""

    step_functions: "SFNClient"
    sns: "SNSClient"
    topic: str
    stack: str
    marker: OutcomeMarker
    announcements: Announcements
    log: Telemetry
    sleep: Callable[[float], None]

    def record(self, change: StatusChange) -> Outcome:
        """Record the event's outcome, if it still holds; marking twice changes nothing.

        Raises:
            DescriptionOutdated: so that Lambda tries the event again, after one and two minutes.
        """
        outcome = change.outcome
        if outcome is Outcome.NOTHING:
            return outcome
        execution = self._describe(change.execution, change.status, change.redrive_count)
        if not execution.is_as(change.status, change.redrive_count):
            self.log.info(Event.OUTCOME_OUTDATED, announced=change.status, found=execution.status)
            return Outcome.NOTHING
        match outcome:
            case Outcome.FAILED:
                self._failed(execution)
            case Outcome.REDRIVEN:
                self.marker.redriven(execution)
                self._follow(execution)
                self._tell(Event.EXECUTION_REDRIVEN, execution, redriven_message)
            case Outcome.RECOVERED:
                self._tell(Event.EXECUTION_RECOVERED, execution, recovery_message)
        return outcome

    def _failed(self, execution: Execution) -> None:
        failed = find_failed_state(self.step_functions, execution.arn)
        self.marker.failed(execution, state=failed.name)
        self._follow(execution)
        row = about_execution(execution)
        self.announcements.once(row, lambda: self._tell_failure(execution, failed))

    def _follow(self, marked: Execution) -> None:
        """Re-read the execution after every mark, and mark again until nothing has changed.

        An execution may be redriven, fail again or end while it is marked, and the events of that
        may be processed before the mark is written.
        """
        arn = marked.arn
        while True:
            now = self._describe(arn, marked.status, marked.redrive_count)
            if now.is_as(marked.status, marked.redrive_count):
                return
            if now.status in FAILED_STATUSES:
                self.marker.failed(now, state=find_failed_state(self.step_functions, arn).name)
            elif now.status == "RUNNING":
                self.marker.redriven(now)
            else:
                self.marker.recovered(now)
            marked = now

    def _tell_failure(self, execution: Execution, failed: FailedState) -> None:
        for wait in WAITS:
            if not failed.lacks_children(execution.error):
                break
            self.sleep(wait)
            failed = find_failed_state(self.step_functions, execution.arn)
        self.log.warn(
            Event.EXECUTION_FAILED,
            state=failed.name,
            error=execution.error or execution.status,
            **self.marker.log_ids(execution),
        )
        self.publish(failure_message(execution, failed, stack=self.stack))
        self._measure(failed)

    def _tell(self, event: Event, execution: Execution, compose: Composer) -> None:
        def tell() -> None:
            ids = self.marker.log_ids(execution)
            self.log.info(event, redriveCount=execution.redrive_count, **ids)
            self.publish(compose(execution, stack=self.stack))

        self.announcements.once(about_execution(execution), tell)

    def _describe(self, arn: str, status: str, redrive_count: int) -> Execution:
        """The execution now; it must have reached this status and redrive count."""
        waits = iter(WAITS)
        while True:
            described = self.step_functions.describe_execution(executionArn=arn)
            execution = Execution.model_validate(described)
            if not execution.is_older_than(status, redrive_count):
                return self.marker.place(execution)
            if (wait := next(waits, None)) is None:
                break
            self.sleep(wait)
        raise DescriptionOutdated(
            f"{arn}: {execution.status} after {execution.redrive_count} redrives, but"
            f" {status} after {redrive_count} is known"
        )

    def _measure(self, failed: FailedState) -> None:
        """Count it under its state, which its alarm watches, and over all states."""
        metrics = self.log.metrics
        for state in ("", failed.name):
            if state:
                metrics.add_dimension(name=FAILED_STATE_DIMENSION, value=state)
            metrics.add_metric(name=Metric.EXECUTION_FAILURES.value, unit=MetricUnit.Count, value=1)
            metrics.flush_metrics()

    def publish(self, message: Message) -> None:
        """Publish to the topic."""
        self.sns.publish(TopicArn=self.topic, Subject=message.subject, Message=message.text)
