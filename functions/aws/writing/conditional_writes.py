"""Conditional statements, 25 a request: writing that spares a person's work.

A request may be repeated in whole or in part: a statement that was carried out before changes
nothing more.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from functions.aws.writing.batch_statements import StatementResult, StatementStatus, execute
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


@dataclass(frozen=True)
class BatchResult(RequestResult):
    """The result of a request of statements.

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
        written = [statement(self.table, each.item) for each in transactions]
        try:
            # The item that comes with a failed condition tells an edited one from an absent one.
            results = execute(self.client, written, returns_item=True)
        except (ClientError, *NO_ANSWER) as error:
            if (status := classify(error)) is None:
                raise
            return BatchResult(status, transactions, error)
        return _read(transactions, results)


def _read(transactions: Sequence[Transaction], results: Sequence[StatementResult]) -> BatchResult:
    left: list[Transaction] = []
    mismatched: list[Transaction] = []
    failed: ClientError | None = None
    for transaction, result in zip(transactions, results, strict=True):
        match result.status:
            case StatementStatus.DONE:
                pass
            case StatementStatus.DUPLICATE:
                mismatched.append(transaction)
            case StatementStatus.CONDITION_FAILED:
                if not result.has_item:
                    mismatched.append(transaction)
            case StatementStatus.THROTTLED:
                left.append(transaction)
            case StatementStatus.TRANSIENT:
                left.append(transaction)
                failed = result.error
    status = RequestStatus.UNKNOWN if failed else RequestStatus.CONFIRMED
    return BatchResult(status, left, failed, mismatched)
