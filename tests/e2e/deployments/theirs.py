"""A bucket and tables that an application made before, and all that can be seen of them."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote_plus

from botocore.exceptions import ClientError

from local.endpoint import Endpoint
from tests.e2e.queues import make_queue, taken

ACCOUNT = "000000000000"

#: What the application's owners let roles of others use at most.
_SERVICES = (
    "bedrock", "dynamodb", "events", "kms", "lambda", "logs", "s3", "sns", "sqs", "states", "xray",
)  # fmt: skip

_BUCKET_SETTINGS = (
    *("bucket_accelerate_configuration", "bucket_acl", "bucket_cors", "bucket_encryption"),
    *("bucket_lifecycle_configuration", "bucket_logging", "bucket_notification_configuration"),
    *("bucket_ownership_controls", "bucket_policy", "bucket_replication"),
    *("bucket_request_payment", "bucket_tagging", "bucket_versioning", "bucket_website"),
    "public_access_block",
)

#: What changes of a table's description by itself, as items come and time goes.
_MOVING = {
    "EarliestRestorableDateTime",
    "IndexSizeBytes",
    "ItemCount",
    "LatestRestorableDateTime",
    "TableSizeBytes",
}


@dataclass
class Theirs:
    """The application's resources, made with boto3 alone: neither ours nor CloudFormation's."""

    endpoint: Endpoint
    bucket: str = "their-images"
    tables: dict[str, str] = field(
        default_factory=lambda: {
            "transactions": "their-transactions",
            "batchJobs": "their-jobs",
            "pendingImages": "their-pending-images",
        }
    )

    def __post_init__(self) -> None:
        clients = ("s3", "dynamodb", "kms", "sqs", "iam")
        self.s3, self.dynamodb, self.kms, self.sqs, self.iam = map(self.endpoint.client, clients)
        self.key = self.kms.create_key(Description="theirs")["KeyMetadata"]["Arn"]
        self.images_key = self.kms.create_key(Description="images")["KeyMetadata"]["Arn"]
        actions = [f"{service}:*" for service in _SERVICES]
        allowed = _document({"Effect": "Allow", "Action": actions, "Resource": "*"})
        made = self.iam.create_policy(PolicyName="their-boundary", PolicyDocument=allowed)
        self.boundary = made["Policy"]["Arn"]
        self.queue, self.queue_arn = make_queue(
            self.sqs, "their-uploads", service="s3.amazonaws.com"
        )
        self._make_bucket()
        self._make_tables()
        self._fill()

    @property
    def settings(self) -> dict[str, Any]:
        """How a deployment is told of them."""
        return {
            "bucketName": self.bucket,
            "bucketKeyArns": [self.key],
            **{f"{table}TableName": name for table, name in self.tables.items()},
            "transactionsTableKeyArn": self.key,
            "imageKmsKeyArn": self.images_key,
            "imageStorageClass": "STANDARD_IA",
            "permissionsBoundaryArn": self.boundary,
            "tags": {"team": "books"},
        }

    def told_of(self) -> set[str]:
        """Keys in the notifications that wait in the application's own queue; they are taken."""
        return {
            unquote_plus(record["s3"]["object"]["key"])
            for body in taken(self.sqs, self.queue)
            for record in body.get("Records", [])
        }

    def look(self) -> dict[str, Any]:
        """Every setting of bucket, tables, key and queue."""
        seen = {**self._look_at_bucket(), **self._look_at_tables(), **self._look_at_the_rest()}
        return {name: _still(each) for name, each in seen.items()}

    def items(self) -> dict[str, list[Any]]:
        """All items of the tables, in one order."""
        scan = self.dynamodb.get_paginator("scan")
        pages = {name: scan.paginate(TableName=name) for name in self.tables.values()}
        return {
            name: sorted((item for page in of_table for item in page["Items"]), key=json.dumps)
            for name, of_table in pages.items()
        }

    def objects(self) -> dict[str, bytes]:
        """The present content of all objects, but of those that belong to this system."""
        return {
            key: self.s3.get_object(Bucket=self.bucket, Key=key)["Body"].read()
            for key in self._keys()
            if not key.startswith("work/")
        }

    def _keys(self) -> Iterator[str]:
        for page in self.s3.get_paginator("list_objects_v2").paginate(Bucket=self.bucket):
            yield from (each["Key"] for each in page.get("Contents", []))

    def _make_bucket(self) -> None:
        """With versions, a policy, rules, tags, a key and a notification of its own."""
        s3, bucket = self.s3, {"Bucket": self.bucket}
        s3.create_bucket(**bucket)
        s3.put_bucket_versioning(**bucket, VersioningConfiguration={"Status": "Enabled"})
        insecure = {
            "Sid": "TheirDenial",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": [f"arn:aws:s3:::{self.bucket}", f"arn:aws:s3:::{self.bucket}/*"],
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        }
        s3.put_bucket_policy(**bucket, Policy=_document(insecure))
        s3.put_bucket_tagging(**bucket, Tagging={"TagSet": [{"Key": "owner", "Value": "app"}]})
        default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": self.key}
        by_key = {"ApplyServerSideEncryptionByDefault": default, "BucketKeyEnabled": True}
        s3.put_bucket_encryption(**bucket, ServerSideEncryptionConfiguration={"Rules": [by_key]})
        rule = {"ID": "their-rule", "Filter": {"Prefix": "tmp/"}, "Status": "Enabled"}
        rules = {"Rules": [{**rule, "Expiration": {"Days": 3}}]}
        s3.put_bucket_lifecycle_configuration(**bucket, LifecycleConfiguration=rules)
        cors = {"AllowedMethods": ["PUT"], "AllowedOrigins": ["https://app.test"]}
        s3.put_bucket_cors(**bucket, CORSConfiguration={"CORSRules": [cors]})
        notification = {
            "Id": "their-notification",
            "QueueArn": self.queue_arn,
            "Events": ["s3:ObjectCreated:*"],
            "Filter": {"Key": {"FilterRules": [{"Name": "prefix", "Value": "uploads/"}]}},
        }
        s3.put_bucket_notification_configuration(
            **bucket, NotificationConfiguration={"QueueConfigurations": [notification]}
        )

    def _make_tables(self) -> None:
        """As the application needs them: with a stream, tags, an index more and backups."""
        transactions, jobs, images = self.tables.values()
        key = {"SSESpecification": {"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": self.key}}
        stream = {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
        self._make_table(
            transactions,
            ("userId", "transactionId"),
            {"byDate": ("userId", "date"), "byMerchant": ("merchant", "date")},
            StreamSpecification=stream,
            **key,
        )
        self._make_table(jobs, ("intentId", "submitTime"), {"jobIdIndex": ("jobId",)})
        self._make_table(images, ("imageId",), {}, StreamSpecification=stream)
        self.dynamodb.update_time_to_live(
            TableName=transactions,
            TimeToLiveSpecification={"AttributeName": "ttl", "Enabled": True},
        )
        self.dynamodb.update_continuous_backups(
            TableName=jobs,
            PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True},
        )

    def _make_table(
        self, name: str, keys: tuple[str, ...], indexes: dict[str, tuple[str, ...]], **more: Any
    ) -> None:
        attributes = {each for schema in (keys, *indexes.values()) for each in schema}
        projection = {"ProjectionType": "ALL"}
        secondary = [
            {"IndexName": index, "KeySchema": _schema(schema), "Projection": projection}
            for index, schema in indexes.items()
        ]
        self.dynamodb.create_table(
            TableName=name,
            KeySchema=_schema(keys),
            AttributeDefinitions=[
                {"AttributeName": each, "AttributeType": "S"} for each in sorted(attributes)
            ],
            BillingMode="PAY_PER_REQUEST",
            Tags=[{"Key": "owner", "Value": "app"}],
            **({"GlobalSecondaryIndexes": secondary} if secondary else {}),
            **more,
        )

    def _fill(self) -> None:
        """Data of other users, which no job of this system answers."""
        transactions, jobs, images = self.tables.values()
        for table, item in (
            (transactions, {"userId": "u", "transactionId": "t", "merchant": "m", "date": "d"}),
            (jobs, {"intentId": "i", "submitTime": "s", "jobId": "another", "userId": "u"}),
            (images, {"imageId": "x", "userId": "u", "s3Key": "uploads/u/x.jpg"}),
        ):
            self.dynamodb.put_item(
                TableName=table, Item={name: {"S": value} for name, value in item.items()}
            )
        for content in (b"first", b"second"):
            self.s3.put_object(Bucket=self.bucket, Key="uploads/u/x.jpg", Body=content)
        self.s3.put_object(Bucket=self.bucket, Key="elsewhere/notes.txt", Body=b"notes")

    def _look_at_bucket(self) -> dict[str, Any]:
        return {
            name: _answer(getattr(self.s3, f"get_{name}"), Bucket=self.bucket)
            for name in _BUCKET_SETTINGS
        }

    def _look_at_tables(self) -> dict[str, Any]:
        seen = {}
        for name in self.tables.values():
            described = self.dynamodb.describe_table(TableName=name)["Table"]
            arn = described["TableArn"]
            seen[name] = {
                "description": described,
                "ttl": _answer(self.dynamodb.describe_time_to_live, TableName=name),
                "backups": _answer(self.dynamodb.describe_continuous_backups, TableName=name),
                "tags": _answer(self.dynamodb.list_tags_of_resource, ResourceArn=arn),
            }
        return seen

    def _look_at_the_rest(self) -> dict[str, Any]:
        policy = self.kms.get_key_policy(KeyId=self.key, PolicyName="default")["Policy"]
        queue = self.sqs.get_queue_attributes(QueueUrl=self.queue, AttributeNames=["Policy"])
        return {"key": json.loads(policy), "queue": queue["Attributes"]}


def _schema(names: tuple[str, ...]) -> list[dict[str, str]]:
    return [
        {"AttributeName": name, "KeyType": kind}
        for name, kind in zip(names, ("HASH", "RANGE"), strict=False)
    ]


def _document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def _answer(ask: Callable[..., Any], **request: str) -> Any:
    """What a service answers, or the name of its error."""
    try:
        answer = ask(**request)
    except ClientError as error:
        return error.response["Error"]["Code"]
    answer.pop("ResponseMetadata")
    return answer


def _still(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _still(each) for name, each in value.items() if name not in _MOVING}
    return [_still(each) for each in value] if isinstance(value, list) else value
