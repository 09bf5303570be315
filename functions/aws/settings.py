"""A function's settings: one typed model a function, read from its environment when called."""

import os
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, PositiveInt

from functions.domain.transactions import Retention


class Settings(BaseModel):
    """Base of all: a field `bucket_name` is read from the variable `BUCKET_NAME`."""

    model_config = ConfigDict(
        frozen=True,
        extra="ignore",
        alias_generator=str.upper,
        validate_by_name=True,
        hide_input_in_errors=True,  # the environment holds credentials
    )

    bucket_name: str
    batch_jobs_table: str
    ledger_table: str

    @classmethod
    def read(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """Read and check.

        Raises:
            pydantic.ValidationError: naming every variable that is missing or wrong.
        """
        return cls.model_validate(dict(environment))


class LedgerRetention(BaseModel):
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

    grace_hours: float = Field(ge=0)

    @property
    def grace(self) -> timedelta:
        """The grace period."""
        return timedelta(hours=self.grace_hours)


class PlanSettings(Settings):
    """How results objects are cut into ranges, and loaded.

    Attributes:
        range_bytes: Of a range, if there are not too many.
        write_units_per_second: Of an execution, shared among its workers.
    """

    range_bytes: PositiveInt
    max_ranges: PositiveInt
    load_concurrency: PositiveInt
    write_units_per_second: PositiveInt


class PlanRangesSettings(PlanSettings, SettleSettings):
    """Planning begins the job."""


class VerifySettings(PlanSettings):
    """What the load is measured by, and how images are shared out.

    Attributes:
        reject_percent_limit: More rejects than this share (and at least 20) stop an execution.
    """

    reject_percent_limit: float
    migrate_concurrency: PositiveInt
    images_per_chunk: PositiveInt


class VerifyMigrationSettings(Settings):
    """How many chunks are migrated at once."""

    migrate_concurrency: PositiveInt


class LoadSettings(Settings, LedgerRetention):
    """How a segment is loaded.

    Attributes:
        guest_retention_days, account_retention_days: 0 means for ever.
    """

    transactions_table: str
    line_bytes_limit: PositiveInt
    guest_retention_days: int = Field(ge=0)
    account_retention_days: int = Field(ge=0)

    @property
    def retention(self) -> Retention:
        """What `ttl` is made of."""
        return Retention(
            guest=_days(self.guest_retention_days), account=_days(self.account_retention_days)
        )


class MigrateSettings(Settings, LedgerRetention):
    """Where images go.

    Attributes:
        image_storage_class: Empty for S3's default.
        image_kms_key_arn: Empty for the bucket's default encryption.
    """

    transactions_table: str
    pending_images_table: str
    image_storage_class: str = ""
    image_kms_key_arn: str = ""


class OutcomeSettings(SettleSettings):
    """Whom to tell, and in whose name."""

    alarm_topic_arn: str
    stack_name: str


class StuckJobsSettings(SettleSettings, LedgerRetention):
    """How far back to look, and how old a row of the ledger is."""

    stuck_lookback_days: PositiveInt


def _days(days: int) -> timedelta | None:
    return timedelta(days=days) if days else None
