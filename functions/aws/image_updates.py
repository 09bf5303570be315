"""What moving images writes into the tables: transactions' `s3Key`, marks of pending images.

An UPDATE never creates an item: where its condition, the key, names none, it fails as
ConditionalCheckFailed
(https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-reference.update.html).
Each statement may be repeated: it sets the same values again.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from itertools import islice, repeat
from typing import Final

from botocore.exceptions import ClientError

from functions.aws.image_tables import ImageTables
from functions.aws.runtime.deadline import Deadline
from functions.aws.runtime.service_errors import THROTTLED, is_any
from functions.aws.writing.batch_statements import (
    MAX_STATEMENTS,
    StatementResult,
    StatementStatus,
    execute,
)
from functions.aws.writing.write_budget import WriteBudget
from functions.domain.attribute_values import to_attribute
from functions.domain.images import PROCESSED, PendingImage
from functions.domain.timestamps import timestamp
from functions.domain.transactions import Statement, transaction_id

_MAX_ATTEMPTS: Final = 5
_POINTER_UNITS: Final = 1
"""Write units of an `s3Key`: transactions are seldom larger than 1 KiB."""
_SETTLED: Final = frozenset({StatementStatus.DONE, StatementStatus.CONDITION_FAILED})

Placed = tuple[PendingImage, str]
"""An image, and the key that it has now."""


@dataclass(frozen=True)
class ImageUpdates:
    """Updates for images of one job.

    Attributes:
        budget: Of the user's transactions.
        deadline: When no more transactions may be updated.
    """

    tables: ImageTables
    budget: WriteBudget
    deadline: Deadline

    def point(self, placed: Iterable[Placed]) -> Mapping[str, bool]:
        """Set `s3Key` of the images' transactions, edited or not, as fast as the budget allows.

        Args:
            placed: Taken a request at a time, so that later images may still be copied meanwhile.

        Returns:
            Whether there is a transaction, by image id. An image that was throttled, or that the
            deadline came before, is missing.
        """
        held: dict[str, bool] = {}
        waiting = iter(placed)
        while part := list(islice(waiting, self._affordable)):
            held |= self._carry_out(
                {image.image_id: self._pointer(image, key) for image, key in part},
                units=_POINTER_UNITS,
            )
        return held

    def mark(self, placed: Sequence[Placed], *, now: datetime) -> Mapping[str, bool]:
        """Say in pending-images where the images are now, at most 25 at a time.

        A record that was removed, or that names another object since, is the user's and stays.
        `processedAt` is `now` where there is none yet.

        Returns:
            Whether a record was marked, by image id. An image that was throttled is missing.
        """
        return self._carry_out(
            {image.image_id: self._mark(image, key, now) for image, key in placed}
        )

    @property
    def _affordable(self) -> int:
        """How many transactions a request may update."""
        return self.budget.affordable(repeat(_POINTER_UNITS, MAX_STATEMENTS))

    def _pointer(self, image: PendingImage, key: str) -> Statement:
        transaction = {
            "userId": self.tables.user_id,
            "transactionId": transaction_id(self.tables.job_id, image.image_id),
        }
        return _update(self.tables.transactions, {"s3Key": key}, where=transaction)

    def _mark(self, image: PendingImage, key: str, now: datetime) -> Statement:
        # PartiQL has no if_not_exists: a time that was read is left out.
        time = {} if image.has_processed_at else {"processedAt": timestamp(now)}
        return _update(
            self.tables.pending_images,
            {"status": PROCESSED, "processedKey": key, **time},
            where={
                "imageId": image.image_id,
                "userId": self.tables.user_id,
                "s3Key": image.s3_key,
            },
        )

    def _carry_out(self, statements: Mapping[str, Statement], *, units: int = 0) -> dict[str, bool]:
        """Carry out statements; whether the condition of each held.

        Args:
            statements: At most 25.
            units: What each costs of the budget, in each request.

        Raises:
            ClientError: for an error of DynamoDB's own that lasts, or for any other answer.
        """
        held: dict[str, bool] = {}
        left = dict(statements)
        for attempt in range(_MAX_ATTEMPTS):
            if units and not self.budget.spend(units * len(left), self.deadline):
                return held
            results = dict(zip(left, self._execute(list(left.values())), strict=True))
            for image_id, result in results.items():
                if result.status in _SETTLED:
                    held[image_id] = result.status is StatementStatus.DONE
            if units and any(each.status is StatementStatus.THROTTLED for each in results.values()):
                self.budget.throttled()
            errors = {each: result.error for each, result in results.items() if result.error}
            if not errors:
                return held
            left = {image_id: left[image_id] for image_id in errors}
            # The SDK repeats a request that failed, but not the part of one.
            self.tables.pause(attempt)
        raise next(iter(errors.values()))

    def _execute(self, statements: Sequence[Statement]) -> list[StatementResult]:
        try:
            return execute(self.tables.client, statements)
        except ClientError as error:
            if not is_any(error, THROTTLED):
                raise
            return [StatementResult(StatementStatus.THROTTLED)] * len(statements)


def _update(table: str, values: Mapping[str, object], *, where: Mapping[str, object]) -> Statement:
    """Set attributes of an item that is there and has these attributes, its key among them."""
    parameters = [to_attribute(each) for each in (*values.values(), *where.values())]
    return Statement(_text(table, tuple(values), tuple(where)), parameters)


@cache
def _text(table: str, names: tuple[str, ...], compared: tuple[str, ...]) -> str:
    sets = " ".join(f'SET "{name}" = ?' for name in names)
    condition = " AND ".join(f'"{name}" = ?' for name in compared)
    return f'UPDATE "{table}" {sets} WHERE {condition}'
