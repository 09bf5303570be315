"""Handlers run on moto; everything else on the memory's S3 and DynamoDB."""

from collections.abc import Iterator
from typing import Any

import pytest
from moto import mock_aws

from functions.aws import clients
from functions.aws.telemetry import telemetry
from tests.workflow import aws_tables


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Any, Any]]:
    """S3 and DynamoDB as the handlers see them."""
    for name, value in aws_tables.ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    caches = (clients.s3, clients.dynamodb, clients.transaction_writes, telemetry)
    for cached in caches:
        cached.cache_clear()
    with mock_aws():
        yield aws_tables.create_all()
    for cached in caches:
        cached.cache_clear()
