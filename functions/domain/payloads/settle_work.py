"""Input and output of SettleJob."""

from typing import Any

from pydantic import Field

from functions.domain.payloads.ingest import Proof
from functions.domain.payloads.payload import SCHEMA, ClaimRef, EndRef, JobRef, ObjectRef, Payload


class SettleWork(Payload):
    """Input of SettleJob: a finished `Ingest`, a manifest, or a job that ended at Bedrock."""

    schema_: int = Field(default=SCHEMA, alias="schema")
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

    schema_: int = Field(default=SCHEMA, alias="schema")
    execution: str
    job: JobRef
    object: ObjectRef | None = None
    superseded: bool = False
    status: str | None = None
    counts: dict[str, Any] = Field(default_factory=dict)
