"""The "Step Functions Execution Status Change" event, and what the execution worked on.

https://docs.aws.amazon.com/step-functions/latest/dg/eventbridge-integration.html
"""

import json
from datetime import UTC, datetime
from enum import StrEnum
from functools import cached_property
from typing import Final, Self

from pydantic import Field

from functions.domain.bedrock_event import JobStateChange
from functions.domain.claims import REDRIVE_PERIOD
from functions.domain.errors import EventInvalid
from functions.domain.inputs import read_event
from functions.domain.object_keys import ArrivedKey, parse_key
from functions.domain.received import Received
from functions.domain.s3_event import ObjectCreated

FAILED_STATUSES: Final = frozenset({"FAILED", "TIMED_OUT", "ABORTED"})
ENDED_STATUSES: Final = FAILED_STATUSES | {"SUCCEEDED"}


class Outcome(StrEnum):
    """The outcome to record."""

    FAILED = "failed"
    REDRIVEN = "redriven"
    RECOVERED = "recovered"
    NOTHING = "nothing"


class StatusChange(Received):
    """`detail` of the event; a redrive makes events of its own with a higher count."""

    execution: str = Field(alias="executionArn")
    status: str
    redrive_count: int = Field(default=0, alias="redriveCount")

    @property
    def outcome(self) -> Outcome:
        """The outcome that this event announces."""
        if self.status in FAILED_STATUSES:
            return Outcome.FAILED
        if self.redrive_count == 0:
            return Outcome.NOTHING
        return {"RUNNING": Outcome.REDRIVEN, "SUCCEEDED": Outcome.RECOVERED}.get(
            self.status, Outcome.NOTHING
        )


class Execution(Received):
    """An execution by DescribeExecution; status-change events can come late or not at all."""

    arn: str = Field(alias="executionArn")
    status: str
    input: str = "{}"
    error: str = ""
    cause: str = ""
    start_date: datetime = Field(alias="startDate")
    stop_date: datetime | None = Field(default=None, alias="stopDate")
    redrive_count: int = Field(default=0, alias="redriveCount")
    redrive_status: str = Field(default="", alias="redriveStatus")
    redrive_status_reason: str = Field(default="", alias="redriveStatusReason")
    job_id: str = ""
    """Filled in by callers that know it (`in_job`)."""

    @property
    def reason(self) -> str:
        """Its error; how it ended, where that has none."""
        return self.error or self.status

    @cached_property
    def event(self) -> ObjectCreated | JobStateChange | None:
        """The event that is its input; None where that is anything else."""
        try:
            return read_event(json.loads(self.input))
        except (ValueError, RecursionError, EventInvalid):
            return None

    @property
    def arrived(self) -> ObjectCreated | None:
        """The event of an object, if that is its input."""
        return self.event if isinstance(self.event, ObjectCreated) else None

    @property
    def ended(self) -> JobStateChange | None:
        """The event of a job that ended at Bedrock, if that is its input."""
        return self.event if isinstance(self.event, JobStateChange) else None

    @property
    def bucket(self) -> str:
        """Where the object is that it works on; empty where its input names none."""
        return self.arrived.bucket if self.arrived else ""

    @property
    def key(self) -> str:
        """The object that it works on; empty where its input names none."""
        return self.arrived.key if self.arrived else ""

    @property
    def etag(self) -> str:
        """Of the content that its input announces; empty where it names none."""
        return self.arrived.detail.object.etag if self.arrived else ""

    @property
    def sequencer(self) -> str:
        """S3's order of its event among those of the key; empty where it names none."""
        return self.arrived.detail.object.sequencer if self.arrived else ""

    @property
    def event_time(self) -> datetime:
        """When its event happened (UTC); at the latest when it was started.

        A hand-made event may say a year to come, and would count as the newest until then.
        """
        started = self.start_date.astimezone(UTC)
        return min(self.arrived.time, started) if self.arrived else started

    @property
    def parsed_key(self) -> ArrivedKey | None:
        """The key with its folders; None if this system ignores it."""
        return parse_key(self.key)

    def in_job(self, job_id: str) -> Self:
        """The same, with the job that its object belongs to."""
        return self.model_copy(update={"job_id": job_id})

    def is_as(self, status: str, redrive_count: int) -> bool:
        """Whether it is still in the state that an event announced."""
        return (self.status, self.redrive_count) == (status, redrive_count)

    def is_older_than(self, status: str, redrive_count: int) -> bool:
        """Whether this description is older than a known status.

        DescribeExecution is eventually consistent
        (https://docs.aws.amazon.com/step-functions/latest/apireference/API_DescribeExecution.html).
        An execution runs, ends, and runs again only by a redrive, which counts up: so a lower
        count, or RUNNING with the count of an end, is an old description.
        """
        known = (redrive_count, status in ENDED_STATUSES)
        return (self.redrive_count, self.status in ENDED_STATUSES) < known

    @property
    def is_redrivable(self) -> bool:
        """Whether Step Functions would redrive it now."""
        return self.redrive_status == "REDRIVABLE"

    def redrivable_until(self, *, now: datetime) -> datetime:
        """When its claim may be taken over by a new event (UTC): at once, if it cannot go on."""
        return (self.stop_date or now) + REDRIVE_PERIOD if self.is_redrivable else now
