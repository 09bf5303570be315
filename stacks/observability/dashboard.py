"""The dashboard. Its first row says whether all is well, and if not, what is stuck where."""

from aws_cdk import Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from functions.domain.events import Event, Metric
from stacks.observability import metrics
from stacks.observability.alarms import Alarms, Urgency
from stacks.observability.widgets import (
    DAY,
    HEIGHT,
    PERIOD,
    WIDTH,
    graph,
    log_table,
    numbers,
    ringing,
    sums_of_the_time_shown,
)
from stacks.outcomes import Outcomes
from stacks.storage import BY_DATE_INDEX, Storage
from stacks.workers import Workers
from stacks.workflow import Workflow

_HELP = """\
Each alarm's description links to its page of the **runbook** ({runbook}): what it means, how to \
look, how to cure, how to know that it is cured.
- `ingest inspect JOB` shows what became of a job, a failure with its cause first.
- `ingest redrive --all-failed` continues what failed, once its cause is gone.
- `ingest dead-events` lists the results that no execution was started for.
"""


#: Logged by a function, or by Lambda of a function that it stopped or that ended by itself.
#: https://docs.aws.amazon.com/lambda/latest/dg/python-logging.html
_ERRORS = (
    "level = 'ERROR' or @message like /\\[ERROR\\]|Task timed out|Runtime exited"
    "|Status: (error|timeout)/"
)


