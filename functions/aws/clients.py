"""The SDK's clients, made once an execution environment and never at import.

Long enough to be patient, short enough to be done before the function is stopped: the SDK
retries with its standard mode; what is left to our own retry loops is what it does not retry
(see `writer`).
"""

from functools import cache
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_stepfunctions import SFNClient

MAX_CONNECTIONS = 32
"""More than any worker has threads."""

_CONFIG = Config(
    connect_timeout=5,
    read_timeout=30,
    max_pool_connections=MAX_CONNECTIONS,
    retries={"mode": "standard", "total_max_attempts": 5},
)


@cache
def s3() -> "S3Client":
    """Amazon S3."""
    return boto3.client("s3", config=_CONFIG)


@cache
def dynamodb() -> "DynamoDBClient":
    """Amazon DynamoDB."""
    return boto3.client("dynamodb", config=_CONFIG)


@cache
def step_functions() -> "SFNClient":
    """AWS Step Functions."""
    return boto3.client("stepfunctions", config=_CONFIG)


@cache
def sns() -> "SNSClient":
    """Amazon SNS."""
    return boto3.client("sns", config=_CONFIG)
