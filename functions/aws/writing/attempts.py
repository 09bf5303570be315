"""Attempts at a range: which call was first, and whether another has begun since.

BatchWriteItem replaces existing items, so only the first attempt may use it, and only while no
other call can be at work on the same records. A call that Step Functions has given up may still be
writing when its successor starts. Each call therefore puts its name into the attempt's row before
it writes, the successor over the predecessor's. The predecessor reads the row before it replaces
anything; the successor waits until such a read can no longer be missing.
"""

import math
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from functions.aws.runtime.clients import WRITE_TIMEOUT_SECONDS
from functions.aws.runtime.service_errors import CONDITION_FAILED, is_any
from functions.aws.writing.write_permit import LOOK_SECONDS
from functions.domain import ledger_rows
from functions.domain.attribute_values import from_item, to_item

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

SUCCESSION_SECONDS: Final = LOOK_SECONDS + WRITE_TIMEOUT_SECONDS
"""After this time no predecessor replaces anything, and no call that has lost the claim writes."""


@dataclass(frozen=True)
class AttemptRow:
    """The row that names the call at work on the records from a byte on.

    Attributes:
        client: DynamoDB.
        table: The ledger.
        partition: Of the object and generation.
        start: First byte of what the call works on.
        caller: The call's request id.
        expires: `ttl` of the row, epoch seconds.
    """

    client: "DynamoDBClient"
    table: str
    partition: str
    start: int
    caller: str
    expires: int

    def begin(self, *, now: float, ends_by: float) -> "Succession":
        """Put the caller's name into it.

        A caller finds its own name again when the SDK repeats a request whose answer was lost;
        that is still the first attempt.

        Args:
            now: Epoch seconds.
            ends_by: When Lambda stops the call, epoch seconds.
        """
        mine = self._named(endsBy=math.ceil(ends_by))
        if self._put(mine, condition="attribute_not_exists(pk) OR caller = :caller"):
            return Succession(first=True, seconds=0.0)
        before = self._read()
        self._put(mine)
        at_work = before.get("endsBy", 0) - now
        return Succession(first=False, seconds=min(max(at_work, 0.0), SUCCESSION_SECONDS))

    def is_still_mine(self) -> bool:
        """Whether the row still has this call's name."""
        return bool(self._read().get("caller") == self.caller)

    def end(self) -> None:
        """Record that this call writes no more, so that no successor has to wait."""
        with suppress(ClientError, BotoCoreError):
            self._put(self._named(endsBy=0), condition="caller = :caller")

    def _named(self, **values: object) -> dict[str, object]:
        return {**self._key, "caller": self.caller, "ttl": self.expires, **values}

    @property
    def _key(self) -> dict[str, object]:
        return {"pk": self.partition, "sk": ledger_rows.attempt_sk(self.start)}

    def _read(self) -> dict[str, Any]:
        answer = self.client.get_item(
            TableName=self.table, Key=to_item(self._key), ConsistentRead=True
        )
        return from_item(answer.get("Item", {}))

    def _put(self, row: dict[str, object], *, condition: str | None = None) -> bool:
        """Write the row; False where the condition does not hold."""
        request: dict[str, Any] = {"TableName": self.table, "Item": to_item(row)}
        if condition is not None:
            request["ConditionExpression"] = condition
            request["ExpressionAttributeValues"] = {":caller": {"S": self.caller}}
        try:
            self.client.put_item(**request)
        except ClientError as error:
            if is_any(error, CONDITION_FAILED):
                return False
            raise
        return True


@dataclass(frozen=True)
class Succession:
    """How a call comes to its range.

    Attributes:
        first: No other call has worked on this range before.
        seconds: How long to wait before the first write, because a predecessor may be at work.
    """

    first: bool
    seconds: float
