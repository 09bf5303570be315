"""Input and output of SettleJob."""

from dataclasses import field
from typing import Any

from functions.domain.model import named
from functions.domain.payloads.ingest import Proof
from functions.domain.payloads.payload import SCHEMA, ClaimRef, EndRef, JobRef, ObjectRef, Payload


class SettleWork(Payload):
    """Input of SettleJob: a finished `Ingest`, a manifest, or a job that ended at Bedrock."""

    schema_: int = named("schema", default=SCHEMA)
    execution: str
    job: JobRef
    object: ObjectRef | None = None
    manifest: str | None = None
    end: EndRef | None = None
    claim: ClaimRef | None = None
    load: Proof | None = None
    migration: Proof | None = None


class Settled(Payload):
    """Output of SettleJob."""

    schema_: int = named("schema", default=SCHEMA)
    execution: str
    job: JobRef
    object: ObjectRef | None = None
    superseded: bool = False
    status: str | None = None
    counts: dict[str, Any] = field(default_factory=dict)
