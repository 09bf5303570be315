"""The dashboard: its first row says whether all is well, and if not, what is stuck where."""

from aws_cdk import Duration, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from functions.domain.events import Event, Metric
from stacks import metrics
from stacks.alarms import Alarms, Urgency
from stacks.outcomes import Outcomes
from stacks.storage import BY_DATE_INDEX, Storage
from stacks.workers import Workers
from stacks.workflow import Workflow

#: Columns of a CloudWatch dashboard.
_WIDTH = 24
_HEIGHT = 6
_PERIOD = Duration.minutes(5)


class Dashboard(Construct):
    """One dashboard, called like the stack, that shows the last day."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        alarms: Alarms,
        outcomes: Outcomes,
        storage: Storage,
        workers: Workers,
        workflow: Workflow,
    ) -> None:
        super().__init__(scope, construct_id)
        board = cloudwatch.Dashboard(
            self,
            "Dashboard",
            dashboard_name=Stack.of(self).stack_name,
            default_interval=Duration.days(1),
        )
        board.add_widgets(*self._is_all_well(alarms, outcomes, workflow))
        board.add_widgets(*self._executions(alarms, workflow))
        board.add_widgets(*self._data())
        board.add_widgets(*self._throughput(storage, workers))
        board.add_widgets(_failures(workers))

    def _is_all_well(
        self, alarms: Alarms, outcomes: Outcomes, workflow: Workflow
    ) -> list[cloudwatch.IWidget]:
        definition = workflow.definition
        stuck = metrics.own(
            self, Metric.STUCK_JOBS, period=outcomes.check_period, statistic=metrics.MAXIMUM
        )
        failed = workflow.state_machine.metric_failed(
            label="Executions failed today", period=Duration.days(1)
        )
        return [
            cloudwatch.AlarmStatusWidget(
                title="Must somebody act?",
                alarms=[alarms.summary, *alarms.of(Urgency.ACT)],
                width=10,
                height=_HEIGHT,
            ),
            cloudwatch.SingleValueWidget(
                title="What is stuck",
                metrics=[
                    stuck,
                    failed,
                    metrics.waiting(workflow.trigger_dead_letters, label="Results not started"),
                    metrics.waiting(outcomes.dead_letters, label="Outcomes not told"),
                ],
                width=7,
                height=_HEIGHT,
            ),
            cloudwatch.GraphWidget(
                title="Where executions fail",
                left=[
                    metrics.own(
                        self,
                        Metric.EXECUTION_FAILURES,
                        failed_state=state,
                        label=state,
                        period=_PERIOD,
                    )
                    for state in [*definition.work, *definition.verdicts]
                ],
                stacked=True,
                width=7,
                height=_HEIGHT,
            ),
        ]

    def _executions(self, alarms: Alarms, workflow: Workflow) -> list[cloudwatch.IWidget]:
        machine = workflow.state_machine
        return [
            _graph(
                "Executions",
                machine.metric_started(period=_PERIOD),
                machine.metric_succeeded(period=_PERIOD),
                machine.metric_failed(period=_PERIOD),
                machine.metric_timed_out(period=_PERIOD),
                machine.metric_aborted(period=_PERIOD),
            ),
            _graph(
                "How long executions take (ms)",
                machine.metric_time(period=_PERIOD, statistic=cloudwatch.Stats.p(50)),
                machine.metric_time(period=_PERIOD, statistic=metrics.MAXIMUM),
            ),
            cloudwatch.AlarmStatusWidget(
                title="Worth a look",
                alarms=alarms.of(Urgency.LOOK),
                width=_WIDTH // 3,
                height=_HEIGHT,
            ),
        ]

    def _data(self) -> list[cloudwatch.IWidget]:
        records = (
            Metric.RECORDS_LOADED,
            Metric.RECORDS_REJECTED,
            Metric.DUPLICATE_RECORDS,
            Metric.RECORDS_MISSING,
            Metric.RECORDS_UNEXPECTED,
        )
        images = (Metric.IMAGES_MIGRATED, Metric.IMAGES_LEFT)
        return [
            _graph("Records", *(metrics.own(self, metric, period=_PERIOD) for metric in records)),
            _graph(
                "Share of rejects (%)",
                metrics.own(self, Metric.REJECT_PERCENT, period=_PERIOD, statistic=metrics.MAXIMUM),
            ),
            _graph("Images", *(metrics.own(self, metric, period=_PERIOD) for metric in images)),
        ]

    def _throughput(self, storage: Storage, workers: Workers) -> list[cloudwatch.IWidget]:
        return [
            _graph(
                "Write units per second of a worker",
                metrics.own(
                    self,
                    Metric.WRITE_UNITS_PER_SECOND,
                    period=_PERIOD,
                    statistic=cloudwatch.Stats.AVERAGE,
                ),
            ),
            _graph(
                "Writes that DynamoDB refused",
                metrics.own(self, Metric.WRITE_THROTTLES, period=_PERIOD),
                metrics.write_throttles(storage.transactions, label="Table", period=_PERIOD),
                metrics.write_throttles(
                    storage.transactions, index=BY_DATE_INDEX, label="Index", period=_PERIOD
                ),
            ),
            _graph(
                "How long functions take (ms, longest)",
                *(
                    worker.function.metric_duration(
                        label=worker.node.id, period=_PERIOD, statistic=metrics.MAXIMUM
                    )
                    for worker in workers.all
                ),
            ),
        ]


def _failures(workers: Workers) -> cloudwatch.IWidget:
    events = f"['{Event.EXECUTION_FAILED}', '{Event.JOB_STUCK}']"
    return cloudwatch.LogQueryWidget(
        title="What failed, newest first",
        log_group_names=[worker.log_group.log_group_name for worker in workers.all],
        query_lines=[
            "fields @timestamp, event, jobId, message",
            f"filter event in {events} or level = 'ERROR'",
            "sort @timestamp desc",
            "limit 50",
        ],
        width=_WIDTH,
        height=8,
    )


def _graph(title: str, *shown: cloudwatch.IMetric) -> cloudwatch.GraphWidget:
    return cloudwatch.GraphWidget(title=title, left=list(shown), width=_WIDTH // 3, height=_HEIGHT)
