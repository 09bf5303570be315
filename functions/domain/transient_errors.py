"""Errors that pass by themselves, by the names that Step Functions shows: what a task retries.

The state machine's definition retries exactly these (tests/workflow/test_definition.py), and
`service_failures` explains them to people.
https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
"""

from typing import Final

THROTTLED: Final = frozenset(
    {"ImagesThrottled", "Lambda.TooManyRequestsException", "ServiceThrottled"}
)
"""Lambda refused a call: the account's or the function's concurrency is in use, or the rate of
calls is too high (https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html). Or a call ended
after seconds because S3, DynamoDB or another service throttled it. Waiting in Step Functions is
free."""

CALL_THROTTLED: Final = frozenset({"WriteThrottled"})
"""A function waited for a throttled service during a whole call, which took minutes."""

LAMBDA_FAILED: Final = frozenset(
    {
        "Lambda.AWSLambdaException",
        "Lambda.ClientExecutionTimeoutException",
        "Lambda.SdkClientException",
        "Lambda.ServiceException",
        "Lambda.Unknown",
        "Runtime.ExitError",
        "Runtime.OutOfMemory",
        "Sandbox.Timedout",
        "States.Timeout",
    }
)
"""What Lambda and Step Functions name, and a function that was killed or stopped.

https://docs.aws.amazon.com/step-functions/latest/dg/sfn-best-practices.html#bp-lambda-serviceexception
"""

FUNCTION_FAILED: Final = frozenset(
    {
        "ClientError",
        "ConnectTimeoutError",
        "ConnectionClosedError",
        "EndpointConnectionError",
        "FlexibleChecksumError",
        "HTTPClientError",
        "IncompleteReadError",
        "InternalException",
        "InternalServerError",
        "InternalServerException",
        "ReadTimeoutError",
        "ReplicatedWriteConflictException",
        "ResponseStreamingError",
        "SSLError",
        "SegmentOutOfTime",
        "SettlementContended",
        "StatusEventRefused",
        "TransactionConflictException",
    }
)
"""Classes of the functions' SDK, and our own, whose calls were already repeated by the function.

S3's faults are the SDK's generic ClientError. A table that its application writes in
transactions, or replicates, answers with conflicts.
"""

DYNAMODB_THROTTLED: Final = frozenset(
    {
        "DynamoDB.ProvisionedThroughputExceededException",
        "DynamoDB.RequestLimitExceeded",
        "DynamoDB.RequestLimitExceededException",
        "DynamoDB.ThrottlingException",
    }
)
"""DynamoDB refused a state's own request.

How Step Functions spells these is not documented: the API's names, and those of the AWS SDK for
Java, which ends them all in `Exception`.
"""

DYNAMODB_FAILED: Final = frozenset(
    {
        "DynamoDB.InternalServerError",
        "DynamoDB.InternalServerErrorException",
        "DynamoDB.SdkClientException",
        "States.Timeout",
    }
)
"""DynamoDB did not answer a state's own request, in both spellings."""

ALL: Final = (
    THROTTLED
    | CALL_THROTTLED
    | LAMBDA_FAILED
    | FUNCTION_FAILED
    | DYNAMODB_THROTTLED
    | DYNAMODB_FAILED
)
