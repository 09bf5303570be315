"""Settings of FindStuckJobs."""

from functions.aws.runtime.settings import LedgerRetention, SettleSettings
from functions.domain.model import PositiveInt


class StuckJobsSettings(SettleSettings, LedgerRetention):
    """How far back to look, how old a row of the ledger is, and the stack that cures are for."""

    stack_name: str
    stuck_lookback_days: PositiveInt
