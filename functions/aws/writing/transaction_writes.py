"""BatchWriteItem, which replaces existing items; and results of requests.

Requests that write transactions are never repeated by the SDK: whether one may be repeated, and
how, depends on whether it may have been carried out.
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
from functions.aws.runtime.service_errors import THROTTLED, is_any, is_server_error
from functions.domain.transactions import Transaction

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

NO_ANSWER: Final = (
    ChecksumError,
    ConnectionError,
    HTTPClientError,
    IncompleteReadError,
    ResponseParserError,
)
"""Errors without a readable answer."""


class RequestStatus(Enum):
    """The state of a request."""

    CONFIRMED = "confirmed"
    """DynamoDB has confirmed it, in whole or in part."""
    REFUSED = "refused"
    """Throttled, and certainly not carried out."""
    UNKNOWN = "unknown"
    """A lost connection or an error of DynamoDB's own: it may have been carried out."""


@dataclass(frozen=True)
class RequestResult:
    """The result of a request.

    Attributes:
        status: What is known.
        left: Transactions that are not confirmed.
        error: Why, unless it is confirmed.
    """

    status: RequestStatus
    left: Sequence[Transaction]
    error: Exception | None = None


def classify(error: Exception) -> RequestStatus | None:
    """The result of a failed request; None for an error that repeating does not change."""
    if not isinstance(error, ClientError):
        return RequestStatus.UNKNOWN
    if is_server_error(error):
        return RequestStatus.UNKNOWN
    return RequestStatus.REFUSED if is_any(error, THROTTLED) else None


@dataclass(frozen=True)
class BatchPut:
    """BatchWriteItem: replaces existing items, so only for items that no person has edited."""

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
        except (ClientError, *NO_ANSWER) as error:
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
