"""The SDK's clients, made once an execution environment and never at import.

The SDK retries in its standard mode, and its timeouts end before the function does. Writes of
transactions are the exception: `writer` decides whether and when one may be repeated.
"""

from functools import cache
from typing import TYPE_CHECKING, cast

from botocore.config import Config

from functions.aws.runtime.request_bodies import accept_ready_bodies
from functions.aws.runtime.sdk import session

if TYPE_CHECKING:
    from mypy_boto3_bedrock import BedrockClient
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_stepfunctions import SFNClient

MAX_CONNECTIONS = 32
"""More than any worker has threads.

Pooled connections are kept from one invocation to the next. Lambda freezes the process in between,
and a connection may be dead when it thaws. The SDK repeats a call that meets one; a write of
transactions counts as of unknown outcome and is repeated by a conditional statement. Closing them
at the end of each call would cost up to 16 TLS handshakes in the next one instead.
"""

_CONFIG = Config(
    connect_timeout=5,
    read_timeout=30,
    max_pool_connections=MAX_CONNECTIONS,
    retries={"mode": "standard", "total_max_attempts": 5},
)

WRITE_TIMEOUT_SECONDS = 5
"""DynamoDB answers a write in milliseconds; after this long its outcome counts as unknown."""

WRITES_CONFIG = _CONFIG.merge(
    Config(
        connect_timeout=2,
        read_timeout=WRITE_TIMEOUT_SECONDS,
        retries={"mode": "standard", "total_max_attempts": 1},
        # Items are checked when they are built; a fixed user agent is not composed for each
        # request.
        parameter_validation=False,
        user_agent="batch-ingest",
    )
)


@cache
def s3() -> "S3Client":
    """Amazon S3."""
    return cast("S3Client", session().create_client("s3", config=_CONFIG))


@cache
def dynamodb() -> "DynamoDBClient":
    """Amazon DynamoDB; it accepts ready bodies for BatchExecuteStatement."""
    config = _CONFIG.merge(Config(parameter_validation=False))
    client = cast("DynamoDBClient", session().create_client("dynamodb", config=config))
    accept_ready_bodies(client, "BatchExecuteStatement")
    return client


@cache
def transaction_writes() -> "DynamoDBClient":
    """Amazon DynamoDB for writing transactions: one attempt a call, ready-made bodies."""
    client = cast("DynamoDBClient", session().create_client("dynamodb", config=WRITES_CONFIG))
    for operation in ("BatchWriteItem", "BatchExecuteStatement"):
        accept_ready_bodies(client, operation)
    return client


@cache
def step_functions() -> "SFNClient":
    """AWS Step Functions."""
    return cast("SFNClient", session().create_client("stepfunctions", config=_CONFIG))


@cache
def bedrock() -> "BedrockClient":
    """Amazon Bedrock, its control plane."""
    return cast("BedrockClient", session().create_client("bedrock", config=_CONFIG))


@cache
def eventbridge() -> "EventBridgeClient":
    """Amazon EventBridge."""
    return cast("EventBridgeClient", session().create_client("events", config=_CONFIG))


@cache
def sns() -> "SNSClient":
    """Amazon SNS."""
    return cast("SNSClient", session().create_client("sns", config=_CONFIG))
