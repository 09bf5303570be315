"""Settings of FindStuckJobs."""

from pydantic import PositiveInt

from functions.aws.runtime.settings import LedgerRetention, SettleSettings


class StuckJobsSettings(SettleSettings, LedgerRetention):
    """How far back to look, and how old a row of the ledger is."""

    stuck_lookback_days: PositiveInt
