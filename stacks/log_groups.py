"""Log groups that are named, kept for a while and encrypted as the settings say."""

from aws_cdk import RemovalPolicy
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from constructs import Construct

from stacks.settings import Settings


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
