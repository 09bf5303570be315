"""How an alarm is made here: what it means, where its page is, whom it tells."""

from enum import StrEnum

from aws_cdk import Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_sns as sns
from constructs import Construct


class Urgency(StrEnum):
    """What an alarm asks for."""

    ACT = "act"
    """Work stands still or is lost until somebody acts."""
    LOOK = "look"
    """It goes on, but somebody should know."""


class Alarms(Construct):
    """The alarms of the stack. Each publishes when it rings and when it falls silent."""

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
        *,
        meaning: str,
        urgency: Urgency,
        over: float = 0,
        page: str | None = None,
        periods: tuple[int, int] = (1, 1),
        lasts: bool = False,
    ) -> None:
        """Make an alarm.

        Args:
            name: What it is called, after the stack's name; the name of its construct too.
            metric: What it watches; its period is the alarm's.
            meaning: One or two sentences for whoever receives it.
            urgency: Whether somebody must act.
            over: It rings when the metric is above; by default, when something happened at all.
            page: Its page of the runbook, when several alarms share one.
            periods: In how many periods the metric must be above, of how many it looks at.
            lasts: What was last measured holds until it is measured again. Otherwise no data means
                that nothing happened. (For DynamoDB's metrics the former would be the default, and
                such an alarm would never end.)
        """
        alarm = cloudwatch.Alarm(
            self,
            name,
            alarm_name=f"{Stack.of(self).stack_name}-{name}",
            alarm_description=f"{meaning} Runbook: {self._runbook_url}/{page or name}.md",
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
        alarm.add_alarm_action(self._action)
        alarm.add_ok_action(self._action)
        self._made[urgency].append(alarm)

    def of(self, urgency: Urgency) -> list[cloudwatch.Alarm]:
        """The alarms of an urgency, in the order in which they were made."""
        return list(self._made[urgency])

    def summarize(self, name: str, *, meaning: str) -> None:
        """Make the one alarm that rings while any of those rings that somebody must act on."""
        self.summary = cloudwatch.CompositeAlarm(
            self,
            name,
            composite_alarm_name=f"{Stack.of(self).stack_name}-{name}",
            alarm_description=f"{meaning} Runbook: {self._runbook_url}/{name}.md",
            alarm_rule=cloudwatch.AlarmRule.any_of(*self.of(Urgency.ACT)),
        )
        self.summary.add_alarm_action(self._action)
        self.summary.add_ok_action(self._action)
