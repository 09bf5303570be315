"""KMS keys of the stack, and the services that may use them without a role of ours."""

from aws_cdk import ArnFormat, RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct

from stacks.settings import Settings


def encryption_key(scope: Construct, construct_id: str, *, settings: Settings) -> kms.IKey | None:
    """The key for all that the stack creates, where the settings ask for one.

    Roles get their part from their own policies. Lambda needs none of theirs: it makes a grant for
    itself, with the rights of the user who deploys.
    https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars-encryption.html
    """
    if settings.customer_managed_key_arn:
        # Its policy is not the stack's to change: docs/encryption.md says what must be in it.
        return kms.Key.from_key_arn(scope, construct_id, settings.customer_managed_key_arn)
    if not settings.customer_managed_key:
        return None
    stack = Stack.of(scope)
    key = kms.Key(
        scope,
        construct_id,
        description=f"{stack.stack_name}: bucket, tables, queues, logs and executions",
        enable_key_rotation=True,
        removal_policy=RemovalPolicy.RETAIN if settings.production else RemovalPolicy.DESTROY,
    )
    for statement in _services(stack):
        key.add_to_resource_policy(statement)
    return key


def _services(stack: Stack) -> list[iam.PolicyStatement]:
    """Add key policy statements for services that act without a role of this stack."""
    log_groups = [
        stack.format_arn(
            service="logs",
            resource="log-group",
            resource_name=f"{prefix}/{stack.stack_name}*",
            arn_format=ArnFormat.COLON_RESOURCE_NAME,
        )
        for prefix in ("/aws/lambda", "/aws/vendedlogs/states")
    ]
    return [
        # https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
        iam.PolicyStatement(
            sid="LogGroups",
            principals=[iam.ServicePrincipal(f"logs.{stack.region}.{stack.url_suffix}")],
            actions=[
                "kms:Decrypt",
                "kms:DescribeKey",
                "kms:Encrypt",
                "kms:GenerateDataKey",
                "kms:GenerateDataKeyWithoutPlaintext",
                "kms:ReEncryptFrom",
                "kms:ReEncryptTo",
            ],
            resources=["*"],  # in a key's policy: this key
            conditions={"ArnLike": {"kms:EncryptionContext:aws:logs:arn": log_groups}},
        ),
        # https://docs.aws.amazon.com/step-functions/latest/dg/encryption-at-rest.html
        iam.PolicyStatement(
            sid="DeliveryOfExecutionLogs",
            principals=[iam.ServicePrincipal("delivery.logs.amazonaws.com")],
            actions=["kms:Decrypt"],
            resources=["*"],  # this key
        ),
        # Rules put what they cannot deliver into encrypted queues. By the queue and not by the
        # rule: the queue's ARN is the encryption context of SQS, while it is not documented which
        # account and ARN come with EventBridge's request.
        # https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html
        iam.PolicyStatement(
            sid="DeadLetters",
            principals=[iam.ServicePrincipal("events.amazonaws.com")],
            actions=["kms:Decrypt", "kms:GenerateDataKey"],
            resources=["*"],  # this key
            conditions={
                "ArnLike": {
                    "kms:EncryptionContext:aws:sqs:arn": stack.format_arn(
                        service="sqs", resource=f"{stack.stack_name}-*"
                    )
                }
            },
        ),
    ]
