"""The metrics that services publish, with AWS's names and dimensions.

* AWS/States by StateMachineArn; a map's children under their own, labelled, ARN
  https://docs.aws.amazon.com/step-functions/latest/dg/procedure-cw-metrics.html
* AWS/Lambda by FunctionName, for every kind of invocation
  https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
* AWS/SQS by QueueName
  https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html

DynamoDB publishes only throttling (`faults.throttles`).
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any

from ministack.services import cloudwatch, lambda_svc, sqs

from embedded_aws.core import clock
from embedded_aws.core.scope import acting_in
from embedded_aws.lambda_.workers import TIMED_OUT
from embedded_aws.stepfunctions.engine import lifecycle

if TYPE_CHECKING:
    from embedded_aws.stepfunctions.store import Execution

_dimensions_of_query = cloudwatch._dims_from_list
_execute_dispatch = lambda_svc._execute_function_dispatch

# An ended execution counts under its status; one that was redriven, under both names.
_ENDED = {
    "SUCCEEDED": "ExecutionsSucceeded",
    "FAILED": "ExecutionsFailed",
    "TIMED_OUT": "ExecutionsTimedOut",
    "ABORTED": "ExecutionsAborted",
}

PERIOD_SCALE_VARIABLE = "EMBEDDED_AWS_PERIOD_SCALE"
_QUEUE_PERIOD_SECONDS = 60.0
_published: dict[tuple[str, str, str], tuple[tuple[int, int] | None, float]] = {}


def install() -> None:
    """Listen to executions and function invocations."""
    lifecycle.observers.append(execution_changed)
    lambda_svc._execute_function_dispatch = _invoke
    lambda_svc._emit_lambda_metrics = _throttled
    cloudwatch._dims_from_list = _queried


def period_scale() -> float:
    """The factor of every metric's period: 1 as on AWS."""
    return float(os.environ.get(PERIOD_SCALE_VARIABLE, "1"))


def execution_changed(execution: Execution) -> None:
    """Publish AWS/States for an execution, a map's child or not, that began or ended."""
    dimensions = {"StateMachineArn": execution.machine}
    redriven = execution.redrive_count > 0
    if execution.status == "RUNNING":
        name = "ExecutionsRedriven" if redriven else "ExecutionsStarted"
        cloudwatch.record_metric("AWS/States", name, 1, "Count", dimensions)
        return
    name = _ENDED[execution.status]
    cloudwatch.record_metric("AWS/States", name, 1, "Count", dimensions)
    began = clock.epoch(execution.redriven or execution.started)
    took = max(0.0, (time.time() - began) * 1000)
    cloudwatch.record_metric("AWS/States", "ExecutionTime", took, "Milliseconds", dimensions)
    if redriven:
        cloudwatch.record_metric("AWS/States", f"Redriven{name}", 1, "Count", dimensions)


def observe_queues() -> None:
    """Publish AWS/SQS for every queue, at each change and once a minute."""
    now = time.time()
    for (account, region, url), queue in list(sqs._queues.all_items()):
        waiting = sum(message.get("visible_at", 0) <= now for message in queue["messages"])
        values = (waiting, len(queue["messages"]) - waiting)
        published, at = _published.get((account, region, url), (None, 0.0))
        if values == published and now - at < _QUEUE_PERIOD_SECONDS * period_scale():
            continue
        _published[account, region, url] = values, now
        oldest = max((now - message["sent_at"] for message in queue["messages"]), default=0.0)
        with acting_in(account, region):
            for name, unit, value in (
                ("ApproximateNumberOfMessagesVisible", "Count", values[0]),
                ("ApproximateNumberOfMessagesNotVisible", "Count", values[1]),
                ("ApproximateAgeOfOldestMessage", "Seconds", oldest),
            ):
                dimensions = {"QueueName": queue["name"]}
                cloudwatch.record_metric("AWS/SQS", name, value, unit, dimensions)


class _Dimensions(dict[str, str]):
    """A query's dimensions, which select one metric also where there are none.

    MiniStack reads an empty set as all of them. On AWS each set of dimensions is a metric of its
    own: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_concepts.html
    """

    def __bool__(self) -> bool:
        return True


def _queried(dimensions: list[dict[str, str]]) -> dict[str, str]:
    return _Dimensions(_dimensions_of_query(dimensions))


def _invoke(
    func: dict[str, Any],
    config: dict[str, Any],
    event: Any,
    request_id: str,
    started: float,
) -> Any:
    """Invoke a function; every kind of invocation passes here, after its concurrency is granted."""
    failed, least = True, 0.0
    try:
        result = _execute_dispatch(func, config, event, request_id, started)
        failed = bool(result.get("error"))
        if failed and (result.get("body") or {}).get("errorType") == TIMED_OUT:
            # Its limit may have been taken for passed (`faults`): then that is how long it ran.
            least = float(config.get("Timeout", 3)) * 1000
        return result
    finally:
        dimensions = {"FunctionName": config["FunctionName"]}
        took = max(least, (time.time() - started) * 1000)
        for name, value, unit in (
            ("Invocations", 1, "Count"),
            ("Errors", int(failed), "Count"),
            ("Throttles", 0, "Count"),
            ("Duration", took, "Milliseconds"),
        ):
            cloudwatch.record_metric("AWS/Lambda", name, value, unit, dimensions)


def _throttled(
    function_name: str,
    duration_ms: float,
    error: bool,  # noqa: FBT001 - MiniStack's
    throttle: bool,  # noqa: FBT001
) -> None:
    """Publish a throttle; what MiniStack's other calls report, `_invoke` publishes.

    A throttled request is not an invocation. MiniStack reports it twice, the second time with the
    duration of the whole request.
    """
    del error
    if throttle and not duration_ms:
        dimensions = {"FunctionName": function_name}
        cloudwatch.record_metric("AWS/Lambda", "Throttles", 1, "Count", dimensions)
