"""BatchExecuteStatement: the way of writing that spares a person's work, 25 statements a request.

Each statement succeeds or fails alone
(https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-reference.multiplestatements.batching.html),
so a request may be repeated in whole or in part: a statement that was carried out before changes
nothing more.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from functions.aws.runtime.request_bodies import BODY
from functions.aws.writing.transaction_writes import (
    NO_ANSWER,
    RequestResult,
    RequestStatus,
    classify,
)
from functions.domain.attribute_values import Item
from functions.domain.transactions import Statement, Transaction, insert, update_unless_edited

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

# Codes of a statement's error:
# https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchStatementError.html
_DUPLICATE: Final = "DuplicateItem"
_CONDITION_FAILED: Final = "ConditionalCheckFailed"
_THROTTLED: Final = frozenset(
    {"ProvisionedThroughputExceeded", "RequestLimitExceeded", "ThrottlingError"}
)
_TRANSIENT: Final = frozenset({"InternalServerError", "TransactionConflict"})


@dataclass(frozen=True)
class BatchResult(RequestResult):
    """What came of a request of statements.

    Attributes:
        mismatched: Transactions whose item is there although it was to be inserted, or is absent
            although it was to be updated. They need the other statement.
    """

    mismatched: Sequence[Transaction] = ()


@dataclass(frozen=True)
class ConditionalBatch:
    """INSERT and UPDATE statements for at most 25 transactions of different keys."""

    client: "DynamoDBClient"
    table: str

    def insert(self, transactions: Sequence[Transaction]) -> BatchResult:
        """Make the items that are absent.

        Raises:
            botocore.exceptions.ClientError: for an answer that no repetition changes.
        """
        return self._send(transactions, insert)

    def update(self, transactions: Sequence[Transaction]) -> BatchResult:
        """Update the items that are there and that no person has edited; edited ones stay.

        Raises:
            botocore.exceptions.ClientError: for an answer that no repetition changes.
        """
        return self._send(transactions, update_unless_edited)

    def _send(
        self, transactions: Sequence[Transaction], statement: Callable[[str, Item], Statement]
    ) -> BatchResult:
        body = _body([statement(self.table, each.item) for each in transactions])
        parameters: dict[str, Any] = {"Statements": [], BODY: body}
        try:
            answer = self.client.batch_execute_statement(**parameters)
        except (ClientError, *NO_ANSWER) as error:
            if (status := classify(error)) is None:
                raise
            return BatchResult(status, transactions, error)
        return _read(transactions, answer["Responses"])


def _body(statements: Sequence[Statement]) -> bytes:
    """The request; ALL_OLD is what tells an edited item from an absent one."""
    written = [
        {
            "Statement": text,
            "Parameters": parameters,
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }
        for text, parameters in statements
    ]
    return json.dumps({"Statements": written}, ensure_ascii=False).encode()


def _read(transactions: Sequence[Transaction], responses: Sequence[Any]) -> BatchResult:
    left: list[Transaction] = []
    mismatched: list[Transaction] = []
    failed: ClientError | None = None
    for transaction, response in zip(transactions, responses, strict=True):
        error: Any = response.get("Error") or {}
        match error.get("Code"):
            case None:
                pass
            case code if code == _DUPLICATE:
                mismatched.append(transaction)
            case code if code == _CONDITION_FAILED:
                if "Item" not in error:
                    mismatched.append(transaction)
            case code if code in _THROTTLED:
                left.append(transaction)
            case code if code in _TRANSIENT:
                left.append(transaction)
                failed = _as_exception(error)
            case _:
                raise _as_exception(error)
    status = RequestStatus.UNKNOWN if failed else RequestStatus.CONFIRMED
    return BatchResult(status, left, failed, mismatched)


def _as_exception(error: Any) -> ClientError:
    """A statement's error, as the SDK would have raised it of a whole request."""
    said: Any = {"Error": {"Code": error["Code"], "Message": error.get("Message", "")}}
    return ClientError(said, "BatchExecuteStatement")
