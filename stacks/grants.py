"""Policy statements written by hand: exact actions, on exact resources, for one role.

CDK's `grant_*` methods give more than a caller needs (`dynamodb:Scan`, `s3:GetObject*`), so each
statement is made here, with the KMS statement that an encrypted table or bucket demands.
"""

from collections.abc import Mapping, Sequence

from aws_cdk import Stack
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3


class Grants:
    """What one role may do. Each method adds the statements of one kind of access.

    Attributes:
        bucket_keys: KMS keys of the bucket's objects: the first encrypts what is written now.
        object_patterns: The patterns of keys on whose objects the role may act.
    """

    def __init__(self, role: iam.IRole) -> None:
        self.bucket_keys: Sequence[kms.IKey] = ()
        self.object_patterns: set[str] = set()
        self._role = role
        self._key_actions: set[tuple[str, str, str]] = set()

    def allow(
        self,
        *actions: str,
        on: list[str],
        conditions: Mapping[str, Mapping[str, object]] | None = None,
    ) -> None:
        """Allow actions on resources, given by their ARNs."""
        self._role.add_to_principal_policy(
            iam.PolicyStatement(actions=sorted(actions), resources=on, conditions=conditions)
        )

    def items(self, table: dynamodb.ITable, *actions: str) -> None:
        """Allow actions on a table's items (`GetItem`, `UpdateItem`, ...), not on its indexes."""
        self.allow(*(f"dynamodb:{action}" for action in actions), on=[table.table_arn])
        self.table_key(table)

    def index(self, table: dynamodb.ITable, index: str) -> None:
        """Allow queries of one index of a table."""
        self.allow("dynamodb:Query", on=[f"{table.table_arn}/index/{index}"])
        self.table_key(table)

    def objects(self, bucket: s3.IBucket, pattern: str, *actions: str) -> None:
        """Allow actions on the objects whose keys match a pattern (`uploads/*`)."""
        self.allow(*(f"s3:{action}" for action in actions), on=[bucket.arn_for_objects(pattern)])
        self.object_patterns.add(pattern)
        reads = any(action.startswith("Get") for action in actions)
        writes = "PutObject" in actions
        for number, key in enumerate(self.bucket_keys):
            self.key(key, service="s3", reads=reads, writes=writes and number == 0)

    def listing(self, bucket: s3.IBucket, *patterns: str) -> None:
        """Allow listing the keys of a pattern.

        Without it S3 answers 403 instead of 404 for a key that is missing. It compares `s3:prefix`
        with the requested key then, so that the condition serves that case too (as observed for
        https://github.com/ceph/ceph/pull/68577).
        """
        self.allow(
            "s3:ListBucket",
            on=[bucket.bucket_arn],
            conditions={"StringLike": {"s3:prefix": list(patterns)}},
        )

    def table_key(self, table: dynamodb.ITable) -> None:
        """Allow DynamoDB to use the table's key for this role, when the key is a customer's.

        https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html
        """
        if table.encryption_key:
            self.key(table.encryption_key, service="dynamodb", reads=True, writes=False)

    def key(self, key: kms.IKey, *, service: str, reads: bool, writes: bool) -> None:
        """Allow to use a key, only through one service of this account and Region.

        Who writes objects whole needs no `kms:Decrypt`; in parts, or into SQS or SNS, it does:
        https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html
        """
        stack = Stack.of(self._role)
        wanted = ["kms:Decrypt"] * reads + ["kms:GenerateDataKey"] * writes
        # Skip what an earlier grant of this role already allows.
        actions = [a for a in wanted if (key.key_arn, service, a) not in self._key_actions]
        self._key_actions.update((key.key_arn, service, action) for action in actions)
        if actions:
            self.allow(
                *actions,
                on=[key.key_arn],
                conditions={
                    "StringEquals": {
                        "kms:CallerAccount": stack.account,
                        "kms:ViaService": f"{service}.{stack.region}.{stack.url_suffix}",
                    }
                },
            )
