"""Alarms and dashboard: every failure path of the system ends in an alarm here."""

import re

from aws_cdk import Duration
from aws_cdk import aws_events as events
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from functions.domain.events import Metric
from functions.domain.failures import Failure
from stacks.definition import Definition
from stacks.observability import metrics
from stacks.observability.alarms import Alarms, Urgency
from stacks.observability.dashboard import Dashboard
from stacks.outcomes import Outcomes
from stacks.settings import Settings
from stacks.storage import BY_DATE_INDEX, Storage
from stacks.worker import Worker
from stacks.workers import Workers
from stacks.workflow import Workflow

ACT, LOOK = Urgency.ACT, Urgency.LOOK

#: Share of its time limit that a function must not reach: workers end their work before.
_TIME_LIMIT_SHARE = 0.97


class Observability(Construct):
    """Alarms for all that can go wrong, one that sums up, and a dashboard."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        outcomes: Outcomes,
        settings: Settings,
        storage: Storage,
        topic: sns.ITopic,
        workers: Workers,
        workflow: Workflow,
    ) -> None:
        super().__init__(scope, construct_id)
        self._settings = settings
        self.alarms = Alarms(self, "Alarms", runbook_url=settings.runbook_url, topic=topic)
        self._watch_executions(workflow.state_machine)
        self._watch_states(workflow.definition)
        self._watch_trigger(workflow)
        self._watch_ended_jobs(workflow)
        self._watch_outcomes(outcomes, workers.record_outcome.function)
        if outcomes.resubmission is not None:
            self._watch_resubmission(outcomes.resubmission)
        for worker in workers.all:
            self._watch_function(worker, ends_loudly=worker in workers.called_by_events)
        self._watch_data()
        self._watch_throttles(storage)
        self.alarms.summarize(
            "someone-must-act",
            meaning="Results are blocked or lost until a person acts; other alarms say which.",
        )
        if settings.alarm_email:
            subscription = topic.add_subscription(
                subscriptions.EmailSubscription(settings.alarm_email)
            )
            # Last, so that the summary's first OK is not sent: its creation is one.
            subscription.node.add_dependency(self.alarms.summary)
        Dashboard(
            self,
            "Dashboard",
            alarms=self.alarms,
            outcomes=outcomes,
            runbook_url=settings.runbook_url,
            storage=storage,
            workers=workers,
            workflow=workflow,
        )

    def _watch_executions(self, machine: sfn.StateMachine) -> None:
        self.alarms.add(
            "executions-failed",
            machine.metric_failed(period=metrics.MINUTE, statistic=metrics.SUM),
            meaning="An execution failed. Its message names job, state, cause and cure.",
            urgency=ACT,
        )
        self.alarms.add(
            "executions-timed-out",
            machine.metric_timed_out(period=metrics.MINUTE, statistic=metrics.SUM),
            meaning="An execution took longer than a day and was ended. A redrive continues it.",
            urgency=ACT,
        )
        self.alarms.add(
            "executions-aborted",
            machine.metric_aborted(period=metrics.MINUTE, statistic=metrics.SUM),
            meaning="An execution was stopped by hand. A redrive continues it.",
            urgency=ACT,
        )
        self.alarms.add(
            "executions-throttled",
            machine.metric_throttled(period=metrics.MINUTE, statistic=metrics.SUM),
            meaning="Step Functions slowed down state transitions or starts of executions.",
            urgency=LOOK,
        )
        limit = Duration.minutes(self._settings.execution_minutes_alarm)
        self.alarms.add(
            "execution-slow",
            machine.metric_time(period=metrics.MINUTE, statistic=metrics.MAXIMUM),
            meaning=f"An execution took longer than {limit.to_minutes():.0f} minutes.",
            urgency=LOOK,
            over=limit.to_milliseconds(),
        )

    def _watch_states(self, definition: Definition) -> None:
        """An alarm for each state that an execution can fail in."""
        for state in definition.work:
            self._watch_state(
                state,
                meaning=f"An execution failed in the state {state}: once the"
                " cause is gone, a redrive continues it there.",
            )
        for state in definition.verdicts:
            self._watch_state(state, meaning=Failure(state).explanation.sentence)

    def _watch_state(self, state: str, *, meaning: str) -> None:
        self.alarms.add(
            f"state-{_kebab_case(state)}",
            metrics.own(self, Metric.EXECUTION_FAILURES, failed_state=state),
            meaning=meaning,
            # executions-failed rings for the same failure, and its message names the state.
            urgency=Urgency.SILENT,
            page="state-failed",
        )

    def _watch_trigger(self, workflow: Workflow) -> None:
        self.alarms.add(
            "trigger-dead-letters",
            metrics.waiting(workflow.trigger_dead_letters),
            meaning="Results arrived that no execution was started for.",
            urgency=ACT,
        )
        self.alarms.add(
            "trigger-failed-invocations",
            metrics.rule(workflow.trigger, "FailedInvocations"),
            meaning="EventBridge could not start an execution and gave up, or may not start any.",
            urgency=ACT,
        )
        self.alarms.add(
            "trigger-events-lost",
            metrics.rule(workflow.trigger, "InvocationsFailedToBeSentToDlq"),
            meaning="Results arrived, no execution was started, and the event is not in the"
            " dead-letter queue either.",
            urgency=ACT,
        )
        self.alarms.add(
            "trigger-throttled",
            metrics.rule(workflow.trigger, "ThrottledRules"),
            meaning="EventBridge starts executions more slowly than results arrive.",
            urgency=LOOK,
        )

    def _watch_ended_jobs(self, workflow: Workflow) -> None:
        self.alarms.add(
            "ended-jobs-failed-invocations",
            metrics.rule(workflow.ended_jobs, "FailedInvocations"),
            meaning="EventBridge could not start the execution of a job that ended at Bedrock.",
            page="trigger-failed-invocations",
            urgency=ACT,
        )
        self.alarms.add(
            "ended-jobs-events-lost",
            metrics.rule(workflow.ended_jobs, "InvocationsFailedToBeSentToDlq"),
            meaning="A job ended at Bedrock, no execution was started, and the event is not in the"
            " dead-letter queue either.",
            page="trigger-events-lost",
            urgency=ACT,
        )
        self.alarms.add(
            "ended-jobs-throttled",
            metrics.rule(workflow.ended_jobs, "ThrottledRules"),
            meaning="EventBridge starts executions more slowly than jobs end at Bedrock.",
            page="trigger-throttled",
            urgency=LOOK,
        )

    def _watch_outcomes(self, outcomes: Outcomes, record_outcome: lambda_.IFunction) -> None:
        self.alarms.add(
            "outcome-dead-letters",
            metrics.waiting(outcomes.dead_letters),
            meaning="An execution ended, but its job was not marked and no message was sent.",
            urgency=ACT,
        )
        self.alarms.add(
            "outcome-failed-invocations",
            metrics.rule(outcomes.rule, "FailedInvocations"),
            meaning="EventBridge could not tell how an execution ended.",
            urgency=ACT,
        )
        self.alarms.add(
            "outcome-events-lost",
            metrics.rule(outcomes.rule, "InvocationsFailedToBeSentToDlq"),
            meaning="An execution ended, its job was not marked, and the event is not in the"
            " dead-letter queue either.",
            urgency=ACT,
        )
        self.alarms.add(
            "outcome-dead-letter-errors",
            metrics.dead_letter_errors(record_outcome),
            meaning="RecordOutcome failed, and Lambda could not put its event into the dead-letter"
            " queue: the job was not marked.",
            urgency=ACT,
            page="outcome-events-lost",
        )
        self.alarms.add(
            "stuck-check-failed-invocations",
            metrics.rule(outcomes.stuck_check, "FailedInvocations"),
            meaning="The regular search for stuck jobs could not be started.",
            urgency=ACT,
        )

    def _watch_resubmission(self, rule: events.IRule) -> None:
        self.alarms.add(
            "resubmission-failed-invocations",
            metrics.rule(rule, "FailedInvocations"),
            meaning="EventBridge could not have the rejects of a job submitted again.",
            page="rejects",
            urgency=LOOK,
        )

    def _watch_function(self, worker: Worker, *, ends_loudly: bool) -> None:
        name = _kebab_case(worker.node.id)
        function, limit = worker.function, worker.function.timeout
        self.alarms.add(
            f"function-errors-{name}",
            function.metric_errors(period=Duration.minutes(5), statistic=metrics.SUM),
            meaning=(
                f"{worker.node.id} failed, and no execution shows it."
                if ends_loudly
                else f"{worker.node.id} fails again and again; Step Functions tries it again."
            ),
            # A single error of a task is cured by its retry, or fails the execution.
            over=0 if ends_loudly else 2,
            page="function-errors",
            urgency=ACT if ends_loudly else LOOK,
        )
        self.alarms.add(
            f"function-throttles-{name}",
            function.metric_throttles(period=Duration.minutes(5), statistic=metrics.SUM),
            meaning=f"Lambda refused calls of {worker.node.id}: too many functions run at once.",
            page="function-throttles",
            urgency=LOOK,
        )
        assert limit is not None  # noqa: S101 - every worker has one
        self.alarms.add(
            f"function-duration-{name}",
            function.metric_duration(period=Duration.minutes(5), statistic=metrics.MAXIMUM),
            meaning=f"{worker.node.id} ran nearly into its limit of {limit.to_seconds():.0f} s.",
            over=limit.to_milliseconds() * _TIME_LIMIT_SHARE,
            page="function-duration",
            urgency=LOOK,
        )

    def _watch_data(self) -> None:
        percent = self._settings.reject_percent_alarm
        self.alarms.add(
            "rejects",
            metrics.own(self, Metric.REJECT_PERCENT, statistic=metrics.MAXIMUM),
            meaning=f"More than {percent} % of an object's records were rejected.",
            over=percent,
            urgency=LOOK,
        )
        self.alarms.add(
            "records-missing",
            metrics.own(self, Metric.RECORDS_MISSING),
            meaning="A job ended with fewer records than were expected of it.",
            urgency=ACT,
        )
        self.alarms.add(
            "records-unexpected",
            metrics.own(self, Metric.RECORDS_UNEXPECTED),
            meaning="A job ended with more records than were expected of it.",
            urgency=LOOK,
        )
        self.alarms.add(
            "images-left",
            metrics.own(self, Metric.IMAGES_LEFT),
            meaning="Images of transactions were left where they are.",
            urgency=LOOK,
        )
        self.alarms.add(
            "manifest-unreadable",
            metrics.own(self, Metric.MANIFEST_UNREADABLE),
            meaning="A manifest could not be read and counts as absent.",
            urgency=LOOK,
        )
        self.alarms.add(
            "model-errors-differ",
            metrics.own(self, Metric.MODEL_ERRORS_DIFFER),
            meaning="Bedrock's manifest counts other errors than the ModelErrors that were found.",
            urgency=LOOK,
        )
        self.alarms.add(
            "search-behind",
            metrics.own(self, Metric.SEARCH_BEHIND_HOURS, statistic=metrics.MAXIMUM),
            meaning="The search for stuck jobs takes longer than it looks back: lost events may"
            " stay unnoticed.",
            over=self._settings.stuck_lookback_days * 24,
            lasts=True,
            urgency=LOOK,
        )
        self.alarms.add(
            "calls-denied",
            metrics.own(self, Metric.CALLS_DENIED),
            meaning="AWS denied calls of a function. Where its work was done in another way,"
            " nothing else shows it.",
            urgency=LOOK,
        )
        self.alarms.add(
            "stuck-jobs",
            metrics.own(self, Metric.STUCK_JOBS, statistic=metrics.MAXIMUM),
            meaning="Jobs have results, but nothing works on them: an event was lost, or an "
            "execution hangs or ended unheard.",
            lasts=True,
            urgency=ACT,
        )

    def _watch_throttles(self, storage: Storage) -> None:
        for name, index in (("table", ""), ("index", BY_DATE_INDEX)):
            self.alarms.add(
                f"write-throttles-{name}",
                metrics.write_throttles(storage.transactions, index=index),
                meaning=f"DynamoDB refuses writes of transactions ({index or 'the table'}) for"
                " minutes: the write budget is more than it gives one user's items.",
                # Some refusals are how a worker finds the rate it can have.
                periods=(3, 5),
                page="write-throttles",
                urgency=LOOK,
            )


def _kebab_case(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "-", name).lower()
