"""Settings of PlanRanges."""

from functions.aws.settings import PlanSettings, SettleSettings


class PlanRangesSettings(PlanSettings, SettleSettings):
    """Planning begins the job."""
