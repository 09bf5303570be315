"""What all payloads are, and what several of them hold.

Every payload has a `schema` number and is read tolerantly (unknown keys are ignored, new ones
have defaults): an execution may be redriven after an upgrade, and then hands an old payload to
new code.
"""

from datetime import datetime
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, PlainSerializer
from pydantic.alias_generators import to_camel

from functions.domain.jobs import JobKey
from functions.domain.timestamps import timestamp

SCHEMA: Final = 1

Instant = Annotated[datetime, PlainSerializer(timestamp, return_type=str)]


class Payload(BaseModel):
    """Base of all payloads: camelCase outside, tolerant, immutable."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        validate_by_name=True,
        validate_by_alias=True,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
    )

    def as_json(self) -> dict[str, Any]:
        """What a handler returns: plain JSON values, absent where None."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)


class JobRef(Payload):
    """Which job; workers read the rest themselves, so that no payload holds a user id."""

    job_id: str
    intent_id: str
    submit_time: str
    trace_id: str | None = None

    @property
    def key(self) -> JobKey:
        """Of its record."""
        return JobKey(self.intent_id, self.submit_time)


class ObjectRef(Payload):
    """A results object, pinned.

    Attributes:
        version_id: Empty in a bucket without versions.
        size: Bytes.
    """

    bucket: str
    key: str
    name: str
    etag: str
    version_id: str = ""
    size: int


class ClaimRef(Payload):
    """The claim that the execution works under."""

    generation: int
    event_time: Instant
