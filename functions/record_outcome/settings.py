"""Settings of RecordOutcome."""

from functions.aws.runtime.settings import SettleSettings


class OutcomeSettings(SettleSettings):
    """Alarm topic, stack name, and the share of rejects that is worth a message."""

    alarm_topic_arn: str
    stack_name: str
    reject_percent_alarm: int
