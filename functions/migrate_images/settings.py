"""Settings of MigrateImages."""

from functions.aws.runtime.settings import LedgerRetention, Settings


class MigrateSettings(Settings, LedgerRetention):
    """Where images go.

    Attributes:
        image_storage_class: Empty for S3's default.
        image_kms_key_arn: Empty for the bucket's default encryption.
        bucket_key_arns: Of the bucket's objects, separated by commas.
    """

    transactions_table: str
    pending_images_table: str
    image_storage_class: str = ""
    image_kms_key_arn: str = ""
    bucket_key_arns: str = ""
