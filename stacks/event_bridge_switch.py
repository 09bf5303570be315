"""The one change of an imported bucket: it sends the events of its objects to EventBridge."""

from aws_cdk import Annotations, ArnFormat, CfnResource, Stack, Tags
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct

from stacks.settings import Settings
from stacks.worker import role_and_logs

#: What CDK calls the construct of its function, once in a stack (NotificationsResourceHandler).
_HANDLER = "BucketNotificationsHandler050a0587b7544547bf325f094a3db834"


class EventBridgeSwitch(Construct):
    """Switches on the EventBridge notifications of a bucket that is outside of the stack.

    CloudFormation cannot change such a bucket, so CDK brings a function that reads the bucket's
    notifications and writes them back with the switch on. It gets a role and a log group as all
    functions here have them, instead of CDK's: an AWS managed policy that lets it write every
    log of the account, and logs that are never deleted.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        bucket_name: str,
        key: kms.IKey | None,
        settings: Settings,
    ) -> None:
        super().__init__(scope, construct_id)
        stack = Stack.of(self)
        role, logs, grants = role_and_logs(
            self,
            description="switches on the bucket's EventBridge notifications",
            key=key,
            settings=settings,
        )
        bucket_arn = stack.format_arn(
            service="s3",
            region="",
            account="",
            resource=bucket_name,
            arn_format=ArnFormat.NO_RESOURCE_NAME,
        )
        grants.allow("s3:GetBucketNotification", "s3:PutBucketNotification", on=[bucket_arn])
        s3.Bucket.from_bucket_attributes(
            self,
            "Bucket",
            bucket_name=bucket_name,
            # Without updates: CDK adds the managed policy to whatever role it is given.
            notifications_handler_role=role.without_policy_updates(),
        ).enable_event_bridge_notification()
        # CDK puts the function into the stack, outside of every construct.
        for name, value in settings.tags.items():
            Tags.of(stack.node.find_child(_HANDLER)).add(name, value)
        handler = stack.node.find_child(_HANDLER).node.find_child("Resource")
        assert isinstance(handler, CfnResource)  # noqa: S101 - tells the type checker
        handler.add_property_override("LoggingConfig", {"LogGroup": logs.log_group_name})
        # The CDK's command line shows it when it deploys.
        Annotations.of(self).add_info_v2(
            "event-bridge-switch",
            f"This switches on the EventBridge notifications of {bucket_name}, and changes nothing"
            " else of it. S3 bills the events of all objects of the bucket then"
            " (https://aws.amazon.com/eventbridge/pricing/, opt-in events), and the switch stays on"
            " when the stack is deleted. While it writes the notifications back, S3 checks the"
            " destinations of those that are there.",
        )
