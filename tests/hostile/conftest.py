"""Handlers on moto, with what belongs to others beside what is attacked."""

from collections.abc import Iterator

import pytest

from functions.aws.runtime.telemetry import telemetry
from tests.hostile.others import Aws
from tests.workflow import aws_tables


@pytest.fixture(scope="module")
def tables() -> Iterator[Aws]:
    """S3 and DynamoDB as the handlers see them, for all cases of a module: making them is slow."""
    with aws_tables.on_moto() as made:
        yield made


@pytest.fixture
def aws(tables: Aws) -> Aws:
    """The same, empty."""
    s3, dynamodb = tables
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=aws_tables.BUCKET)
    for page in pages:
        for each in page.get("Contents", []):
            s3.delete_object(Bucket=aws_tables.BUCKET, Key=each["Key"])
    for table, keys in aws_tables.TABLES.items():
        for page in dynamodb.get_paginator("scan").paginate(TableName=table):
            for item in page["Items"]:
                key = {name: item[name] for name in keys}
                dynamodb.delete_item(TableName=table, Key=key)
    telemetry.cache_clear()  # it writes to the standard output of the test that asked first
    return tables
