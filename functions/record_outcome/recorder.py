"""Marks claim and job after what became of an execution, and tells people once."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from functions.aws.settlement import JobSettler
from functions.aws.telemetry import MetricUnit, Telemetry
from functions.domain.errors import IngestError
from functions.domain.events import FAILED_STATE_DIMENSION, Event, Metric
from functions.domain.jobs import Job
from functions.domain.object_keys import ResultsKey
from functions.record_outcome.failed_state import FailedState, find_failed_state
from functions.record_outcome.message import Message, failure_message, recovery_message
from functions.record_outcome.status_change import Execution, Outcome, StatusChange

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_stepfunctions import SFNClient


@dataclass(frozen=True)
class OutcomeRecorder:
    """Looks again before it acts: events are best effort, and an execution may be redriven."""

    step_functions: "SFNClient"
    sns: "SNSClient"
    topic: str
    stack: str
    settler: JobSettler
    say: Telemetry
    now: Callable[[], datetime]

    def record(self, change: StatusChange) -> Outcome:
        """Do what the event asks for, if it is still so."""
        described = self.step_functions.describe_execution(executionArn=change.execution)
        execution = Execution.model_validate(described)
        outcome = change.outcome
        current = (execution.status, execution.redrive_count)
        if outcome is not Outcome.NOTHING and current != (change.status, change.redrive_count):
            self.say.info(Event.OUTCOME_OUTDATED, told=change.status, found=execution.status)
            return Outcome.NOTHING
        match outcome:
            case Outcome.FAILED:
                self._failed(execution)
            case Outcome.REDRIVEN:
                self._redriven(execution)
            case Outcome.RECOVERED:
                self._recovered(execution)
            case Outcome.NOTHING:
                pass
        return outcome

    def _failed(self, execution: Execution) -> None:
        failed = find_failed_state(self.step_functions, execution.arn)
        self._mark_failed(execution, failed)
        self._measure(failed)
        self.say.warn(Event.EXECUTION_FAILED, state=failed.name, error=execution.error)
        self._publish(
            failure_message(execution, failed, job_id=_job_id(execution), stack=self.stack)
        )

    def _mark_failed(self, execution: Execution, failed: FailedState) -> None:
        job = self._job(execution)
        if job is None:
            return
        if isinstance(key := execution.parsed_key, ResultsKey):
            self.settler.ledger.fail(
                execution.arn,
                key.job_id,
                key.key,
                failure={"state": failed.name, "error": execution.error},
                now=self.now(),
                redrivable_until=execution.redrivable_until,
            )
        if self.settler.ledger.claims(job.job_id):
            self.settler.settle(job.job_id, job.key)
        else:
            # It failed before it could claim anything, and nothing else was ever claimed.
            self.settler.jobs.mark_failed(job, now=self.now())

    def _redriven(self, execution: Execution) -> None:
        self.say.info(Event.EXECUTION_REDRIVEN, redriveCount=execution.redrive_count)
        key, job = execution.parsed_key, self._job(execution)
        if job is None or not isinstance(key, ResultsKey):
            return
        if self.settler.ledger.resume(execution.arn, key.job_id, key.key, now=self.now()):
            self.settler.settle(job.job_id, job.key)

    def _recovered(self, execution: Execution) -> None:
        self.say.info(Event.EXECUTION_RECOVERED, redriveCount=execution.redrive_count)
        self._publish(recovery_message(execution, job_id=_job_id(execution), stack=self.stack))

    def _job(self, execution: Execution) -> Job | None:
        """The job's record, if there is one to mark; that there is none may be the failure."""
        try:
            return self.settler.jobs.find(_job_id(execution)) if execution.parsed_key else None
        except IngestError:
            return None

    def _measure(self, failed: FailedState) -> None:
        self.say.count(Metric.EXECUTION_FAILURES, 1)
        self.say.metrics.flush_metrics()
        self.say.metrics.add_dimension(name=FAILED_STATE_DIMENSION, value=failed.name)
        self.say.metrics.add_metric(
            name=Metric.EXECUTION_FAILURES.value, unit=MetricUnit.Count, value=1
        )
        self.say.metrics.flush_metrics()

    def _publish(self, message: Message) -> None:
        self.sns.publish(TopicArn=self.topic, Subject=message.subject, Message=message.text)


def _job_id(execution: Execution) -> str:
    key = execution.parsed_key
    return key.job_id if key else ""
