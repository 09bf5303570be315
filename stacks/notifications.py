"""The topic of alarms and of messages about executions."""

from aws_cdk import ArnFormat, RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from constructs import Construct


class Notifications(Construct):
    """One encrypted topic, to which people subscribe."""

    def __init__(self, scope: Construct, construct_id: str) -> None:
        super().__init__(scope, construct_id)
        self.key = _topic_key(self, "Key")
        self.topic = sns.Topic(self, "Topic", enforce_ssl=True, master_key=self.key)
        # A topic with its own policy refuses all senders by default, alarms too.
        self.topic.add_to_resource_policy(
            iam.PolicyStatement(
                sid="Alarms",
                principals=[iam.ServicePrincipal("cloudwatch.amazonaws.com")],
                actions=["sns:Publish"],
                resources=[self.topic.topic_arn],
                conditions=_alarms_of_this_stack(self),
            )
        )


def _topic_key(scope: Construct, construct_id: str) -> kms.Key:
    """Make a topic's key, which admits alarms.

    The key that AWS manages for SNS does not: alarms of a topic under it are lost without a word.
    The statement names the topic, whose ARN is the encryption context of SNS, and not the alarm:
    then it does not depend on what CloudWatch says of itself to KMS. (Of the topic, only its name's
    beginning is known: the topic's own properties wait for the key.)
    https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
    """
    stack = Stack.of(scope)
    key = kms.Key(
        scope,
        construct_id,
        description=f"{stack.stack_name}: messages of the alarm topic",
        enable_key_rotation=True,
        # SNS keeps no messages: nothing is lost with the key.
        removal_policy=RemovalPolicy.DESTROY,
    )
    topics = stack.format_arn(service="sns", resource=f"{stack.stack_name}-*")
    key.add_to_resource_policy(
        iam.PolicyStatement(
            sid="Alarms",
            principals=[iam.ServicePrincipal("cloudwatch.amazonaws.com")],
            actions=["kms:Decrypt", "kms:GenerateDataKey"],
            resources=["*"],  # in a key's policy: this key
            conditions={"ArnLike": {"kms:EncryptionContext:aws:sns:topicArn": topics}},
        )
    )
    return key


def _alarms_of_this_stack(scope: Construct) -> dict[str, dict[str, str]]:
    """Conditions that only CloudWatch alarms of this stack meet."""
    stack = Stack.of(scope)
    alarms = stack.format_arn(
        service="cloudwatch",
        resource="alarm",
        resource_name=f"{stack.stack_name}-*",
        arn_format=ArnFormat.COLON_RESOURCE_NAME,
    )
    return {
        "StringEquals": {"aws:SourceAccount": stack.account},
        "ArnLike": {"aws:SourceArn": alarms},
    }
