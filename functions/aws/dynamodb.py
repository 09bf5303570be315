"""Shared DynamoDB helpers: paginated query, conditional update."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from functions.aws.runtime.service_errors import CONDITION_FAILED, is_any
from functions.domain.attribute_values import Item, from_item

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


def read_item(client: "DynamoDBClient", table: str, key: Item) -> dict[str, Any] | None:
    """Read one item strongly consistent, as plain values; None if there is none."""
    answer = client.get_item(TableName=table, Key=key, ConsistentRead=True)
    return from_item(answer["Item"]) if "Item" in answer else None


def query(client: "DynamoDBClient", **request: Any) -> Iterator[dict[str, Any]]:
    """Yield the items of all pages of a strongly consistent Query, as plain values."""
    for page in client.get_paginator("query").paginate(ConsistentRead=True, **request):
        yield from map(from_item, page["Items"])


def conditional_update(client: "DynamoDBClient", **request: Any) -> bool:
    """Call UpdateItem; return whether its condition held."""
    try:
        client.update_item(**request)
    except ClientError as error:
        if is_any(error, CONDITION_FAILED):
            return False
        raise
    return True
