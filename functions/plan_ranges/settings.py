"""Settings of PlanRanges."""

from functions.aws.runtime.plan_settings import PlanSettings
from functions.aws.runtime.settings import SettleSettings


class PlanRangesSettings(PlanSettings, SettleSettings):
    """Planning begins the job."""
