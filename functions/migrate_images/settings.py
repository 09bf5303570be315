"""Settings of MigrateImages."""

from functions.aws.runtime.settings import LedgerRetention, Settings
from functions.domain.model import PositiveInt


class MigrateSettings(Settings, LedgerRetention):
    """Where images go, and how fast.

    Attributes:
        image_storage_class: Empty for S3's default.
        image_kms_key_arn: Empty for the bucket's default encryption.
        bucket_key_arns: Of the bucket's objects, separated by commas.
        write_units_per_second: Of a user.
    """

    transactions_table: str
    pending_images_table: str
    write_units_per_second: PositiveInt
    image_storage_class: str = ""
    image_kms_key_arn: str = ""
    bucket_key_arns: str = ""
