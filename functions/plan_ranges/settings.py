"""Settings of PlanRanges."""

from functions.aws.runtime.settings import PlanSettings, SettleSettings


class PlanRangesSettings(PlanSettings, SettleSettings):
    """Planning begins the job."""
