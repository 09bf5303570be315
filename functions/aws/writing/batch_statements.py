"""BatchExecuteStatement: up to 25 PartiQL statements a request, with a result for each.

Each statement succeeds or fails alone
(https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-reference.multiplestatements.batching.html).
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from functions.aws.runtime.request_bodies import BODY
from functions.domain.transactions import Statement

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

MAX_STATEMENTS: Final = 25
"""In a request: https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchExecuteStatement.html."""


class StatementStatus(Enum):
    """The state of a statement after its request."""

    DONE = "done"
    CONDITION_FAILED = "condition failed"
    """The condition does not hold, or there is no item to update; nothing was changed."""
    DUPLICATE = "duplicate"
    """There is an item with the key of an INSERT; nothing was changed."""
    THROTTLED = "throttled"
    """Certainly not carried out."""
    TRANSIENT = "transient"
    """Another attempt may succeed; it may have been carried out."""


@dataclass(frozen=True)
class StatementResult:
    """The result of one statement.

    Attributes:
        status: What is known.
        has_item: Whether the item came with a failed condition.
        error: DynamoDB's, where the status is TRANSIENT.
    """

    status: StatementStatus
    has_item: bool = False
    error: ClientError | None = None


# https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchStatementError.html
_STATUSES: Final = {
    "ConditionalCheckFailed": StatementStatus.CONDITION_FAILED,
    "DuplicateItem": StatementStatus.DUPLICATE,
    "InternalServerError": StatementStatus.TRANSIENT,
    "ProvisionedThroughputExceeded": StatementStatus.THROTTLED,
    "RequestLimitExceeded": StatementStatus.THROTTLED,
    "ThrottlingError": StatementStatus.THROTTLED,
    "TransactionConflict": StatementStatus.TRANSIENT,
}


def execute(
    client: "DynamoDBClient", statements: Sequence[Statement], *, returns_item: bool = False
) -> list[StatementResult]:
    """Carry out at most 25 statements on different items, each alone.

    Args:
        client: One that accepts ready bodies for this operation.
        statements: All of them read, or all of them write.
        returns_item: Whether a failed condition is to bring the item with it, if there is one.

    Returns:
        A result for each statement, in their order.

    Raises:
        botocore.exceptions.ClientError: if the request was refused, or a statement for a reason
            that no repetition changes.
    """
    parameters: dict[str, Any] = {
        "Statements": [],
        BODY: _body(statements, returns_item=returns_item),
    }
    answer = client.batch_execute_statement(**parameters)
    return [_result(each) for each in answer["Responses"]]


def _body(statements: Sequence[Statement], *, returns_item: bool) -> bytes:
    more = {"ReturnValuesOnConditionCheckFailure": "ALL_OLD"} if returns_item else {}
    written = [
        {"Statement": text, "Parameters": parameters, **more} for text, parameters in statements
    ]
    return json.dumps({"Statements": written}, ensure_ascii=False).encode()


def _result(response: Any) -> StatementResult:
    error = response.get("Error")
    if not error:
        return StatementResult(StatementStatus.DONE)
    status = _STATUSES.get(error["Code"])
    if status is None:
        raise _as_exception(error)
    return StatementResult(
        status,
        has_item="Item" in error,
        error=_as_exception(error) if status is StatementStatus.TRANSIENT else None,
    )


def _as_exception(error: Any) -> ClientError:
    """A statement's error, as the SDK would have raised it for a whole request."""
    said: Any = {"Error": {"Code": error["Code"], "Message": error.get("Message", "")}}
    return ClientError(said, "BatchExecuteStatement")
