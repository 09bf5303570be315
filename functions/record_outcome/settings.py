"""Settings of RecordOutcome."""

from functions.aws.runtime.settings import SettleSettings


class OutcomeSettings(SettleSettings):
    """Whom to tell, and in whose name."""

    alarm_topic_arn: str
    stack_name: str
