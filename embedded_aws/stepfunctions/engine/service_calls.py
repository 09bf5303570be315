"""The service calls that a Task state makes.

AWS (Step Functions guide, "connect-lambda", "connect-ddb", "integrate-optimized"): the optimized
integrations `lambda:invoke`, `dynamodb:getItem` and `dynamodb:updateItem`, made with the state
machine's role. A function's result comes under Payload. An error of the service is named after
it: `DynamoDB.ConditionalCheckFailedException`; those that its SDK has no class for, denied access
and invalid parameters among them, are `DynamoDB.AmazonDynamoDBException`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ministack.core.responses import get_account_id, get_region
from ministack.services import lambda_svc
from ministack.services import stepfunctions as sfn

from embedded_aws.stepfunctions.engine import authorization
from embedded_aws.stepfunctions.engine.state_errors import StateError

TOUCHES: tuple[str, ...] = (
    "ministack.core.responses:get_account_id",
    "ministack.core.responses:get_region",
    "ministack.services.lambda_svc:_get_func_record_for_ref",
    "ministack.services.stepfunctions:_call_lambda",
    "ministack.services.stepfunctions:_invoke_dynamodb",
)

_PREFIX = "arn:aws:states:::"
_DYNAMODB_UNNAMED = "DynamoDB.AmazonDynamoDBException"
# What DynamoDB answers and its SDK for Java has no exception class for.
_DYNAMODB_GENERIC = frozenset({"DynamoDB.ValidationException", "DynamoDB.AccessDeniedException"})

Call = Callable[[str, Any], Any]


def _invoke_function(role: str, parameters: Any) -> Any:
    reference = parameters["FunctionName"]
    _, configuration, _ = lambda_svc._get_func_record_for_ref(reference)
    if configuration is None:
        raise StateError("Lambda.ResourceNotFoundException", f"Function not found: {reference}")
    authorization.require(
        role,
        "lambda:InvokeFunction",
        configuration["FunctionArn"],
        error="Lambda.AWSLambdaException",
    )
    result = sfn._call_lambda(reference, parameters.get("Payload", {}))
    version = configuration.get("Version", "$LATEST")
    return {"ExecutedVersion": version, "Payload": result, "StatusCode": 200}


def _dynamodb(operation: str) -> Call:
    action = f"dynamodb:{operation[0].upper()}{operation[1:]}"

    def call(role: str, parameters: Any) -> Any:
        table = f"arn:aws:dynamodb:{get_region()}:{get_account_id()}:table/"
        table += str(parameters["TableName"]).rsplit("/", 1)[-1]
        authorization.require(role, action, table, error=_DYNAMODB_UNNAMED)
        try:
            return sfn._invoke_dynamodb(operation, parameters)
        except sfn._ExecutionError as error:
            if error.error in _DYNAMODB_GENERIC:
                raise StateError(_DYNAMODB_UNNAMED, error.cause) from None
            raise

    return call


CALLS: dict[str, Call] = {
    f"{_PREFIX}lambda:invoke": _invoke_function,
    f"{_PREFIX}dynamodb:getItem": _dynamodb("getItem"),
    f"{_PREFIX}dynamodb:updateItem": _dynamodb("updateItem"),
}
"""The emulated integrations by their resource: called with the role and the parameters."""

REQUIRED_PARAMETERS = {
    f"{_PREFIX}lambda:invoke": "FunctionName",
    f"{_PREFIX}dynamodb:getItem": "TableName",
    f"{_PREFIX}dynamodb:updateItem": "TableName",
}


def names(resource: str) -> dict[str, str]:
    """The resourceType and resource that history events give for a Task's Resource."""
    service, _, action = resource.removeprefix(_PREFIX).partition(":")
    return {"resourceType": service, "resource": action}
