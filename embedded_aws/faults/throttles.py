"""Simulated throttling, and its CloudWatch metrics.

Nothing throttles here by itself: a test injects the fault `throttle` (`faults`).

* DynamoDB answers ProvisionedThroughputExceededException, to a batch if it can write none of it.
  WriteThrottleEvents counts each write, for the table or for the index that had no room, and
  ThrottledRequests each request
  https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/TroubleshootingThrottling-cloudwatch.html
* Step Functions delays the entering of states and counts ExecutionThrottled
  https://docs.aws.amazon.com/step-functions/latest/dg/procedure-cw-metrics.html
* EventBridge delays the targets of a rule and counts ThrottledRules
  https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-monitoring.html
"""

from __future__ import annotations

import json

from ministack.services import cloudwatch, dynamodb

KIND = "throttle"
DYNAMODB = "dynamodb:"
TRANSITION = "states:StateTransition"
DELIVERY = "events:InvokeTarget"
REFUSAL = "ProvisionedThroughputExceededException"
SECONDS = 0.1
"""Time after which a waiting transition or delivery is tried again."""

_WRITES = frozenset(
    {"BatchExecuteStatement", "BatchWriteItem", "DeleteItem", "PutItem", "UpdateItem"}
)


def can_throttle(action: str) -> bool:
    """Whether calls of this action can be throttled."""
    return action.startswith(DYNAMODB) or action in (TRANSITION, DELIVERY)


def count_refusal(operation: str, body: bytes, index: str) -> None:
    """Publish DynamoDB's metrics for a request that it refused as a whole.

    `index` is the global secondary index that had no room; empty for the table itself.
    """
    request = json.loads(body)
    events = {table: len(items) for table, items in request.get("RequestItems", {}).items()}
    for each in request.get("Statements", ()):
        table = dynamodb._parse_partiql(each["Statement"], each.get("Parameters", []))["table"]
        events[table] = events.get(table, 0) + 1
    kind = "WriteThrottleEvents" if operation in _WRITES else "ReadThrottleEvents"
    for table, count in (events or {request["TableName"]: 1}).items():
        of_table = {"TableName": table}
        where = of_table | ({"GlobalSecondaryIndexName": index} if index else {})
        cloudwatch.record_metric("AWS/DynamoDB", kind, count, "Count", where)
        named = of_table | {"Operation": operation}
        cloudwatch.record_metric("AWS/DynamoDB", "ThrottledRequests", 1, "Count", named)


def count_transition(machine_arn: str) -> None:
    """Publish that a state machine has to wait before it enters a state."""
    dimensions = {"StateMachineArn": machine_arn}
    cloudwatch.record_metric("AWS/States", "ExecutionThrottled", 1, "Count", dimensions)


def count_delivery(rule: str) -> None:
    """Publish that a rule has to wait before it calls its target."""
    cloudwatch.record_metric("AWS/Events", "ThrottledRules", 1, "Count", {"RuleName": rule})
