"""The names by which services throttle, and by which the SDK's transport fails, are all known."""

from typing import Any

from botocore import exceptions
from botocore.retries.standard import ThrottledRetryableChecker
from botocore.session import Session

from functions.aws.runtime.service_errors import THROTTLED
from functions.domain.service_failures import explain
from functions.domain.transient_errors import (
    DYNAMODB_FAILED,
    DYNAMODB_THROTTLED,
    FUNCTION_FAILED,
    LAMBDA_FAILED,
)
from stacks.packaging.service_models import SERVICES

#: Throttles in the SDK's list that no call of a function can meet.
OF_OTHERS = {
    "EC2ThrottledException",
    "LimitExceededException",  # so many tables, rules or tags: waiting does not help
    "PriorRequestNotComplete",  # Route 53
    "TransactionInProgressException",  # no function writes in transactions
}


def test_every_code_that_the_sdk_takes_for_a_throttle_is_waited_for() -> None:
    checker: Any = ThrottledRetryableChecker
    assert set(checker._THROTTLED_ERROR_CODES) - OF_OTHERS <= THROTTLED


def test_every_throttle_in_the_models_of_the_services_is_waited_for() -> None:
    shapes: list[Any] = [
        shape for service in SERVICES for shape in Session().get_service_model(service).error_shapes
    ]
    codes = {
        shape.error_code
        for shape in shapes
        if "Thrott" in shape.name or "Unavailable" in shape.name
    }
    about_backups = {
        "ContinuousBackupsUnavailableException",
        "PointInTimeRecoveryUnavailableException",
    }
    assert codes - about_backups <= THROTTLED


def test_every_failure_of_the_sdks_transport_is_retried() -> None:
    """Step Functions matches the class's own name, so that each class has to be listed."""
    transport = (exceptions.ConnectionError, exceptions.HTTPClientError)
    raised = {
        name
        for name, each in vars(exceptions).items()
        if isinstance(each, type)
        and issubclass(each, (*transport, exceptions.IncompleteReadError))
        and name not in {"ConnectionError", "ProxyConnectionError"}  # a base; there is no proxy
    }
    assert raised | {"FlexibleChecksumError"} <= FUNCTION_FAILED


def test_errors_of_a_states_own_request_to_dynamodb_are_retried_in_either_spelling() -> None:
    """AWS's SDK for Java, which Step Functions uses, ends all names in `Exception`."""
    names = {shape.name for shape in Session().get_service_model("dynamodb").error_shapes}
    passing = {name for name in names if name.startswith(("InternalServer", "Request", "Thrott"))}
    assert passing == {"InternalServerError", "RequestLimitExceeded", "ThrottlingException"}
    spelled = passing | {name.removesuffix("Exception") + "Exception" for name in passing}
    assert {f"DynamoDB.{name}" for name in spelled} <= DYNAMODB_FAILED | DYNAMODB_THROTTLED


def test_a_function_that_ran_out_of_memory_is_tried_again_and_told_what_helps() -> None:
    """Lambda's name for it in the REPORT lines of public logs; AWS does not document it."""
    assert "Runtime.OutOfMemory" in LAMBDA_FAILED
    assert "raise functionMemoryMegabytes" in explain("Runtime.OutOfMemory").instruction
