"""Transactions into DynamoDB: nothing is done until it is confirmed, nothing is dropped.

BatchWriteItem answers partial throttling with `UnprocessedItems`, which the SDK does not retry,
and total throttling with an exception. Both are tried again here with full jitter
(https://aws.amazon.com/builders-library/timeouts-retries-and-backoff-with-jitter/), bounded by
the time that the worker has left, never by a number of attempts.
"""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self

from botocore.exceptions import ClientError

from functions.aws.deadline import Deadline
from functions.aws.service_errors import CONDITION_FAILED, THROTTLED, is_any
from functions.aws.write_budget import WriteBudget
from functions.domain.attribute_values import Item, item_size
from functions.domain.transactions import update_unless_edited

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

BATCH_ITEMS: Final = 25
"""BatchWriteItem's limit."""
THREADS: Final = 8
_QUEUED_BATCHES: Final = 2 * THREADS
_BACKOFF_SECONDS: Final = 0.1
_MAX_BACKOFF_SECONDS: Final = 5.0


@dataclass(frozen=True)
class Pacing:
    """What a writer's speed depends on; all of it can be replaced in a test.

    Attributes:
        budget: Share of the write budget.
        deadline: When to give up what is not confirmed.
        sleep: Waits for some seconds.
        jitter: A random number of [0, 1).
    """

    budget: WriteBudget
    deadline: Deadline
    sleep: Callable[[float], None]
    jitter: Callable[[], float]


class TransactionWriter:
    """Writes batches on a few threads; a context manager.

    A key must never be in flight twice: the caller waits (`settle`) before it writes one again.
    """

    def __init__(
        self, client: "DynamoDBClient", table: str, *, pacing: Pacing, undisturbed: bool
    ) -> None:
        """Prepare.

        Args:
            client: DynamoDB.
            table: The transactions table.
            pacing: Budget, deadline, and how to wait.
            undisturbed: Nobody can have touched these items: BatchWriteItem may replace them.
                Otherwise each is a conditional update that spares a person's work.
        """
        self._client = client
        self.table = table
        self._pacing = pacing
        self._write = self._put_batch if undisturbed else self._update_each
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="writer")
        self._room = threading.BoundedSemaphore(_QUEUED_BATCHES)
        self._lock = threading.Lock()
        self._in_flight: set[Future[bool]] = set()
        self.throttles = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._pool.shutdown(cancel_futures=True)

    def write(self, items: Sequence[Item]) -> "Future[bool]":
        """Write at most 25 items with different keys; wait while too much is queued.

        Returns:
            Whether every item is confirmed: False when the deadline came first.
        """
        self._room.acquire()
        future = self._pool.submit(self._write, list(items))
        self._in_flight.add(future)
        future.add_done_callback(self._done)
        return future

    def _done(self, future: "Future[bool]") -> None:
        self._in_flight.discard(future)
        self._room.release()

    def settle(self) -> None:
        """Wait until nothing is in flight."""
        for future in list(self._in_flight):
            future.exception()

    def _put_batch(self, items: list[Item]) -> bool:
        pending: Sequence[Any] = [{"PutRequest": {"Item": item}} for item in items]
        attempt = 0
        while pending:
            if not self._may_go_on(attempt):
                return False
            self._pacing.budget.spend(sum(_units(r["PutRequest"]["Item"]) for r in pending))
            try:
                answer = self._client.batch_write_item(RequestItems={self.table: pending})
            except ClientError as error:
                if not is_any(error, THROTTLED):
                    raise
            else:
                pending = answer.get("UnprocessedItems", {}).get(self.table, [])
            if pending:
                attempt = self._throttled(attempt)
        return True

    def _update_each(self, items: list[Item]) -> bool:
        return all(self._update(item) for item in items)

    def _update(self, item: Item) -> bool:
        update = update_unless_edited(item)
        attempt = 0
        while self._may_go_on(attempt):
            self._pacing.budget.spend(_units(item))
            try:
                self._client.update_item(
                    TableName=self.table,
                    Key=update.key,
                    UpdateExpression=update.update_expression,
                    ConditionExpression=update.condition_expression,
                    ExpressionAttributeNames=update.names,
                    ExpressionAttributeValues=update.values,
                )
            except ClientError as error:
                if is_any(error, CONDITION_FAILED):
                    return True  # a person's work: it stays, and the record has its transaction
                if not is_any(error, THROTTLED):
                    raise
                attempt = self._throttled(attempt)
            else:
                return True
        return False

    def _may_go_on(self, attempt: int) -> bool:
        """Wait before another attempt, if there is time for one."""
        if attempt:
            longest = min(_MAX_BACKOFF_SECONDS, _BACKOFF_SECONDS * 2.0 ** min(attempt, 10))
            pause = self._pacing.jitter() * longest
            if pause >= self._pacing.deadline.remaining:
                return False
            self._pacing.sleep(pause)
        return not self._pacing.deadline.has_passed

    def _throttled(self, attempt: int) -> int:
        self._pacing.budget.throttled()
        with self._lock:
            self.throttles += 1
        return attempt + 1


def _units(item: Item) -> int:
    """Write units of an item: one a KiB, or part of it."""
    return -(-item_size(item) // 1024)
