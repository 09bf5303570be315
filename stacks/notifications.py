"""Where alarms and messages about executions go."""

from aws_cdk import aws_iam as iam
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from constructs import Construct

from stacks.encryption import alarms_of_this_account, topic_key
from stacks.settings import Settings


class Notifications(Construct):
    """One encrypted topic. People subscribe to it; the settings can name a first address."""

    def __init__(self, scope: Construct, construct_id: str, *, settings: Settings) -> None:
        super().__init__(scope, construct_id)
        self.key = topic_key(self, "Key")
        self.topic = sns.Topic(self, "Topic", enforce_ssl=True, master_key=self.key)
        # A topic with a policy of its own admits nobody by default, alarms neither.
        self.topic.add_to_resource_policy(
            iam.PolicyStatement(
                sid="Alarms",
                principals=[iam.ServicePrincipal("cloudwatch.amazonaws.com")],
                actions=["sns:Publish"],
                resources=[self.topic.topic_arn],
                conditions=alarms_of_this_account(self),
            )
        )
        if settings.alarm_email:
            self.topic.add_subscription(subscriptions.EmailSubscription(settings.alarm_email))
