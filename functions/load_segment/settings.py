"""Settings of LoadSegment."""

from datetime import timedelta
from typing import Annotated

from functions.aws.runtime.settings import LedgerRetention, Settings
from functions.domain.model import AtLeast, PositiveInt
from functions.domain.receipts.transaction import Retention


class LoadSettings(Settings, LedgerRetention):
    """How a segment is loaded.

    Attributes:
        padding_prefix: What an image id of padding begins with.
        guest_retention_days, account_retention_days: 0 means without end.
    """

    transactions_table: str
    line_bytes_limit: PositiveInt
    padding_prefix: Annotated[str, AtLeast(1)]
    guest_retention_days: Annotated[int, AtLeast(0)]
    account_retention_days: Annotated[int, AtLeast(0)]

    @property
    def retention(self) -> Retention:
        """How long transactions are kept."""
        return Retention(
            guest=_days(self.guest_retention_days), account=_days(self.account_retention_days)
        )


def _days(days: int) -> timedelta | None:
    return timedelta(days=days) if days else None
