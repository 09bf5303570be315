"""Settings of VerifyMigration."""

from functions.aws.runtime.settings import Settings
from functions.domain.model import PositiveInt


class VerifyMigrationSettings(Settings):
    """How many chunks are migrated at once."""

    migrate_concurrency: PositiveInt
