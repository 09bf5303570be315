"""A worker's lease of its user's write budget: see `functions.domain.budget_leases`."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Self

from botocore.exceptions import BotoCoreError, ClientError

from functions.aws.runtime.deadline import Clock
from functions.aws.runtime.service_errors import is_passing
from functions.domain import ledger_rows
from functions.domain.attribute_values import from_item, to_item
from functions.domain.budget_leases import Lease, Sharing, sharing, wanted_rate

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_KEPT_SECONDS: Final = 3600
"""How long the row of a worker that died is kept, at least."""
_RETRY_SECONDS: Final = 0.5
_MEASURED_SECONDS: Final = 1.0
"""At least, before what is used of a rate counts."""


@dataclass
class BudgetLease:
    """Renewed while its worker writes, and given back at the end; a context manager.

    A worker that dies, or writes nothing for some seconds, loses its lease by the clock.

    Attributes:
        client: DynamoDB.
        table: The ledger.
        user_id: Whose budget it is; only a hash of it is written.
        execution: That the worker belongs to.
        caller: The worker's request id.
        budget: Write units a second of the user.
        clock: Monotonic seconds.
        now: Epoch seconds.
    """

    client: "DynamoDBClient"
    table: str
    user_id: str
    execution: str
    caller: str
    budget: float
    clock: Clock
    now: Callable[[], float]
    _rate: float = field(default=0.0, init=False)
    _ends_at: float = field(default=float("-inf"), init=False)
    _look_at: float = field(default=float("-inf"), init=False)
    _wanted: float = field(default=math.inf, init=False)
    _spent: float = field(default=0.0, init=False)
    _allowed: float = field(default=0.0, init=False)
    _measured_at: float = field(default=float("-inf"), init=False)

    @property
    def units_per_second(self) -> float:
        """Write units a second now; reads the ledger when that is due.

        Raises:
            botocore.exceptions.ClientError, BotoCoreError: if there is no lease, and the ledger
                does not give one; or if it denies it.
        """
        if self.clock() >= self._look_at:
            self._look()
        return self._rate if self.clock() < self._ends_at else 0.0

    @property
    def seconds(self) -> float:
        """How long this rate holds, until the ledger is read again."""
        return max(0.0, min(self._look_at, self._ends_at) - self.clock())

    def note(self, spent: float, allowed: float) -> None:
        """Take note of what is used of the rate: others get what this worker cannot use."""
        self._spent += spent
        self._allowed += allowed

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        """Give the lease back: this worker writes no more."""
        self._rate, self._look_at = 0.0, float("inf")
        try:
            self.client.delete_item(TableName=self.table, Key=to_item(self._key))
        except (ClientError, BotoCoreError) as error:
            if not is_passing(error):
                raise

    def _look(self) -> None:
        self._measure()
        if self.clock() >= self._ends_at:
            self._rate, self._wanted = 0.0, math.inf
        try:
            found = self._renew(self._read())
        except (ClientError, BotoCoreError) as error:
            if self.clock() >= self._ends_at or not is_passing(error):
                raise
            self._look_at = self.clock() + _RETRY_SECONDS
            return
        has_enough = found.is_enough(self._rate)
        pause = found.renewal_seconds if has_enough else found.waiting_seconds
        self._look_at = self.clock() + pause

    def _measure(self) -> None:
        """See what the worker can use of its rate."""
        seconds = self.clock() - self._measured_at
        if seconds < _MEASURED_SECONDS:
            return
        self._wanted = wanted_rate(
            self._wanted, spent=self._spent, allowed=self._allowed, seconds=seconds
        )
        self._spent = self._allowed = 0.0
        self._measured_at = self.clock()

    def _renew(self, found: Sharing) -> Sharing:
        """Lower the rate at once; or record a higher one, read again, and take what is left of it.

        A rate is kept only if its lease had not run out before the next one was on record.
        """
        if found.is_enough(self._rate):
            wanted = self._rate = min(self._rate, found.fair)
        else:
            wanted = max(self._rate, min(found.fair, found.free))
        if not self._record(wanted, found):
            self._rate = 0.0
        if wanted > self._rate:
            found = self._read()
            granted = max(self._rate, min(wanted, found.free))
            kept = granted == wanted or self._record(granted, found)
            self._rate = granted if kept else 0.0
        return found

    def _read(self) -> Sharing:
        pages = self.client.get_paginator("query").paginate(
            TableName=self.table,
            ConsistentRead=True,
            KeyConditionExpression="pk = :pk AND begins_with(sk, :prefix)",
            ExpressionAttributeValues=to_item(
                {":pk": self._key["pk"], ":prefix": ledger_rows.LEASE_PREFIX}
            ),
        )
        return sharing(
            [Lease.from_row(from_item(row)) for page in pages for row in page["Items"]],
            execution=self.execution,
            caller=self.caller,
            budget=self.budget,
            now=self.now(),
            wanted=self._wanted,
        )

    def _record(self, rate: float, found: Sharing) -> bool:
        """Write the lease; False if the one before had run out by then."""
        began, seconds = self.clock(), found.lease_seconds
        until = self.now() + seconds
        lease = Lease(self.execution, self.caller, rate, self.budget, until, self._wanted)
        row = {**self._key, **lease.as_row(), "ttl": int(until) + _KEPT_SECONDS}
        self.client.put_item(TableName=self.table, Item=to_item(row))
        was_live = self.clock() < self._ends_at
        self._ends_at = began + seconds
        return was_live

    @property
    def _key(self) -> dict[str, str]:
        return ledger_rows.lease_key(self.user_id, self.execution, self.caller).as_dict()
