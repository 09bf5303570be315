"""Publish one message a status, although EventBridge and Lambda deliver at least once.

A row of the ledger, `execution#{arn}` / `told#{redrive count}#{status}`, is leased before a message
is published and closed after it. If publishing fails, the lease is released. An invocation that
finds the row closed publishes nothing. One that finds it leased by another invocation is tried
again later, since that one may have died before it published. A process that dies between
publishing and closing causes a second message, which is better than none.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from functions.aws.runtime.service_errors import CONDITION_FAILED, is_any
from functions.domain.attribute_values import Item, to_item
from functions.domain.executions import Execution
from functions.domain.ledger_rows import RowKey

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

KEPT: Final = timedelta(days=30)
"""Longer than any event is delivered: EventBridge tries for a day, Lambda for six hours."""
LEASE: Final = timedelta(minutes=6)
"""Longer than a function may run, so the invocation that took the lease has ended by then."""


class AnnouncementUnderWay(Exception):  # noqa: N818  a reason to come back later
    """Another invocation is publishing it; Lambda tries this one again in a minute."""


def about_execution(execution: Execution) -> RowKey:
    """The row of the message about an execution's present status."""
    told = f"told#{execution.redrive_count:06d}#{execution.status}"
    return RowKey(f"execution#{execution.arn}", told)


def about_job(job_id: str, revision: int) -> RowKey:
    """The row of the message about the data of a job that was settled with this revision."""
    return RowKey(f"settled#{job_id}", f"told#{revision:06d}")


@dataclass(frozen=True)
class Announcements:
    """The rows that say what was published.

    Attributes:
        caller: This invocation's request id, which Lambda keeps when it tries it again.
    """

    client: "DynamoDBClient"
    table: str
    caller: str
    now: Callable[[], datetime]

    def once(self, row: RowKey, say: Callable[[], None]) -> bool:
        """Publish a message, unless it was published before.

        Returns:
            Whether it was published now.

        Raises:
            AnnouncementUnderWay: another invocation has the lease.
        """
        key = row.as_item()
        if not self._take(key):
            return False
        try:
            say()
        except Exception:
            # Publishing failed: release the lease so that the retry need not wait for it to expire.
            self._note(key, "leaseUntil = :now", self._seconds() - 1)
            raise
        self._note(key, "toldAt = :now", self._seconds())
        return True

    def _note(self, key: Item, what: str, now: int) -> None:
        self.client.update_item(
            TableName=self.table,
            Key=key,
            UpdateExpression=f"SET {what}",
            ExpressionAttributeValues=to_item({":now": now}),
        )

    def _take(self, key: Item) -> bool:
        now = self._seconds()
        try:
            self.client.update_item(
                TableName=self.table,
                Key=key,
                UpdateExpression="SET caller = :caller, leaseUntil = :lease, #ttl = :ttl",
                ConditionExpression=(
                    "attribute_not_exists(pk) OR "
                    "(attribute_not_exists(toldAt) AND (caller = :caller OR leaseUntil < :now))"
                ),
                ExpressionAttributeNames={"#ttl": "ttl"},
                ExpressionAttributeValues=to_item(
                    {
                        ":caller": self.caller,
                        ":lease": now + int(LEASE.total_seconds()),
                        ":ttl": now + int(KEPT.total_seconds()),
                        ":now": now,
                    }
                ),
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except ClientError as error:
            if not is_any(error, CONDITION_FAILED):
                raise
            answer: Mapping[str, Any] = error.response
            if "toldAt" in answer.get("Item", {}):
                return False
            raise AnnouncementUnderWay(str(key["sk"])) from error
        return True

    def _seconds(self) -> int:
        return int(self.now().timestamp())
