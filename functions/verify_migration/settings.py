"""Settings of VerifyMigration."""

from pydantic import PositiveInt

from functions.aws.runtime.settings import Settings


class VerifyMigrationSettings(Settings):
    """How many chunks are migrated at once."""

    migrate_concurrency: PositiveInt
