"""Rules that record how executions end, search for stuck jobs, and resubmit rejects."""

from typing import Any

from aws_cdk import Duration
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from functions.domain.jobs import JobStatus
from functions.domain.status_events import DETAIL_TYPE, SOURCE
from stacks import names
from stacks.queues_and_logs import DELIVERY_AGE, DELIVERY_ATTEMPTS
from stacks.settings import Settings
from stacks.worker import Worker
from stacks.workers import Workers

#: What the rules are called, after the stack's name.
OUTCOMES = "outcomes"
STUCK_CHECK = "stuck-check"
RESUBMISSION = "resubmission"
TROUBLES = "troubles"

_SETTLED = [each.value for each in JobStatus if each.is_settled]
_TROUBLES = {
    "$or": [
        {"status": [JobStatus.FAILED.value, JobStatus.PARTIALLY_COMPLETED.value]},
        *(
            {"resultStats": {name: [{"numeric": [">", 0]}]}}
            for name in ("failureCount", "missingCount", "unexpectedCount", "imagesLeft")
        ),
    ],
}
"""RecordOutcome decides which of these are worth a message."""


class Outcomes(Construct):
    """The rule on the ends of executions, and the schedule of the search for stuck jobs.

    With `autoResubmitRecords` also the rule on this system's status events: `resubmission`.

    Status changes come at best effort, and a lost event leaves no trace: the one is backed by
    alarms on the machine's own metrics, the other by the schedule.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        dead_letters: sqs.IQueue,
        settings: Settings,
        workers: Workers,
    ) -> None:
        super().__init__(scope, construct_id)
        self.dead_letters = dead_letters
        self.check_period = Duration.minutes(settings.stuck_check_minutes)
        self.rule = events.Rule(
            self,
            "Rule",
            rule_name=names.rule_name(self, OUTCOMES),
            description="Tells how executions of the state machine ended",
            event_pattern=events.EventPattern(
                source=["aws.states"],
                detail_type=["Step Functions Execution Status Change"],
                detail=_outcomes_of(names.state_machine_arn(self)),
            ),
            targets=[self._record(workers, dead_letters)],
        )
        self.troubles = events.Rule(
            self,
            "Troubles",
            rule_name=names.rule_name(self, TROUBLES),
            description="Tells what is wrong with the data of jobs",
            event_pattern=events.EventPattern(
                source=[SOURCE], detail_type=[DETAIL_TYPE], detail=_TROUBLES
            ),
            targets=[self._record(workers, dead_letters)],
        )
        self.stuck_check = events.Rule(
            self,
            "StuckCheck",
            rule_name=names.rule_name(self, STUCK_CHECK),
            description="Looks for jobs that no event moves on",
            schedule=events.Schedule.rate(self.check_period),
            # No dead letters: the next run does what this one missed.
            targets=[targets.LambdaFunction(workers.find_stuck_jobs.function)],
        )
        resubmit = workers.resubmit_rejects
        self.resubmission = None if resubmit is None else self._resubmission(resubmit)

    def _record(self, workers: Workers, dead_letters: sqs.IQueue) -> targets.LambdaFunction:
        return targets.LambdaFunction(
            workers.record_outcome.function,
            dead_letter_queue=dead_letters,
            max_event_age=DELIVERY_AGE,
            retry_attempts=DELIVERY_ATTEMPTS,
        )

    def _resubmission(self, worker: Worker) -> events.Rule:
        return events.Rule(
            self,
            "Resubmission",
            rule_name=names.rule_name(self, RESUBMISSION),
            description="Has the rejects of settled jobs submitted again",
            event_pattern=events.EventPattern(
                source=[SOURCE],
                detail_type=[DETAIL_TYPE],
                detail={"status": _SETTLED},
            ),
            # No dead letters: an alarm rings, the rejects stay open, and `ingest resubmit` submits
            # them (docs/adr/0010-resubmission-by-a-function.md).
            targets=[
                targets.LambdaFunction(
                    worker.function, max_event_age=DELIVERY_AGE, retry_attempts=DELIVERY_ATTEMPTS
                )
            ],
        )


def _outcomes_of(state_machine_arn: str) -> dict[str, Any]:
    """Failures of this machine's executions, and what becomes of those that are redriven."""
    return {
        "stateMachineArn": [state_machine_arn],
        "$or": [
            {"status": ["FAILED", "TIMED_OUT", "ABORTED"]},
            {"status": ["RUNNING", "SUCCEEDED"], "redriveCount": [{"numeric": [">", 0]}]},
        ],
    }
