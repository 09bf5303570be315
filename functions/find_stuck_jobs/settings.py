"""Settings of FindStuckJobs."""

from functions.aws.runtime.settings import LedgerRetention, SettleSettings
from functions.domain.model import PositiveInt


class StuckJobsSettings(SettleSettings, LedgerRetention):
    """How far back to look, and how old a row of the ledger is."""

    stuck_lookback_days: PositiveInt
