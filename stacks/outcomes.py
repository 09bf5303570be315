"""Rules that record how executions end, search for stuck jobs, and resubmit rejects."""

from typing import Any

from aws_cdk import Duration
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from functions.domain.jobs import SETTLED_JOB_STATUSES, JobStatus
from functions.domain.status_events import DETAIL_TYPE, SOURCE
from stacks import names
from stacks.rules import rule, to_function
from stacks.settings import Settings
from stacks.workers import Workers

#: Names of the rules, after the stack's name.
OUTCOMES = "outcomes"
STUCK_CHECK = "stuck-check"
RESUBMISSION = "resubmission"
TROUBLES = "troubles"

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
        record = to_function(workers.record_outcome.function, dead_letter_queue=dead_letters)
        self.rule = rule(
            self,
            "Rule",
            name=OUTCOMES,
            description="Reports how executions of the state machine ended",
            source="aws.states",
            detail_type="Step Functions Execution Status Change",
            detail=_outcomes_of(names.state_machine_arn(self)),
            target=record,
        )
        rule(
            self,
            "Troubles",
            name=TROUBLES,
            description="Reports what is wrong with the data of jobs",
            source=SOURCE,
            detail_type=DETAIL_TYPE,
            detail=_TROUBLES,
            target=record,
        )
        self.stuck_check = events.Rule(
            self,
            "StuckCheck",
            rule_name=names.rule_name(self, STUCK_CHECK),
            description="Looks for jobs that no event moves on",
            schedule=events.Schedule.rate(self.check_period),
            # No dead-letter queue: the next run does what this one missed.
            targets=[targets.LambdaFunction(workers.find_stuck_jobs.function)],
        )
        self.resubmission: events.Rule | None = None
        if workers.resubmit_rejects is not None:
            self.resubmission = rule(
                self,
                "Resubmission",
                name=RESUBMISSION,
                description="Has the rejects of settled jobs submitted again",
                source=SOURCE,
                detail_type=DETAIL_TYPE,
                detail={"status": sorted(each.value for each in SETTLED_JOB_STATUSES)},
                # No dead-letter queue: docs/adr/0010-resubmission-by-a-function.md.
                target=to_function(workers.resubmit_rejects.function),
            )


def _outcomes_of(state_machine_arn: str) -> dict[str, Any]:
    """Match failed executions of this machine, and all later statuses of redriven ones."""
    return {
        "stateMachineArn": [state_machine_arn],
        "$or": [
            {"status": ["FAILED", "TIMED_OUT", "ABORTED"]},
            {"status": ["RUNNING", "SUCCEEDED"], "redriveCount": [{"numeric": [">", 0]}]},
        ],
    }
