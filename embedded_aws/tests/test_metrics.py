"""The metrics that services publish of themselves, and those in functions' logs."""

import json
import time
from pathlib import Path
from typing import Any

from embedded_aws.tests.conftest import (
    PASS,
    Aws,
    Invoke,
    eventually,
    map_state,
    only,
    refused,
    task,
    unique,
)
from embedded_aws.tests.operations import metric_sum, queue


def states(aws: Aws, metric: str, machine: str) -> float | None:
    return metric_sum(aws, "AWS/States", metric, StateMachineArn=machine)


def becomes(aws: Aws, metric: str, machine: str, value: float) -> None:
    """Wait for a metric, which is published after the execution's status is."""
    eventually(lambda: states(aws, metric, machine) == value, f"{metric} becomes {value}")


class TestStepFunctions:
    """https://docs.aws.amazon.com/step-functions/latest/dg/procedure-cw-metrics.html."""

    def test_count_executions_by_their_end(self, aws: Aws) -> None:
        machine = aws.machine(PASS)
        aws.run(machine)
        aws.run(machine)
        becomes(aws, "ExecutionsStarted", machine, 2)
        becomes(aws, "ExecutionsSucceeded", machine, 2)
        eventually(lambda: states(aws, "ExecutionTime", machine), "the time is published")
        assert states(aws, "ExecutionsFailed", machine) is None

    def test_count_redriven_ones_under_both_names(
        self, aws: Aws, invoke: Invoke, switch: Path
    ) -> None:
        machine = aws.machine(only(invoke()))
        execution = aws.run(machine, {"unless": str(switch)})["executionArn"]
        becomes(aws, "ExecutionsFailed", machine, 1)
        assert states(aws, "ExecutionsRedriven", machine) is None
        aws.redriven(execution)
        becomes(aws, "ExecutionsRedriven", machine, 1)
        becomes(aws, "RedrivenExecutionsFailed", machine, 1)
        becomes(aws, "ExecutionsFailed", machine, 2)
        switch.touch()
        aws.redriven(execution)
        becomes(aws, "RedrivenExecutionsSucceeded", machine, 1)
        becomes(aws, "ExecutionsStarted", machine, 1)

    def test_count_a_maps_children_under_their_label(self, aws: Aws, bucket: str) -> None:
        aws.s3.put_object(Bucket=bucket, Key="items.json", Body=b"[1, 2, 3]")
        each = map_state(
            {"Bucket": bucket, "Key": "items.json"}, {"One": {"Type": "Succeed"}}, Label="Each"
        )
        machine = aws.machine(only(each))
        assert aws.run(machine)["status"] == "SUCCEEDED"
        becomes(aws, "ExecutionsSucceeded", f"{machine}/Each", 3)
        becomes(aws, "ExecutionsSucceeded", machine, 1)


class TestLambda:
    """https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html."""

    def sum(self, aws: Aws, metric: str, function: str) -> float | None:
        named = function.rpartition(":")[2]
        return metric_sum(aws, "AWS/Lambda", metric, FunctionName=named)

    def test_counts_calls_and_errors_of_every_caller(self, aws: Aws) -> None:
        function = aws.function()
        aws.functions.invoke(FunctionName=function, Payload=b"{}")
        aws.run(aws.machine(only(task(function))), {"raise": "Broken"})
        assert self.sum(aws, "Invocations", function) == 2
        assert self.sum(aws, "Errors", function) == 1
        assert self.sum(aws, "Throttles", function) == 0
        duration = self.sum(aws, "Duration", function)
        assert duration is not None
        assert duration > 0

    def test_counts_a_throttled_call_as_no_call(self, aws: Aws) -> None:
        function = aws.function()
        aws.functions.put_function_concurrency(
            FunctionName=function, ReservedConcurrentExecutions=0
        )
        error = refused(aws.functions.invoke, FunctionName=function, Payload=b"{}")
        assert error["Code"] == "TooManyRequestsException"
        assert self.sum(aws, "Invocations", function) is None
        throttles = self.sum(aws, "Throttles", function)
        assert throttles is not None
        assert throttles >= 1  # the SDK tries again


def test_messages_that_wait_are_counted(aws: Aws) -> None:
    """https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html."""
    url, _ = queue(aws)
    aws.client("sqs").send_message(QueueUrl=url, MessageBody="1")
    named = url.rpartition("/")[2]
    metric = "ApproximateNumberOfMessagesVisible"
    eventually(lambda: metric_sum(aws, "AWS/SQS", metric, QueueName=named) == 1, "it is counted")


def test_a_query_without_dimensions_is_for_the_metric_without_any(aws: Aws) -> None:
    """https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_concepts.html."""
    namespace, cloudwatch = unique("Test"), aws.client("cloudwatch")
    host = [{"Name": "Host", "Value": "a"}]
    cloudwatch.put_metric_data(
        Namespace=namespace,
        MetricData=[{"MetricName": "Rows", "Value": 2, "Dimensions": host}],
    )
    assert metric_sum(aws, namespace, "Rows") is None
    cloudwatch.put_metric_data(Namespace=namespace, MetricData=[{"MetricName": "Rows", "Value": 3}])
    assert metric_sum(aws, namespace, "Rows") == 3
    assert metric_sum(aws, namespace, "Rows", Host="a") == 2


class TestEmbeddedMetricFormat:
    """https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html."""

    def log(self, aws: Aws, line: str) -> None:
        function = aws.function()
        payload = json.dumps({"log": line}).encode()
        assert "FunctionError" not in aws.functions.invoke(FunctionName=function, Payload=payload)

    def line(self, namespace: str, **values: Any) -> str:
        directive = {
            "Namespace": namespace,
            "Dimensions": [["service"], ["service", "state"]],
            "Metrics": [{"Name": "Rows", "Unit": "Count"}],
        }
        now = int(time.time() * 1000)
        header = {"_aws": {"Timestamp": now, "CloudWatchMetrics": [directive]}}
        return json.dumps({**header, "service": "ingest", "state": "Load", **values})

    def test_becomes_a_metric_for_each_set_of_dimensions(self, aws: Aws) -> None:
        namespace = unique("Test")
        self.log(aws, self.line(namespace, Rows=[1, 2.5]))
        eventually(
            lambda: metric_sum(aws, namespace, "Rows", service="ingest") == 3.5, "it is there"
        )
        assert metric_sum(aws, namespace, "Rows", service="ingest", state="Load") == 3.5

    def test_with_a_value_missing_is_dropped_whole(self, aws: Aws) -> None:
        namespace = unique("Test")
        self.log(aws, self.line(namespace) + "\n" + self.line(namespace, Rows=1))
        eventually(
            lambda: metric_sum(aws, namespace, "Rows", service="ingest") == 1, "the other is there"
        )
