"""Alarms and dashboard: every failure path of the system ends in an alarm here."""

import re
from functools import partial

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

_WHICH_JOB = "`ingest jobs --since 2h` names the job."
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
        self._act = partial(self.alarms.add, urgency=Urgency.ACT)
        self._look = partial(self.alarms.add, urgency=Urgency.LOOK)
        self._watch_executions(workflow.state_machine)
        self._watch_states(workflow.definition)
        self._watch_trigger(workflow)
        self._watch_outcomes(outcomes, workers.record_outcome.function)
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
        self._act(
            "executions-failed",
            machine.metric_failed(period=metrics.MINUTE, statistic=metrics.SUM),
            "An execution failed. Its message names job, state, cause and cure.",
            page="state-failed",
        )
        self._act(
            "executions-timed-out",
            machine.metric_timed_out(period=metrics.MINUTE, statistic=metrics.SUM),
            "An execution ran into its time limit and was ended. A redrive continues it.",
            page="state-failed",
        )
        self._act(
            "executions-aborted",
            machine.metric_aborted(period=metrics.MINUTE, statistic=metrics.SUM),
            "An execution was stopped by hand. A redrive continues it.",
            page="state-failed",
        )
        self._look(
            "executions-throttled",
            machine.metric_throttled(period=metrics.MINUTE, statistic=metrics.SUM),
            "Step Functions slowed down state transitions or starts of executions.",
        )
        limit = Duration.minutes(self._settings.execution_minutes_alarm)
        self._look(
            "execution-slow",
            machine.metric_time(period=metrics.MINUTE, statistic=metrics.MAXIMUM),
            f"An execution took longer than {limit.to_minutes():.0f} minutes.",
            over=limit.to_milliseconds(),
        )

    def _watch_states(self, definition: Definition) -> None:
        """An alarm for each state that an execution can fail in."""
        meanings = {
            state: f"An execution failed in the state {state}: once the"
            " cause is gone, a redrive continues it there."
            for state in definition.work
        }
        meanings |= {state: Failure(state).explanation.sentence for state in definition.verdicts}
        for state, meaning in meanings.items():
            self.alarms.add(
                f"state-{_kebab_case(state)}",
                metrics.own(self, Metric.EXECUTION_FAILURES, failed_state=state),
                meaning,
                # executions-failed rings for the same failure, and its message names the state.
                urgency=Urgency.SILENT,
                page="state-failed",
            )

    def _watch_trigger(self, workflow: Workflow) -> None:
        self._act(
            "trigger-dead-letters",
            metrics.waiting(workflow.trigger_dead_letters),
            "Results arrived that no execution was started for.",
        )
        self._watch_rule(
            "trigger",
            workflow.trigger,
            failed="EventBridge could not start an execution and gave up, or may not start any.",
            lost="Results arrived, no execution was started, and the event is not in the"
            " dead-letter queue either.",
            throttled="EventBridge starts executions more slowly than results arrive.",
        )
        self._watch_rule(
            "ended-jobs",
            workflow.ended_jobs,
            failed="EventBridge could not start the execution of a job that ended at Bedrock.",
            lost="A job ended at Bedrock, no execution was started, and the event is not in the"
            " dead-letter queue either.",
            throttled="EventBridge starts executions more slowly than jobs end at Bedrock.",
        )

    def _watch_rule(
        self, name: str, rule: events.IRule, *, failed: str, lost: str, throttled: str
    ) -> None:
        """Alarms of a rule that starts executions."""
        self._act(
            f"{name}-failed-invocations",
            metrics.rule(rule, "FailedInvocations"),
            failed,
            page="trigger-dead-letters",
        )
        self._act(
            f"{name}-events-lost",
            metrics.rule(rule, "InvocationsFailedToBeSentToDlq"),
            lost,
            page="trigger-events-lost",
        )
        self._look(
            f"{name}-throttled",
            metrics.rule(rule, "ThrottledRules"),
            throttled,
            page="executions-throttled",
        )

    def _watch_outcomes(self, outcomes: Outcomes, record_outcome: lambda_.IFunction) -> None:
        self._act(
            "outcome-dead-letters",
            metrics.waiting(outcomes.dead_letters),
            "An execution ended, but its job was not marked and no message was sent.",
        )
        self._act(
            "outcome-failed-invocations",
            metrics.rule(outcomes.rule, "FailedInvocations"),
            "EventBridge could not deliver the end of an execution to RecordOutcome.",
            page="outcome-dead-letters",
        )
        self._act(
            "outcome-events-lost",
            metrics.rule(outcomes.rule, "InvocationsFailedToBeSentToDlq"),
            "An execution ended, its job was not marked, and the event is not in the"
            " dead-letter queue either.",
        )
        self._act(
            "outcome-dead-letter-errors",
            metrics.dead_letter_errors(record_outcome),
            "RecordOutcome failed, and Lambda could not put its event into the dead-letter"
            " queue: the job was not marked.",
            page="outcome-events-lost",
        )
        self._act(
            "stuck-check-failed-invocations",
            metrics.rule(outcomes.stuck_check, "FailedInvocations"),
            "The regular search for stuck jobs could not be started.",
        )
        if outcomes.resubmission is not None:
            self._look(
                "resubmission-failed-invocations",
                metrics.rule(outcomes.resubmission, "FailedInvocations"),
                "EventBridge could not have the rejects of a job submitted again.",
                page="rejects",
            )

    def _watch_function(self, worker: Worker, *, ends_loudly: bool) -> None:
        name = _kebab_case(worker.node.id)
        function, limit = worker.function, worker.function.timeout
        period = Duration.minutes(5)
        errors = function.metric_errors(period=period, statistic=metrics.SUM)
        if ends_loudly:
            meaning = f"{worker.node.id} failed, and no execution shows it."
            self._act(f"function-errors-{name}", errors, meaning, page="function-errors")
        else:
            meaning = f"{worker.node.id} fails again and again; Step Functions tries it again."
            # A single error of a task is cured by its retry, or fails the execution.
            self._look(f"function-errors-{name}", errors, meaning, over=2, page="function-errors")
        self._look(
            f"function-throttles-{name}",
            function.metric_throttles(period=period, statistic=metrics.SUM),
            f"Lambda refused calls of {worker.node.id}: too many functions run at once.",
            page="function-throttles",
        )
        assert limit is not None  # noqa: S101 - every worker has one
        self._look(
            f"function-duration-{name}",
            function.metric_duration(period=period, statistic=metrics.MAXIMUM),
            f"{worker.node.id} ran nearly into its limit of {limit.to_seconds():.0f} s.",
            over=limit.to_milliseconds() * _TIME_LIMIT_SHARE,
            page="function-duration",
        )

    def _watch_data(self) -> None:
        percent = self._settings.reject_percent_alarm
        self._look(
            "rejects",
            metrics.own(self, Metric.REJECT_PERCENT, statistic=metrics.MAXIMUM),
            f"More than {percent} % of an object's records were rejected. {_WHICH_JOB}",
            over=percent,
        )
        self._act(
            "records-missing",
            metrics.own(self, Metric.RECORDS_MISSING),
            f"A job ended with fewer records than were expected of it. {_WHICH_JOB}",
        )
        self._look(
            "records-unexpected",
            metrics.own(self, Metric.RECORDS_UNEXPECTED),
            f"A job ended with more records than were expected of it. {_WHICH_JOB}",
        )
        self._look(
            "images-left",
            metrics.own(self, Metric.IMAGES_LEFT),
            f"Images of transactions were left where they are. {_WHICH_JOB}",
        )
        self._look(
            "manifest-unreadable",
            metrics.own(self, Metric.MANIFEST_UNREADABLE),
            "A manifest could not be read and counts as absent.",
        )
        self._look(
            "model-errors-differ",
            metrics.own(self, Metric.MODEL_ERRORS_DIFFER),
            "Bedrock's manifest counts other errors than the ModelErrors that were found.",
        )
        self._look(
            "search-behind",
            metrics.own(self, Metric.SEARCH_BEHIND_HOURS, statistic=metrics.MAXIMUM),
            "The search for stuck jobs takes longer than it looks back: lost events may"
            " stay unnoticed.",
            over=self._settings.stuck_lookback_days * 24,
            lasts=True,
        )
        self._look(
            "calls-denied",
            metrics.own(self, Metric.CALLS_DENIED),
            "AWS denied calls of a function. Where its work was done in another way,"
            " nothing else shows it.",
        )
        self._act(
            "stuck-jobs",
            metrics.own(self, Metric.STUCK_JOBS, statistic=metrics.MAXIMUM),
            "Jobs have results, but nothing works on them: an event was lost, or an "
            "execution hangs or ended unheard.",
            lasts=True,
        )

    def _watch_throttles(self, storage: Storage) -> None:
        for name, index in (("table", ""), ("index", BY_DATE_INDEX)):
            self._look(
                f"write-throttles-{name}",
                metrics.write_throttles(storage.transactions, index=index),
                f"DynamoDB refuses writes of transactions ({index or 'the table'}) for"
                " minutes: the write budget is more than it gives one user's items.",
                # Some refusals are how a worker finds the rate it can have.
                periods=(3, 5),
                page="write-throttles",
            )


def _kebab_case(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "-", name).lower()
