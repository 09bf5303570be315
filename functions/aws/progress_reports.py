"""How far a worker call has come: a row of the ledger that it rewrites every two seconds.

The row is a hint for people. No decision is made of it: what proves a load is the segment's row,
which is written when the call ends.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from botocore.exceptions import BotoCoreError, ClientError

from functions.aws.runtime.deadline import Clock
from functions.domain.attribute_values import to_item

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

EVERY_SECONDS: Final = 2.0
AFTER_FAILURE_SECONDS: Final = 30.0
"""Until the next try: a ledger that does not answer must not slow the worker down."""
LEAST_DONE: Final = 100
"""Records or images between two reports, so that these are at most 1 % of what is written: a
report is one write unit, and so is a transaction or an image at least."""


@dataclass
class ProgressReports:
    """The row of one worker call.

    Attributes:
        client: Makes the client, which should give up soon and repeat no request.
        table: The ledger.
        partition: Of the object and generation.
        sk: Of the row.
        expires: `ttl` of the row, epoch seconds.
        clock: Monotonic seconds.
        now: Epoch seconds.
    """

    client: Callable[[], "DynamoDBClient"]
    table: str
    partition: str
    sk: str
    expires: int
    clock: Clock
    now: Callable[[], float]
    _done: int = field(default=0, init=False)
    _due_at: float = field(init=False)

    def __post_init__(self) -> None:
        self._due_at = self.clock() + EVERY_SECONDS

    def note(self, done: int, row: Callable[[], Mapping[str, object]]) -> None:
        """Report, if it is time to. A report that cannot be written is left out.

        Args:
            done: Records or images that the call has done.
            row: Makes the attributes.
        """
        if done - self._done < LEAST_DONE or self.clock() < self._due_at:
            return
        wait = EVERY_SECONDS if self._put(row()) else AFTER_FAILURE_SECONDS
        self._done, self._due_at = done, self.clock() + wait

    def _put(self, row: Mapping[str, object]) -> bool:
        key = {"pk": self.partition, "sk": self.sk, "ttl": self.expires}
        item = to_item({**row, **key, "at": int(self.now())})
        try:
            self.client().put_item(TableName=self.table, Item=item)
        except (ClientError, BotoCoreError):
            return False
        return True
