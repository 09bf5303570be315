"""Settings of RecordOutcome."""

from functions.aws.runtime.settings import SettleSettings


class OutcomeSettings(SettleSettings):
    """Alarm topic and stack name."""

    alarm_topic_arn: str
    stack_name: str
