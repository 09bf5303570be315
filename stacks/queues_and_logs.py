"""Dead-letter queues and log groups, encrypted and kept as the settings say."""

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from stacks.settings import Settings

#: The longest that SQS keeps a message: a message that is not handled in two weeks is lost.
RETENTION = Duration.days(14)


def dead_letter_queue(scope: Construct, construct_id: str, *, key: kms.IKey | None) -> sqs.Queue:
    """Make an encrypted queue that only TLS reaches. The senders' constructs admit the senders."""
    return sqs.Queue(
        scope,
        construct_id,
        encryption=sqs.QueueEncryption.KMS if key else sqs.QueueEncryption.SQS_MANAGED,
        encryption_master_key=key,
        enforce_ssl=True,
        retention_period=RETENTION,
    )


def log_group(
    scope: Construct, construct_id: str, *, name: str, settings: Settings, key: kms.IKey | None
) -> logs.LogGroup:
    """Make a log group. It goes with the stack: retention decides how long logs live, not it."""
    group = logs.LogGroup(
        scope,
        construct_id,
        log_group_name=name,
        encryption_key=key,
        removal_policy=RemovalPolicy.DESTROY,
    )
    resource = group.node.default_child
    assert isinstance(resource, logs.CfnLogGroup)  # noqa: S101 - tells the type checker
    # Days as they are set; the construct takes only members of an enumeration of them.
    resource.retention_in_days = settings.log_retention_days
    return group
