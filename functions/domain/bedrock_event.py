"""Bedrock's event "Batch Inference Job State Change": the input of an execution.

https://docs.aws.amazon.com/bedrock/latest/userguide/monitoring-eventbridge-how-it-works.html
"""

from typing import Final

from pydantic import Field

from functions.domain.bedrock_jobs import MAX_MESSAGE, BedrockStatus
from functions.domain.received import EventTime, Received

JOB_STATE_CHANGE: Final = "Batch Inference Job State Change"


class _Detail(Received):
    arn: str = Field(alias="batchJobArn", min_length=1, max_length=2048, pattern=r"[^/#]$")
    status: str
    message: str | None = Field(default=None, alias="failureMessage")


class JobStateChange(Received):
    """The event; its status may be one that does not end the job."""

    time: EventTime
    detail: _Detail

    @property
    def job_id(self) -> str:
        """The last part of the job's ARN."""
        return self.detail.arn.rpartition("/")[2]

    @property
    def status(self) -> BedrockStatus | None:
        """How the job ended; None if it has not."""
        try:
            return BedrockStatus(self.detail.status)
        except ValueError:
            return None

    @property
    def message(self) -> str:
        """Bedrock's, cut."""
        return (self.detail.message or "")[:MAX_MESSAGE]
