"""Dead letters of asynchronous invocations whose attempts all failed.

https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html#invocation-dlq
The event goes to the function's dead-letter queue unchanged, the error into attributes; the
function's role needs the permission to send it.
"""

from __future__ import annotations

import json
import logging
from typing import Any

from ministack.core.responses import new_uuid
from ministack.services import cloudwatch, lambda_svc

from embedded_aws.iam import roles
from embedded_aws.sqs import queues

_route = lambda_svc._route_async_failure
_logger = logging.getLogger("lambda.failures")


def install() -> None:
    """Replace the routing of failed events."""
    lambda_svc._route_async_failure = _keep


def _keep(target: str, name: str, event: Any, result: dict[str, Any]) -> None:
    config = (lambda_svc._functions.get(name) or {}).get("config") or {}
    if target != (config.get("DeadLetterConfig") or {}).get("TargetArn"):
        _route(target, name, event, result)
        return
    why = roles.denial(config["Role"], "sqs:SendMessage", target, "lambda")
    if why is None and not queues.exists(target):
        why = f"{target} does not exist"
    if why:
        _logger.warning("function %s: %s", name, why)
        dimensions = {"FunctionName": name}
        cloudwatch.record_metric("AWS/Lambda", "DeadLetterErrors", 1, "Count", dimensions)
        return
    failure = result.get("body") or {}
    message = failure.get("errorMessage", "") if isinstance(failure, dict) else str(failure)
    # 200: the function ran, and failed. The message is cut to the first kilobyte.
    attributes = {"RequestID": new_uuid(), "ErrorCode": "200", "ErrorMessage": message[:1024]}
    queues.send(target, json.dumps(event), {key: value or "-" for key, value in attributes.items()})
