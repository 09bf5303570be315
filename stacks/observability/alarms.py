"""Alarms, each with its meaning, its page of the runbook and its action."""

from enum import StrEnum

from aws_cdk import Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_sns as sns
from constructs import Construct


class Urgency(StrEnum):
    """What an alarm asks a person to do."""

    ACT = "act"
    """Work is blocked or lost until a person acts."""
    LOOK = "look"
    """Work goes on, but a person should know."""
    SILENT = "silent"
    """Another alarm rings for the same trouble: this one says more, and publishes nothing."""


class Alarms(Construct):
    """The alarms of the stack.

    An alarm publishes when it rings. Only the summary publishes an OK: CloudWatch runs OK actions
    after INSUFFICIENT_DATA too, so that each alarm would send one when it is created.
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-actions.html
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, runbook_url: str, topic: sns.ITopic
    ) -> None:
        super().__init__(scope, construct_id)
        self._action = actions.SnsAction(topic)
        self._runbook_url = runbook_url
        self._made: dict[Urgency, list[cloudwatch.Alarm]] = {urgency: [] for urgency in Urgency}

    def add(
        self,
        name: str,
        metric: cloudwatch.IMetric,
        meaning: str,
        *,
        urgency: Urgency,
        over: float = 0,
        page: str | None = None,
        periods: tuple[int, int] = (1, 1),
        lasts: bool = False,
    ) -> None:
        """Make an alarm.

        Args:
            name: Its name after the stack's, and its construct's.
            metric: Its metric; the period is the alarm's, too.
            meaning: One or two sentences for the person who receives it.
            urgency: Whether a person must act.
            over: It rings when the metric is above; by default, when something happened at all.
            page: Its page of the runbook, when several alarms share one.
            periods: In how many periods the metric must be above, of how many it looks at.
            lasts: What was last measured holds until it is measured again. Otherwise no data means
                that nothing happened. (For DynamoDB's metrics the former would be the default, and
                such an alarm would never end.)
        """
        alarm_name = f"{Stack.of(self).stack_name}-{name}"
        alarm = cloudwatch.Alarm(
            self,
            name,
            alarm_name=alarm_name,
            alarm_description=f"{meaning} {self._runbook(page or name, alarm_name)}",
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
            datapoints_to_alarm=periods[0],
            evaluation_periods=periods[1],
            metric=metric,
            threshold=over,
            treat_missing_data=(
                cloudwatch.TreatMissingData.IGNORE
                if lasts
                else cloudwatch.TreatMissingData.NOT_BREACHING
            ),
        )
        if urgency is not Urgency.SILENT:
            alarm.add_alarm_action(self._action)
        self._made[urgency].append(alarm)

    def of(self, urgency: Urgency) -> list[cloudwatch.Alarm]:
        """The alarms of an urgency, in the order in which they were made."""
        return list(self._made[urgency])

    def summarize(self, name: str, *, meaning: str) -> None:
        """Make the alarm that rings while any alarm rings that a person must act on.

        It publishes when all of them are OK again. The alarms behind it publish what is wrong: a
        composite alarm that rings already publishes nothing for another trouble.
        """
        alarm_name = f"{Stack.of(self).stack_name}-{name}"
        self.summary = cloudwatch.CompositeAlarm(
            self,
            name,
            composite_alarm_name=alarm_name,
            alarm_description=f"{meaning} {self._runbook(name, alarm_name)}",
            alarm_rule=cloudwatch.AlarmRule.any_of(*self.of(Urgency.ACT)),
        )
        self.summary.add_ok_action(self._action)

    def _runbook(self, page: str, alarm_name: str) -> str:
        """Where the page is; a path is shown with the command that prints the page."""
        place = f"Runbook: {self._runbook_url}/{page}.md"
        return place if "://" in place else f"{place}, printed by: ingest explain {alarm_name}"
