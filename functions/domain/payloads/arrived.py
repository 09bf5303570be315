"""The output of ResolveJob."""

from datetime import datetime
from enum import StrEnum

from functions.domain.model import named
from functions.domain.payloads.payload import SCHEMA, EndRef, JobRef, ObjectRef, Payload


class Arrival(StrEnum):
    """What the event announced."""

    RESULTS = "RESULTS"
    MANIFEST = "MANIFEST"
    JOB_ENDED = "JOB_ENDED"
    IGNORED = "IGNORED"


class Arrived(Payload):
    """Output of ResolveJob, and all that ClaimObject needs.

    Attributes:
        reason: Why an object is ignored.
        manifest: Key of the manifest that arrived.
        end: How the job ended at Bedrock.
        blocking_etag: The ETag whose claim blocks this execution. Nothing blocks a replay, which
            says so here.
        sequencer: S3's order of the event among those of its key; empty where it has none.
        displaces_up_to: Claims of events up to this one in that order may be displaced. Events
            are delivered in any order, and older content must not displace newer.
        now: When the job was resolved.
        accept_rejects: A person has accepted any share of rejects for this execution.
    """

    schema_: int = named("schema", default=SCHEMA)
    arrival: Arrival
    reason: str | None = None
    execution: str
    job: JobRef | None = None
    object: ObjectRef | None = None
    manifest: str | None = None
    end: EndRef | None = None
    event_time: datetime | None = None
    now: datetime | None = None
    blocking_etag: str | None = None
    sequencer: str | None = None
    displaces_up_to: str | None = None
    accept_rejects: bool | None = None
