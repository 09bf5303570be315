"""The two ways of writing a transaction, one request each, and what came of the request.

These requests are never repeated by the SDK: whether one may be repeated, and how, depends on
whether it may have been carried out.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import (
    ChecksumError,
    ClientError,
    ConnectionError,  # noqa: A004  the SDK's name
    HTTPClientError,
    IncompleteReadError,
)
from botocore.parsers import ResponseParserError

from functions.aws.runtime.request_bodies import BODY
from functions.aws.runtime.service_errors import CONDITION_FAILED, THROTTLED, is_any
from functions.domain.transactions import Transaction, update_unless_edited

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_SERVER_ERRORS: Final = range(500, 600)
_NO_ANSWER: Final = (
    ChecksumError,
    ConnectionError,
    HTTPClientError,
    IncompleteReadError,
    ResponseParserError,
)
"""No answer, or none that can be read."""


class RequestStatus(Enum):
    """What is known after a request."""

    CONFIRMED = "confirmed"
    """DynamoDB has confirmed it, in whole or in part."""
    REFUSED = "refused"
    """Throttled, and certainly not carried out."""
    UNKNOWN = "unknown"
    """A lost connection or an error of DynamoDB's own: it may have been carried out."""


@dataclass(frozen=True)
class RequestResult:
    """What came of a request.

    Attributes:
        status: What is known.
        left: Transactions that are not confirmed.
        error: Why, unless it is confirmed.
    """

    status: RequestStatus
    left: Sequence[Transaction]
    error: Exception | None = None


def classify(error: Exception) -> RequestStatus | None:
    """What a failed request says of itself; None for an error that repeating does not change."""
    if not isinstance(error, ClientError):
        return RequestStatus.UNKNOWN
    if error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0) in _SERVER_ERRORS:
        return RequestStatus.UNKNOWN
    return RequestStatus.REFUSED if is_any(error, THROTTLED) else None


@dataclass(frozen=True)
class BatchPut:
    """BatchWriteItem: replaces whatever is there, so only for items nobody can have touched."""

    client: "DynamoDBClient"
    table: str

    def __call__(self, transactions: Sequence[Transaction]) -> RequestResult:
        """Put at most 25 transactions of different keys.

        Raises:
            botocore.exceptions.ClientError: for an answer that no repetition changes.
        """
        parameters: dict[str, Any] = {"RequestItems": {}, BODY: self._body(transactions)}
        try:
            answer = self.client.batch_write_item(**parameters)
        except (ClientError, *_NO_ANSWER) as error:
            if (status := classify(error)) is None:
                raise
            return RequestResult(status, transactions, error)
        unprocessed: Sequence[Any] = answer.get("UnprocessedItems", {}).get(self.table, ())
        if not unprocessed:
            return RequestResult(RequestStatus.CONFIRMED, ())
        ids = {request["PutRequest"]["Item"]["transactionId"]["S"] for request in unprocessed}
        left = [each for each in transactions if each.transaction_id in ids]
        return RequestResult(RequestStatus.CONFIRMED, left)

    def _body(self, transactions: Sequence[Transaction]) -> bytes:
        items = b'}},{"PutRequest":{"Item":'.join([each.wire for each in transactions])
        return b'{"RequestItems":{"%b":[{"PutRequest":{"Item":%b}}]}}' % (
            self.table.encode(),
            items,
        )


@dataclass(frozen=True)
class ConditionalUpdate:
    """UpdateItem on the condition that no person has touched the item; safe to repeat."""

    client: "DynamoDBClient"
    table: str

    def __call__(self, transactions: Sequence[Transaction]) -> RequestResult:
        """Update one transaction; a person's work stays, and counts as confirmed.

        Raises:
            botocore.exceptions.ClientError: for an answer that no repetition changes.
        """
        (transaction,) = transactions
        update = update_unless_edited(transaction.item)
        try:
            self.client.update_item(
                TableName=self.table,
                Key=update.key,
                UpdateExpression=update.update_expression,
                ConditionExpression=update.condition_expression,
                ExpressionAttributeNames=update.names,
                ExpressionAttributeValues=update.values,
            )
        except (ClientError, *_NO_ANSWER) as error:
            if isinstance(error, ClientError) and is_any(error, CONDITION_FAILED):
                return RequestResult(RequestStatus.CONFIRMED, ())
            if (status := classify(error)) is None:
                raise
            return RequestResult(status, transactions, error)
        return RequestResult(RequestStatus.CONFIRMED, ())
