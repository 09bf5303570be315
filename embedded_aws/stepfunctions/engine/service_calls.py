"""The service calls that a Task state makes.

AWS (Step Functions guide, "connect-lambda", "connect-ddb", "integrate-optimized"): the optimized
integrations `lambda:invoke`, `dynamodb:getItem` and `dynamodb:updateItem`, made with the state
machine's role. A function's result comes under Payload; its failure is named after errorType, with
the whole error object as Cause. An error of DynamoDB is named after it:
`DynamoDB.ConditionalCheckFailedException`; those that its SDK has no class for, denied access and
invalid parameters among them, are `DynamoDB.AmazonDynamoDBException`.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from ministack.services import dynamodb

from embedded_aws.lambda_ import invocations
from embedded_aws.stepfunctions import store
from embedded_aws.stepfunctions.engine import authorization
from embedded_aws.stepfunctions.errors import StateError

_PREFIX = "arn:aws:states:::"
_INVOKE = f"{_PREFIX}lambda:invoke"
_DYNAMODB_UNNAMED = "DynamoDB.AmazonDynamoDBException"
_DYNAMODB_GENERIC = frozenset({"ValidationException", "AccessDeniedException"})
"""DynamoDB's errors that its SDK for Java has no exception class for."""

Call = Callable[[str, Any], Any]


def _invoke_function(role: str, parameters: Any) -> Any:
    reference = parameters["FunctionName"]
    function = invocations.find(reference)
    if function is None:
        raise StateError("Lambda.ResourceNotFoundException", f"Function not found: {reference}")
    authorization.require(
        role, "lambda:InvokeFunction", function.arn, error="Lambda.AWSLambdaException"
    )
    try:
        result = function.invoke(parameters.get("Payload", {}))
    except invocations.Throttled as throttled:
        raise StateError("Lambda.TooManyRequestsException", str(throttled)) from None
    except invocations.Failed as failed:
        raise StateError(failed.kind, json.dumps(failed.body)) from None
    return {"ExecutedVersion": function.version, "Payload": result, "StatusCode": 200}


def _dynamodb(action: str, operation: Callable[[Any], Any]) -> Call:
    def call(role: str, parameters: Any) -> Any:
        name = str(parameters["TableName"]).rsplit("/", 1)[-1]
        table = f"{store.scope().replace(':states:', ':dynamodb:')}:table/{name}"
        authorization.require(role, f"dynamodb:{action}", table, error=_DYNAMODB_UNNAMED)
        status, _, body = operation(parameters)
        answer = json.loads(body or b"{}")
        if status < 400:
            return answer
        error = answer.get("__type", "").rsplit("#", 1)[-1]
        named = error and error not in _DYNAMODB_GENERIC
        raise StateError(
            f"DynamoDB.{error}" if named else _DYNAMODB_UNNAMED, answer.get("message", "")
        )

    return call


CALLS: dict[str, Call] = {
    _INVOKE: _invoke_function,
    f"{_PREFIX}dynamodb:getItem": _dynamodb("GetItem", dynamodb._get_item),
    f"{_PREFIX}dynamodb:updateItem": _dynamodb("UpdateItem", dynamodb._update_item),
}
"""The emulated integrations by their resource: called with the role and the parameters."""

PARAMETERS = {_INVOKE: frozenset({"FunctionName", "Payload"})}
"""The only parameters that an integration takes here; DynamoDB takes all of its own."""


def names(resource: str) -> dict[str, str]:
    """The resourceType and resource that history events give for a Task's Resource."""
    service, _, action = resource.removeprefix(_PREFIX).partition(":")
    return {"resourceType": service, "resource": action}
