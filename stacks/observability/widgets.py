"""Widgets of the dashboard, all of one height."""

from collections.abc import Sequence

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch

from stacks.worker import Worker

#: Columns of a CloudWatch dashboard.
WIDTH = 24
HEIGHT = 6
PERIOD = Duration.minutes(5)
DAY = Duration.days(1)


def graph(title: str, *shown: cloudwatch.IMetric, width: int = WIDTH // 3) -> cloudwatch.IWidget:
    """Metrics over time."""
    return cloudwatch.GraphWidget(title=title, left=list(shown), width=width, height=HEIGHT)


def sums_of_the_time_shown(
    title: str, shown: Sequence[cloudwatch.IMetric], *, width: int
) -> cloudwatch.IWidget:
    """One bar a metric: its sum over the dashboard's time range."""
    return cloudwatch.GraphWidget(
        title=title,
        left=list(shown),
        view=cloudwatch.GraphWidgetView.BAR,
        set_period_to_time_range=True,
        statistic=cloudwatch.Stats.SUM,
        width=width,
        height=HEIGHT,
    )


def numbers(title: str, *shown: cloudwatch.IMetric, width: int) -> cloudwatch.IWidget:
    """The latest value of each metric."""
    return cloudwatch.SingleValueWidget(
        title=title, metrics=list(shown), width=width, height=HEIGHT
    )


def ringing(
    title: str, alarms: Sequence[cloudwatch.IAlarm], *, width: int
) -> cloudwatch.AlarmStatusWidget:
    """The alarms that ring, the latest first."""
    return cloudwatch.AlarmStatusWidget(
        title=title,
        alarms=list(alarms),
        states=[cloudwatch.AlarmState.ALARM],
        sort_by=cloudwatch.AlarmStatusWidgetSortBy.STATE_UPDATED_TIMESTAMP,
        width=width,
        height=HEIGHT,
    )


def log_table(
    title: str, workers: Sequence[Worker], *, fields: str, where: str
) -> cloudwatch.IWidget:
    """Lines of functions' logs, the newest first; the whole width."""
    return cloudwatch.LogQueryWidget(
        title=title,
        log_group_names=[worker.log_group.log_group_name for worker in workers],
        query_lines=[
            f"fields @timestamp, {fields}",
            f"filter {where}",
            "sort @timestamp desc",
            "limit 50",
        ],
        width=WIDTH,
        height=HEIGHT,
    )
