"""The image bucket and the tables, created or imported by name."""

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct

from functions.domain.jobs import JOB_ID_INDEX
from functions.domain.object_keys import DEAD_LETTERS_PREFIX, RESULTS_PREFIX, WORK_PREFIX
from stacks.event_bridge_switch import EventBridgeSwitch
from stacks.settings import Settings

#: Global index of the transactions table: a user's transactions by their date.
BY_DATE_INDEX = "byDate"


class Storage(Construct):
    """Where the system reads and writes: one bucket and four tables.

    Attributes:
        bucket_keys: KMS keys of the bucket's objects: the first encrypts what is written now.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, settings: Settings, key: kms.IKey | None
    ) -> None:
        super().__init__(scope, construct_id)
        self._settings = settings
        self._key = key
        self.bucket: s3.IBucket = (
            self._imported_bucket() if settings.bucket_name else self._created_bucket()
        )
        self.bucket_keys = self._keys_of_bucket()
        self.transactions = self._table(
            "Transactions",
            name=settings.transactions_table_name,
            key_arn=settings.transactions_table_key_arn,
            partition_key="userId",
            sort_key="transactionId",
            # Never a local index: it would forbid DynamoDB to split a user's items.
            index=(BY_DATE_INDEX, "userId", "date"),
            expires=True,
        )
        self.batch_jobs = self._table(
            "BatchJobs",
            name=settings.batch_jobs_table_name,
            key_arn=settings.batch_jobs_table_key_arn,
            partition_key="intentId",
            sort_key="submitTime",
            index=(JOB_ID_INDEX, "jobId", None),
        )
        self.pending_images = self._table(
            "PendingImages",
            name=settings.pending_images_table_name,
            key_arn=settings.pending_images_table_key_arn,
            partition_key="imageId",
        )
        self.ledger = self._table("Ledger", partition_key="pk", sort_key="sk", expires=True)

    @property
    def _removal(self) -> RemovalPolicy:
        return RemovalPolicy.RETAIN if self._settings.production else RemovalPolicy.DESTROY

    def _keys_of_bucket(self) -> list[kms.IKey]:
        if not self._settings.bucket_name:
            return [self._key] if self._key else []
        return [
            kms.Key.from_key_arn(self, f"BucketKey{number}", arn)
            for number, arn in enumerate(self._settings.bucket_key_arns)
        ]

    def _imported_bucket(self) -> s3.IBucket:
        bucket = s3.Bucket.from_bucket_attributes(
            self, "Bucket", bucket_name=self._settings.bucket_name
        )
        if self._settings.switch_on_event_bridge:
            EventBridgeSwitch(
                self,
                "EventBridgeSwitch",
                bucket_name=self._settings.bucket_name,
                key=self._key,
                settings=self._settings,
            )
        return bucket

    def _created_bucket(self) -> s3.Bucket:
        settings = self._settings
        bucket = s3.Bucket(
            self,
            "Bucket",
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            bucket_key_enabled=True if self._key else None,
            encryption=s3.BucketEncryption.KMS if self._key else s3.BucketEncryption.S3_MANAGED,
            encryption_key=self._key,
            enforce_ssl=True,
            lifecycle_rules=[
                *(
                    _expiration(prefix, settings.output_retention_days)
                    for prefix in (RESULTS_PREFIX, WORK_PREFIX)
                ),
                *(
                    [_expiration(DEAD_LETTERS_PREFIX, settings.dead_letter_retention_days)]
                    if settings.dead_letter_retention_days
                    else []
                ),
                s3.LifecycleRule(
                    id="AbortIncompleteUploads",
                    abort_incomplete_multipart_upload_after=Duration.days(7),
                ),
            ],
            minimum_tls_version=1.2,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            removal_policy=self._removal,
        )
        # `event_bridge_enabled=True` would bring a custom resource, whose function may rewrite the
        # notifications of every bucket, for a switch that CloudFormation has itself.
        resource = bucket.node.default_child
        assert isinstance(resource, s3.CfnBucket)  # noqa: S101 - tells the type checker
        resource.notification_configuration = s3.CfnBucket.NotificationConfigurationProperty(
            event_bridge_configuration=s3.CfnBucket.EventBridgeConfigurationProperty(
                event_bridge_enabled=True
            )
        )
        return bucket

    def _table(
        self,
        construct_id: str,
        *,
        partition_key: str,
        sort_key: str | None = None,
        index: tuple[str, str, str | None] | None = None,
        expires: bool = False,
        name: str = "",
        key_arn: str = "",
    ) -> dynamodb.ITable:
        if name:
            return dynamodb.Table.from_table_attributes(
                self,
                construct_id,
                table_name=name,
                encryption_key=(
                    kms.Key.from_key_arn(self, f"{construct_id}Key", key_arn) if key_arn else None
                ),
            )
        table = dynamodb.Table(
            self,
            construct_id,
            partition_key=_text_attribute(partition_key),
            sort_key=_text_attribute(sort_key) if sort_key else None,
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            deletion_protection=self._settings.production,
            encryption=(
                dynamodb.TableEncryption.CUSTOMER_MANAGED
                if self._key
                else dynamodb.TableEncryption.DEFAULT
            ),
            encryption_key=self._key,
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=self._settings.production
            ),
            removal_policy=self._removal,
            time_to_live_attribute="ttl" if expires else None,
        )
        if index:
            index_name, index_partition_key, index_sort_key = index
            table.add_global_secondary_index(
                index_name=index_name,
                partition_key=_text_attribute(index_partition_key),
                sort_key=_text_attribute(index_sort_key) if index_sort_key else None,
                projection_type=dynamodb.ProjectionType.ALL,
            )
        return table


def _text_attribute(name: str) -> dynamodb.Attribute:
    return dynamodb.Attribute(name=name, type=dynamodb.AttributeType.STRING)


def _expiration(prefix: str, days: int) -> s3.LifecycleRule:
    """Delete what is under a prefix after some days, older versions of it included."""
    return s3.LifecycleRule(
        id="Expire-" + prefix.removesuffix("/"),
        prefix=prefix,
        expiration=Duration.days(days),
        noncurrent_version_expiration=Duration.days(days),
    )
