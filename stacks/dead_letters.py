"""Queues for events that could not be delivered."""

from aws_cdk import Duration
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sqs as sqs
from constructs import Construct

#: The longest that SQS keeps a message: what nobody looked at in two weeks is lost.
RETENTION = Duration.days(14)

#: The longest that EventBridge tries to deliver an event, before it goes to such a queue.
#: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-retry-policy.html
DELIVERY_AGE = Duration.hours(24)
DELIVERY_ATTEMPTS = 185


def dead_letter_queue(scope: Construct, construct_id: str, *, key: kms.IKey | None) -> sqs.Queue:
    """Make an encrypted queue that only TLS reaches; whoever sends to it adds a permission."""
    return sqs.Queue(
        scope,
        construct_id,
        encryption=sqs.QueueEncryption.KMS if key else sqs.QueueEncryption.SQS_MANAGED,
        encryption_master_key=key,
        enforce_ssl=True,
        retention_period=RETENTION,
    )
