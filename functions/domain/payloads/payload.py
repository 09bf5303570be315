"""The base of all payloads, and the parts that several share.

Every payload has a `schema` number and is read tolerantly (unknown keys are ignored, new ones
have defaults): an execution may be redriven after an upgrade, and then hands an old payload to
new code.
"""

from dataclasses import fields, replace
from datetime import datetime
from enum import Enum
from typing import Any, Final, Self

from functions.domain.bedrock_jobs import BedrockStatus
from functions.domain.jobs import JobKey
from functions.domain.ledger_rows import object_partition
from functions.domain.model import Model, named, outer_name
from functions.domain.object_keys import ResultsKey, work_prefix
from functions.domain.timestamps import timestamp

SCHEMA: Final = 1


class Payload(Model):
    """Base of all payloads: camelCase outside, tolerant, immutable."""

    @staticmethod
    def naming(name: str) -> str:
        """In camel case."""
        first, *others = name.split("_")
        return first + "".join(map(str.capitalize, others))

    def as_json(self) -> dict[str, Any]:
        """What a handler returns: plain JSON values, absent where None."""
        values = ((each, getattr(self, each.name)) for each in fields(self))
        return {
            outer_name(type(self), each): _plain(value)
            for each, value in values
            if value is not None
        }

    def but(self, **changes: Any) -> Self:
        """A copy with some fields changed."""
        return replace(self, **changes)


def _plain(value: Any) -> Any:
    """A field's value as JSON has it."""
    match value:
        case Payload():
            return value.as_json()
        case datetime():
            return timestamp(value)
        case Enum():
            return value.value
        case list():
            return [_plain(each) for each in value]
        case _:
            return value


class JobRef(Payload):
    """Which job; workers read the rest themselves, so that no payload holds a user id.

    Attributes:
        root: The id of the job whose images it answers, for a retry; None for any other job.
    """

    job_id: str
    intent_id: str
    submit_time: str
    trace_id: str | None = None
    root: str | None = None

    @property
    def root_id(self) -> str:
        """The id of the job that has the transactions."""
        return self.root or self.job_id

    @property
    def key(self) -> JobKey:
        """The key of its record."""
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
    event_time: datetime


class EndRef(Payload):
    """How a job ended at Bedrock, by its event."""

    status: BedrockStatus
    at: datetime
    message: str = ""


class ClaimedWork(Payload):
    """Base of what an execution does once it has its claim."""

    schema_: int = named("schema", default=SCHEMA)
    execution: str
    job: JobRef
    object: ObjectRef
    claim: ClaimRef

    @property
    def results_key(self) -> ResultsKey:
        """The object's key in its parts."""
        return ResultsKey(self.object.key, self.job.job_id, self.object.name)

    @property
    def work_prefix(self) -> str:
        """Folder of this claim's own files."""
        return work_prefix(self.results_key, generation=self.claim.generation)

    @property
    def ledger_partition(self) -> str:
        """Where the ledger has the attempts, segments and chunks of this claim."""
        return object_partition(self.job.job_id, self.object.key, self.claim.generation)
