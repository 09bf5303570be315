"""What flows between the states: pointers and counts, never data.

Every payload has a `schema` number and is read tolerantly (unknown keys are ignored, new ones
have defaults): an execution may be redriven after an upgrade, and then hands an old payload to
new code.
"""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Final, Self

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer
from pydantic.alias_generators import to_camel

from functions.domain.images import Chunk
from functions.domain.jobs import JobKey
from functions.domain.object_keys import ResultsKey, work_prefix
from functions.domain.ranges import Range
from functions.domain.timestamps import timestamp

SCHEMA: Final = 1
MAX_ROUNDS: Final = 3
"""How often what the ledger finds missing is done again, before a proof is given up."""

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


class Arrival(StrEnum):
    """What the event announced."""

    RESULTS = "RESULTS"
    MANIFEST = "MANIFEST"
    IGNORED = "IGNORED"


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


class Arrived(Payload):
    """Output of ResolveJob, and all that ClaimObject needs.

    Attributes:
        reason: Why an object is ignored.
        shut_out_by: The ETag whose claim shuts this execution out. A replay is shut out by
            none, and says so here.
        sequencer: S3's order of the event among those of its key; empty where it has none.
        displaces_up_to: Claims of events up to this one in that order may be displaced. Events
            are delivered in any order, and older content must not displace newer.
        now: When the job was resolved.
    """

    schema_: int = Field(default=SCHEMA, alias="schema")
    arrival: Arrival
    reason: str | None = None
    execution: str
    job: JobRef | None = None
    object: ObjectRef | None = None
    event_time: Instant | None = None
    now: Instant | None = None
    shut_out_by: str | None = None
    sequencer: str | None = None
    displaces_up_to: str | None = None


class Plan(Payload):
    """A list of map items in S3.

    Attributes:
        bucket, key: The list, a JSON array.
        items: How many; with none there is no list.
        max_concurrency: Children of the map at once.
        results_prefix: Where the map's results go.
        write_units_per_second: Each worker's share of the write budget.
    """

    bucket: str
    key: str
    items: int
    max_concurrency: int
    results_prefix: str
    write_units_per_second: float | None = None


class Verdict(StrEnum):
    """What the ledger says."""

    COMPLETE = "COMPLETE"
    """Proven."""
    MISSING = "MISSING"
    """Something is missing, and planned again."""
    INCOMPLETE = "INCOMPLETE"
    """Something is missing still, and no attempt is left."""
    SUPERSEDED = "SUPERSEDED"
    """The execution no longer owns its claim."""


class Proof(Payload):
    """What was proven of the load or of the migration.

    Attributes:
        round: Attempts made beyond the first.
        counts: Of the chain's segments, or of all chunks, in the words of the contract.
    """

    verdict: Verdict
    round: int = 0
    counts: dict[str, Any] = Field(default_factory=dict)
    too_many_rejects: bool | None = None


class Ingest(Payload):
    """The state of an execution once it has its claim; every function returns it, grown."""

    schema_: int = Field(default=SCHEMA, alias="schema")
    execution: str
    job: JobRef
    object: ObjectRef
    claim: ClaimRef
    superseded: bool = False
    plan: Plan | None = None
    load: Proof | None = None
    migration_plan: Plan | None = None
    migration: Proof | None = None

    @property
    def results_key(self) -> ResultsKey:
        """The object's key in its parts."""
        return ResultsKey(self.job.job_id, self.object.name)

    @property
    def work_prefix(self) -> str:
        """Folder of this claim's own files."""
        return work_prefix(self.results_key, generation=self.claim.generation)

    def but(self, **changes: Any) -> Self:
        """A copy with some fields changed."""
        return self.model_copy(update=changes)


class Span(Payload):
    """A range as it travels: bytes `[from, to)`.

    Attributes:
        again: It was planned before, in whole or in part, so some of its records may have been
            written already; absent otherwise.
    """

    start: int = Field(alias="from")
    end: int = Field(alias="to")
    again: bool | None = None

    @classmethod
    def of(cls, span: Range, *, again: bool = False) -> Self:
        """From a range."""
        return cls(start=span.start, end=span.end, again=again or None)

    def as_range(self) -> Range:
        """To a range."""
        return Range(self.start, self.end)


class SegmentWork(Payload):
    """Input and output of LoadSegment: what is left of a range.

    Attributes:
        range: From where the next call goes on, to the range's end.
        undisturbed: No call for this range was ever repeated, so it may write without
            conditions.
        finished: Nothing is left; or somebody else owns the claim.
    """

    schema_: int = Field(default=SCHEMA, alias="schema")
    execution: str
    job: JobRef
    object: ObjectRef
    claim: ClaimRef
    write_units_per_second: float
    range: Span
    undisturbed: bool = True
    finished: bool = False

    @property
    def results_key(self) -> ResultsKey:
        """The object's key in its parts."""
        return ResultsKey(self.job.job_id, self.object.name)


class Slice(Payload):
    """Some images of one segment's list, as it travels."""

    images: str
    first: int
    count: int


class ChunkItem(Payload):
    """One item of the migration's plan."""

    number: int
    slices: list[Slice]

    @classmethod
    def of(cls, number: int, chunk: Chunk) -> Self:
        """From a chunk."""
        slices = [Slice(images=s.images, first=s.first, count=s.count) for s in chunk]
        return cls(number=number, slices=slices)


class ChunkWork(Payload):
    """Input and output of MigrateChunk: what is left of a chunk.

    Attributes:
        position: Images of the chunk that are done.
        counts: What became of them.
        finished: Nothing is left; or somebody else owns the claim.
    """

    schema_: int = Field(default=SCHEMA, alias="schema")
    execution: str
    job: JobRef
    object: ObjectRef
    claim: ClaimRef
    chunk: ChunkItem
    position: int = 0
    counts: dict[str, Any] = Field(default_factory=dict)
    finished: bool = False


class SettleWork(Payload):
    """Input of SettleJob: a finished `Ingest`, or a manifest that arrived alone."""

    schema_: int = Field(default=SCHEMA, alias="schema")
    execution: str
    job: JobRef
    object: ObjectRef | None = None
    claim: ClaimRef | None = None
    load: Proof | None = None
    migration: Proof | None = None


class Settled(Payload):
    """Output of SettleJob."""

    schema_: int = Field(default=SCHEMA, alias="schema")
    execution: str
    job: JobRef
    object: ObjectRef | None = None
    superseded: bool = False
    status: str | None = None
    counts: dict[str, Any] = Field(default_factory=dict)
