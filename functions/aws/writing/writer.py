"""Write transactions to DynamoDB: each is confirmed, and none is dropped.

BatchWriteItem answers partial throttling with `UnprocessedItems` and total throttling with an
exception. Both are tried again here with full jitter
(https://aws.amazon.com/builders-library/timeouts-retries-and-backoff-with-jitter/), bounded by
the time that the worker has left, never by a number of attempts after which data is dropped.

A put whose result is unknown is never repeated: it may have been carried out, and a person may
have edited the transaction since. Such items are written by conditional statements instead.
"""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Final, Protocol, Self

from functions.aws.writing.conditional_writes import BatchResult, ConditionalBatch
from functions.aws.writing.pacing import Pacing
from functions.aws.writing.transaction_writes import BatchPut, RequestResult, RequestStatus
from functions.domain.transactions import Transaction

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

THREADS: Final = 16
"""Enough to keep one processor busy at 8 ms a call."""
_WAITING_BATCHES: Final = THREADS
"""Read ahead of the threads, so that none waits for the reader."""
_SECONDS_UNDER_WAY: Final = 2.0
"""Seconds of writing at the rate in force that may be under way. Threads share the rate: with much
under way at a low one, no batch would be complete by the deadline."""
_MAX_UNKNOWN_OUTCOMES: Final = 5
"""In a row for one batch; then the error fails the execution, which can be redriven."""


class Permit(Protocol):
    """The right to write; its methods raise once nothing may be written any more."""

    def may_replace(self) -> bool:
        """Whether BatchWriteItem may replace items."""

    def ensure_claim(self) -> None:
        """Return if conditional statements may be sent."""


class TransactionWriter:
    """Writes batches on a few threads; a context manager.

    A key must never be in flight twice: the caller waits (`drain`) before it writes one again.
    """

    def __init__(
        self,
        client: "DynamoDBClient",
        table: str,
        *,
        pacing: Pacing,
        permit: Permit,
        expects_items: bool,
    ) -> None:
        """Prepare.

        Args:
            client: DynamoDB, for requests that the SDK does not repeat.
            table: The transactions table.
            pacing: Budget, deadline, and how to wait.
            permit: Asked immediately before every request, because its answer can change:
                whether BatchWriteItem may replace items, or whether conditional statements, which
                spare a person's work, may still be sent.
            expects_items: Whether most items of a conditional batch are probably there already.
                A wrong guess costs a second request; it is corrected by what batches find.
        """
        self.table = table
        self._pacing = pacing
        self._permit = permit
        self._put = BatchPut(client, table)
        self._conditional = ConditionalBatch(client, table)
        self._expects_items = expects_items
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="writer")
        self._room = threading.BoundedSemaphore(THREADS + _WAITING_BATCHES)
        self._lock = threading.Lock()
        self._in_flight: set[Future[bool]] = set()
        self._progress = threading.Condition()
        self._units_under_way = 0
        self._failure: BaseException | None = None
        self._leaving = False
        self.throttles = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._leaving = True
        self._pool.shutdown(cancel_futures=True)

    def write(self, batch: Sequence[Transaction], *, replace: bool) -> "Future[bool]":
        """Write at most 25 transactions with different keys; wait while too much is queued.

        Args:
            batch: The transactions.
            replace: BatchWriteItem may be used, as long as the permit says so too.

        Returns:
            Whether every one is confirmed: False when the deadline came first.

        Raises:
            Exception: the error of an earlier batch.
        """
        self._room.acquire()
        units = sum(each.write_units for each in batch)
        with self._progress:
            self._progress.wait_for(lambda: self._may_begin(units))
            failure = self._failure
            if failure is None:
                self._units_under_way += units
        if failure is not None:
            self._room.release()
            raise failure
        future = self._pool.submit(self._confirm, batch, replace=replace)
        self._in_flight.add(future)
        future.add_done_callback(partial(self._done, units))
        return future

    def drain(self) -> None:
        """Wait until nothing is in flight."""
        for future in list(self._in_flight):
            future.exception()

    def _may_begin(self, units: int) -> bool:
        """Whether what is under way leaves room for these; one batch always may."""
        most = self._pacing.budget.rate * _SECONDS_UNDER_WAY
        return not self._units_under_way or self._units_under_way + units <= most

    def _done(self, units: int, future: "Future[bool]") -> None:
        if not future.cancelled() and (failure := future.exception()) is not None:
            self._failure = failure
        self._in_flight.discard(future)
        self._room.release()
        with self._progress:
            self._units_under_way -= units
            self._progress.notify()

    def _confirm(self, batch: Sequence[Transaction], *, replace: bool) -> bool:
        if replace:
            left = self._replace(batch)
            if not left:
                return left is not None
            batch = left
        return self._write_unless_edited(batch)

    def _replace(self, batch: Sequence[Transaction]) -> Sequence[Transaction] | None:
        """Put as long as that is safe.

        Returns:
            What has to be written by conditional statements; None when the deadline came.
        """
        refusals = 0
        while batch:
            part = self._affordable(batch)
            if not self._admitted(part, refusals):
                return None
            if not self._permit.may_replace():
                return batch
            result = self._put(part)
            batch = [*result.left, *batch[len(part) :]]
            if result.status is RequestStatus.UNKNOWN:
                return batch
            refusals = self._note(result, refusals)
        return ()

    def _write_unless_edited(self, batch: Sequence[Transaction]) -> bool:
        """Update the items that are there and insert the others; a person's work stays.

        What an INSERT found there, and an UPDATE then refuses, was edited or deleted by a person:
        it counts as confirmed.
        """
        absent = batch
        if self._expects_items:
            found = self._until_confirmed(self._conditional.update, batch)
            if found is None:
                return False
            absent = found
        present = self._until_confirmed(self._conditional.insert, absent)
        if present is None:
            return False
        self._expects_items = 2 * (len(absent) - len(present)) <= len(batch)
        return self._until_confirmed(self._conditional.update, present) is not None

    def _until_confirmed(
        self,
        send: Callable[[Sequence[Transaction]], BatchResult],
        batch: Sequence[Transaction],
    ) -> Sequence[Transaction] | None:
        """Send statements until each has succeeded or found what it does not fit.

        Returns:
            Those that need the other statement; None when the deadline came.
        """
        mismatched: list[Transaction] = []
        refusals = unknown = 0
        while batch:
            part = self._affordable(batch)
            if not self._admitted(part, refusals + unknown):
                return None
            self._permit.ensure_claim()
            result = send(part)
            mismatched += result.mismatched
            batch = [*result.left, *batch[len(part) :]]
            if result.status is RequestStatus.UNKNOWN:
                unknown += 1
                if unknown == _MAX_UNKNOWN_OUTCOMES and result.error is not None:
                    raise result.error
            else:
                unknown = 0
                refusals = self._note(result, refusals)
        return mismatched

    def _affordable(self, batch: Sequence[Transaction]) -> Sequence[Transaction]:
        return batch[: self._pacing.budget.affordable(each.write_units for each in batch)]

    def _admitted(self, part: Sequence[Transaction], refusals: int) -> bool:
        units = sum(each.write_units for each in part)
        return not self._leaving and self._pacing.admit(units, refusals=refusals)

    def _note(self, result: RequestResult, refusals: int) -> int:
        """Count a request that DynamoDB refused, in whole or in part; none in a row if not."""
        if not result.left:
            return 0
        self._pacing.budget.throttled()
        with self._lock:
            self.throttles += 1
        return refusals + 1
