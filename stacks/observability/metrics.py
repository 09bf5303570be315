"""The metrics that alarms watch and the dashboard shows, by what they are about.

Only the dashboard gives labels: an alarm on a metric with a label becomes one on an expression.
"""

from typing import TypedDict, Unpack

from aws_cdk import Duration, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_events as events
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sqs as sqs
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from functions.domain.events import FAILED_STATE_DIMENSION, METRICS_NAMESPACE, Metric

#: Short, so that an alarm rings soon and counts two events a minute apart as two.
MINUTE = Duration.minutes(1)

SUM = cloudwatch.Stats.SUM
MAXIMUM = cloudwatch.Stats.MAXIMUM


class Shown(TypedDict, total=False):
    """How a metric is shown: by default without a label, as its sum a minute."""

    label: str
    period: Duration
    statistic: str


def own(
    scope: Construct, metric: Metric, *, failed_state: str = "", **shown: Unpack[Shown]
) -> cloudwatch.Metric:
    """A metric that the functions emit."""
    dimensions = {"service": Stack.of(scope).stack_name}
    if failed_state:
        dimensions[FAILED_STATE_DIMENSION] = failed_state
    return _metric(METRICS_NAMESPACE, metric.value, dimensions, **shown)


def redriven(machine: sfn.IStateMachine, **shown: Unpack[Shown]) -> cloudwatch.Metric:
    """Executions of a state machine that were continued where they had failed."""
    dimensions = {"StateMachineArn": machine.state_machine_arn}
    return _metric("AWS/States", "ExecutionsRedriven", dimensions, **shown)


def rule(rule: events.IRule, metric_name: str, **shown: Unpack[Shown]) -> cloudwatch.Metric:
    """A metric of an EventBridge rule, which exists only while it is not zero."""
    return _metric("AWS/Events", metric_name, {"RuleName": rule.rule_name}, **shown)


def dead_letter_errors(function: lambda_.IFunction) -> cloudwatch.Metric:
    """Events that failed in a function and could not be put into its dead-letter queue."""
    return function.metric("DeadLetterErrors", period=MINUTE, statistic=SUM)


def write_throttles(
    table: dynamodb.ITable, *, index: str = "", **shown: Unpack[Shown]
) -> cloudwatch.Metric:
    """Writes that DynamoDB refused, for a table or for one of its indexes."""
    dimensions = {"TableName": table.table_name}
    if index:
        dimensions["GlobalSecondaryIndexName"] = index
    return _metric("AWS/DynamoDB", "WriteThrottleEvents", dimensions, **shown)


def waiting(queue: sqs.IQueue, *, label: str | None = None) -> cloudwatch.Metric:
    """Messages that wait in a queue."""
    return queue.metric_approximate_number_of_messages_visible(
        label=label, period=MINUTE, statistic=MAXIMUM
    )


def _metric(
    namespace: str, name: str, dimensions: dict[str, str], **shown: Unpack[Shown]
) -> cloudwatch.Metric:
    return cloudwatch.Metric(
        namespace=namespace,
        metric_name=name,
        dimensions_map=dimensions,
        label=shown.get("label"),
        period=shown.get("period", MINUTE),
        statistic=shown.get("statistic", SUM),
    )
