"""Settings that several functions share, read from the environment when a function is called.

A function's own settings are in its folder, so that a cold start builds no other model.
"""

import os
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated, Self

from functions.domain.model import AtLeast, Model, PositiveInt


class Settings(Model):
    """Base class: a field `bucket_name` is read from the variable `BUCKET_NAME`."""

    @staticmethod
    def naming(name: str) -> str:
        """In capitals."""
        return name.upper()

    bucket_name: str
    batch_jobs_table: str
    ledger_table: str

    @classmethod
    def read(cls, values: Mapping[str, str] = os.environ) -> Self:
        """Read and check.

        Raises:
            ValuesInvalid: naming every variable that is missing or wrong.
        """
        return super().read(values)


class LedgerRetention(Model):
    """How long attempts, segments and chunks are kept."""

    ledger_retention_days: PositiveInt

    def expires(self, now: float) -> int:
        """`ttl` of a row written now, epoch seconds."""
        return int(now) + self.ledger_retention_days * 86_400

    def written(self, expires: int) -> datetime:
        """When a row was written that has this `ttl` (UTC)."""
        return datetime.fromtimestamp(expires - self.ledger_retention_days * 86_400, UTC)


class SettleSettings(Settings):
    """How long a job waits for its manifest."""

    grace_hours: Annotated[float, AtLeast(0)]

    @property
    def grace(self) -> timedelta:
        """The grace period."""
        return timedelta(hours=self.grace_hours)