class Dashboard(Construct):
    """One dashboard, called like the stack, that shows the last day."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        alarms: Alarms,
        outcomes: Outcomes,
        runbook_url: str,
        storage: Storage,
        workers: Workers,
        workflow: Workflow,
    ) -> None:
        super().__init__(scope, construct_id)
        self._alarms, self._outcomes = alarms, outcomes
        self._storage, self._workers, self._workflow = storage, workers, workflow
        board = cloudwatch.Dashboard(
            self,
            "Dashboard",
            dashboard_name=Stack.of(self).stack_name,
            default_interval=DAY,
        )
        board.add_widgets(*self._is_all_well())
        board.add_widgets(*self._what_failed(runbook_url))
        board.add_widgets(*self._executions())
        board.add_widgets(*self._data())
        board.add_widgets(*self._writes())
        board.add_widgets(*self._functions())
        board.add_widgets(
            log_table(
                "Errors of functions, newest first",
                workers.all,
                fields="service, event, jobId, message, @logStream",
                where=_ERRORS,
            )
        )

    def _is_all_well(self) -> list[cloudwatch.IWidget]:
        """The summary, the alarms behind it, what waits for a person, and where work failed."""
        definition = self._workflow.definition
        return [
            cloudwatch.AlarmStatusWidget(
                title="Must a person act?", alarms=[self._alarms.summary], width=5, height=HEIGHT
            ),
            ringing(
                "Because of what? (empty: nothing)",
                [*self._alarms.of(Urgency.ACT), *self._alarms.of(Urgency.SILENT)],
                width=6,
            ),
            numbers(
                "What waits for a person",
                metrics.own(
                    self,
                    Metric.STUCK_JOBS,
                    label="Jobs stuck",
                    period=self._outcomes.check_period,
                    statistic=metrics.MAXIMUM,
                ),
                metrics.own(
                    self,
                    Metric.SEARCH_BEHIND_HOURS,
                    label="Hours the search is behind",
                    period=self._outcomes.check_period,
                    statistic=metrics.MAXIMUM,
                ),
                metrics.waiting(self._workflow.trigger_dead_letters, label="Results not started"),
                metrics.waiting(self._outcomes.dead_letters, label="Outcomes not recorded"),
                width=6,
            ),
            sums_of_the_time_shown(
                "In which state executions failed",
                [
                    metrics.own(
                        self, Metric.EXECUTION_FAILURES, failed_state=state, label=state, period=DAY
                    )
                    for state in [*definition.work, *definition.verdicts]
                ],
                width=7,
            ),
        ]

    def _what_failed(self, runbook_url: str) -> list[cloudwatch.IWidget]:
        linked = f"[{runbook_url}]({runbook_url})" if "://" in runbook_url else runbook_url
        events = ", ".join(f"'{event}'" for event in (Event.EXECUTION_FAILED, Event.JOB_STUCK))
        return [
            log_table(
                "Which jobs failed or are stuck, newest first",
                self._workers.called_by_events,
                fields="event, jobId, state, error, problem, cure, execution",
                where=f"event in [{events}]",
            ),
            cloudwatch.TextWidget(
                markdown=_HELP.format(runbook=linked), width=WIDTH, height=HEIGHT // 2
            ),
        ]

    def _executions(self) -> list[cloudwatch.IWidget]:
        machine = self._workflow.state_machine
        return [
            graph(
                "Executions by outcome",
                machine.metric_started(label="started", period=PERIOD),
                machine.metric_succeeded(label="succeeded", period=PERIOD),
                machine.metric_failed(label="failed", period=PERIOD),
                machine.metric_timed_out(label="timed out", period=PERIOD),
                machine.metric_aborted(label="stopped by hand", period=PERIOD),
                metrics.redriven(machine, label="redriven", period=PERIOD),
            ),
            graph(
                "How long executions take (ms)",
                machine.metric_time(label="longest", period=PERIOD, statistic=metrics.MAXIMUM),
                machine.metric_time(
                    label="median", period=PERIOD, statistic=cloudwatch.Stats.p(50)
                ),
            ),
            ringing("Worth a look (empty: nothing)", self._alarms.of(Urgency.LOOK), width=8),
        ]

    def _data(self) -> list[cloudwatch.IWidget]:
        def totals(**labels: Metric) -> list[cloudwatch.IMetric]:
            return [self._own(labels[label], label.replace("_", " ")) for label in labels]

        return [
            graph(
                "Records",
                *totals(
                    loaded=Metric.RECORDS_LOADED,
                    rejected=Metric.RECORDS_REJECTED,
                    duplicates=Metric.DUPLICATE_RECORDS,
                    missing=Metric.RECORDS_MISSING,
                    more_than_expected=Metric.RECORDS_UNEXPECTED,
                    errors_that_differ_from_the_manifest=Metric.MODEL_ERRORS_DIFFER,
                ),
            ),
            graph(
                "Largest share of rejects of an object (%)",
                self._own(Metric.REJECT_PERCENT, "rejects", metrics.MAXIMUM),
            ),
            graph(
                "Images, manifests that cannot be read, denied calls",
                *totals(
                    moved=Metric.IMAGES_MIGRATED,
                    left_where_they_are=Metric.IMAGES_LEFT,
                    manifests_unreadable=Metric.MANIFEST_UNREADABLE,
                    calls_denied=Metric.CALLS_DENIED,
                ),
            ),
        ]

    def _writes(self) -> list[cloudwatch.IWidget]:
        rate, transactions = Metric.WRITE_UNITS_PER_SECOND, self._storage.transactions
        machine, trigger = self._workflow.state_machine, self._workflow.trigger
        return [
            graph(
                "Write budget in force, of one worker (units a second)",
                self._own(rate, "mean", cloudwatch.Stats.AVERAGE),
                self._own(rate, "least", cloudwatch.Stats.MINIMUM),
            ),
            graph(
                "Writes that DynamoDB refused",
                self._own(Metric.WRITE_THROTTLES, "seen by workers"),
                metrics.write_throttles(transactions, label="for the table", period=PERIOD),
                metrics.write_throttles(
                    transactions, index=BY_DATE_INDEX, label="for the index", period=PERIOD
                ),
            ),
            graph(
                "What else was slowed down",
                machine.metric_throttled(label="states of executions", period=PERIOD),
                metrics.rule(
                    trigger, "ThrottledRules", label="starts of executions", period=PERIOD
                ),
                *(
                    worker.function.metric_throttles(label=worker.node.id, period=PERIOD)
                    for worker in self._workers.all
                ),
            ),
        ]

    def _functions(self) -> list[cloudwatch.IWidget]:
        half = WIDTH // 2
        return [
            graph(
                "How long functions take (ms, longest)",
                *(
                    worker.function.metric_duration(
                        label=worker.node.id, period=PERIOD, statistic=metrics.MAXIMUM
                    )
                    for worker in self._workers.all
                ),
                width=half,
            ),
            graph(
                "Errors of functions",
                *(
                    worker.function.metric_errors(label=worker.node.id, period=PERIOD)
                    for worker in self._workers.all
                ),
                width=half,
            ),
        ]

    def _own(self, metric: Metric, label: str, statistic: str = metrics.SUM) -> cloudwatch.Metric:
        return metrics.own(self, metric, label=label, period=PERIOD, statistic=statistic)
