"""The metrics that alarms watch and the dashboard shows, by what they are about.

Only the dashboard gives labels: an alarm on a metric with a label becomes one on an expression.
"""

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


def own(
    scope: Construct,
    metric: Metric,
    *,
    failed_state: str = "",
    label: str | None = None,
    period: Duration = MINUTE,
    statistic: str = SUM,
) -> cloudwatch.Metric:
    """A metric that the functions emit."""
    dimensions = {"service": Stack.of(scope).stack_name}
    if failed_state:
        dimensions[FAILED_STATE_DIMENSION] = failed_state
    return cloudwatch.Metric(
        namespace=METRICS_NAMESPACE,
        metric_name=metric.value,
        dimensions_map=dimensions,
        label=label,
        period=period,
        statistic=statistic,
    )


def redriven(
    machine: sfn.IStateMachine, *, label: str | None = None, period: Duration = MINUTE
) -> cloudwatch.Metric:
    """Executions of a state machine that were continued where they had failed."""
    return cloudwatch.Metric(
        namespace="AWS/States",
        metric_name="ExecutionsRedriven",
        dimensions_map={"StateMachineArn": machine.state_machine_arn},
        label=label,
        period=period,
        statistic=SUM,
    )


def rule(
    rule: events.IRule, metric_name: str, *, label: str | None = None, period: Duration = MINUTE
) -> cloudwatch.Metric:
    """A metric of an EventBridge rule, which exists only while it is not zero."""
    return cloudwatch.Metric(
        namespace="AWS/Events",
        metric_name=metric_name,
        dimensions_map={"RuleName": rule.rule_name},
        label=label,
        period=period,
        statistic=SUM,
    )


def dead_letter_errors(function: lambda_.IFunction) -> cloudwatch.Metric:
    """Events that failed in a function and could not be put into its dead-letter queue."""
    return function.metric("DeadLetterErrors", period=MINUTE, statistic=SUM)


def write_throttles(
    table: dynamodb.ITable,
    *,
    index: str = "",
    label: str | None = None,
    period: Duration = MINUTE,
) -> cloudwatch.Metric:
    """Writes that DynamoDB refused, for a table or for one of its indexes."""
    dimensions = {"TableName": table.table_name}
    if index:
        dimensions["GlobalSecondaryIndexName"] = index
    return cloudwatch.Metric(
        namespace="AWS/DynamoDB",
        metric_name="WriteThrottleEvents",
        dimensions_map=dimensions,
        label=label,
        period=period,
        statistic=SUM,
    )


def waiting(queue: sqs.IQueue, *, label: str | None = None) -> cloudwatch.Metric:
    """Messages that wait in a queue."""
    return queue.metric_approximate_number_of_messages_visible(
        label=label, period=MINUTE, statistic=MAXIMUM
    )
