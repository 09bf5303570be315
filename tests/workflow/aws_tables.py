"""The system's tables and bucket in moto, with their real keys, and a function's environment."""

import functools
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws
from moto.dynamodb.models import DynamoDBBackend

from functions.aws.runtime import clients
from functions.aws.runtime.telemetry import telemetry
from functions.domain.jobs import JOB_ID_INDEX
from ops.model.deployment import Deployment
from tests.workflow.memory.executions import MACHINE
from tests.workflow.memory.statements import execute

BUCKET = "image-bucket"
TABLES = {
    "transactions": ("userId", "transactionId"),
    "batch-jobs": ("intentId", "submitTime"),
    "pending-images": ("imageId",),
    "ledger": ("pk", "sk"),
}


def _defaults() -> dict[str, str]:
    """The settings of cdk.json, under the names that functions read them by."""
    context = json.loads((Path(__file__).parents[2] / "cdk.json").read_text())["context"]
    return {
        re.sub("[A-Z]", r"_\g<0>", name).upper(): str(value)
        for name, value in context.items()
        if isinstance(value, int | str)
    }


ENVIRONMENT = {
    **_defaults(),
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_DEFAULT_REGION": "us-east-1",
    "BUCKET_NAME": BUCKET,
    "BATCH_JOBS_TABLE": "batch-jobs",
    "LEDGER_TABLE": "ledger",
    "TRANSACTIONS_TABLE": "transactions",
    "PENDING_IMAGES_TABLE": "pending-images",
    "POWERTOOLS_SERVICE_NAME": "BatchIngest",
    "POWERTOOLS_METRICS_NAMESPACE": "BatchIngest",
    # Small, so that small objects have several ranges and chunks.
    "RANGE_BYTES": "1000",
    "LINE_BYTES_LIMIT": "4096",
    "LOAD_CONCURRENCY": "4",
    "MIGRATE_CONCURRENCY": "4",
    "IMAGES_PER_CHUNK": "500",
    "ACCOUNT_RETENTION_DAYS": "60",
}
"""A function's environment: each setting has its default, unless tests need another value."""


@contextmanager
def on_moto() -> Iterator[tuple[Any, Any]]:
    """S3 and DynamoDB as the handlers see them; no client or log of theirs outlives it."""
    made_once: tuple[Any, ...] = (
        clients.s3,
        clients.dynamodb,
        clients.transaction_writes,
        clients.eventbridge,
        clients.bedrock,
        telemetry,
    )
    with pytest.MonkeyPatch.context() as patch, mock_aws():
        for name, value in ENVIRONMENT.items():
            patch.setenv(name, value)
        for cached in made_once:
            cached.cache_clear()
        # moto's own PartiQL knows no conditions.
        patch.setattr(DynamoDBBackend, "batch_execute_statement", _execute)
        yield create_all()
    for cached in made_once:
        cached.cache_clear()


def _execute(_backend: object, statements: list[Any]) -> list[dict[str, Any]]:
    return execute(boto3.client("dynamodb"), statements, keys=TABLES)


@functools.cache
def _client(service: Any) -> Any:
    """A client, made once: each loads its service's whole model."""
    return boto3.client(service)


def create_all() -> tuple[Any, Any]:
    """Make bucket and tables; clients of S3 and DynamoDB."""
    s3, dynamodb = _client("s3"), _client("dynamodb")
    s3.create_bucket(Bucket=BUCKET)
    for table, keys in TABLES.items():
        index: dict[str, Any] = {}
        names = [*keys]
        if table == "batch-jobs":
            names.append("jobId")
            index["GlobalSecondaryIndexes"] = [
                {
                    "IndexName": JOB_ID_INDEX,
                    "KeySchema": [{"AttributeName": "jobId", "KeyType": "HASH"}],
                    "Projection": {"ProjectionType": "ALL"},
                }
            ]
        dynamodb.create_table(
            TableName=table,
            BillingMode="PAY_PER_REQUEST",
            KeySchema=[
                {"AttributeName": name, "KeyType": kind}
                for name, kind in zip(keys, ("HASH", "RANGE"), strict=False)
            ],
            AttributeDefinitions=[{"AttributeName": n, "AttributeType": "S"} for n in names],
            **index,
        )
    return s3, dynamodb


def deployment_on(aws: tuple[Any, Any] = (None, None), **clients: Any) -> Deployment:
    """A deployment with this bucket and these tables, and with other services' clients."""
    outputs = {
        "BucketName": BUCKET,
        "BatchJobsTableName": "batch-jobs",
        "LedgerTableName": "ledger",
        "PendingImagesTableName": "pending-images",
        "TransactionsTableName": "transactions",
        "StateMachineArn": MACHINE,
        "TriggerDeadLetterQueueUrl": "https://queue",
    }
    made = {"s3": aws[0], "dynamodb": aws[1], **clients}
    return Deployment("BatchIngest", "a test", "us-east-1", outputs, made.__getitem__)
