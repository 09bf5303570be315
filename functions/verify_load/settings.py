"""Settings of VerifyLoad."""

from functions.aws.runtime.plan_settings import PlanSettings
from functions.domain.model import PositiveInt


class VerifySettings(PlanSettings):
    """What the load is measured by, and how images are shared out.

    Attributes:
        reject_percent_limit: More rejects than this share (and at least 20) stop an execution.
    """

    reject_percent_limit: float
    migrate_concurrency: PositiveInt
    images_per_chunk: PositiveInt
