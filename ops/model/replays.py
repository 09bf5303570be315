"""Results objects that can be ingested again, and the executions that do it."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any

from functions.aws.job_notes import JobNotes
from functions.domain.claims import ClaimState
from functions.domain.object_keys import RESULTS_PREFIX, results_of
from functions.domain.plain_text import visible
from ops.errors import NothingFound
from ops.model.job_records import read_job_record
from ops.model.starting import execution_name, object_created

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from functions.domain.claims import Claim
    from ops.model.deployment import Deployment


@dataclass(frozen=True)
class Replayable:
    """A results object in the bucket, with its claim.

    Attributes:
        version_id: Empty in a bucket without versions.
        claim: None if no execution ever claimed it.
    """

    job_id: str
    key: str
    etag: str
    version_id: str
    size: int
    created: datetime
    claim: Claim | None

    @property
    def progress(self) -> str:
        """The state of its ingest, and what a replay does to it."""
        if self.claim is None:
            return "never claimed"
        content = "" if self.claim.etag == self.etag else ", of other content"
        now = {
            ClaimState.CLAIMED: "being ingested: that execution will end as Superseded",
            ClaimState.DONE: "ingested",
            ClaimState.FAILED: "failed: a redrive of that execution will end as Superseded",
        }[self.claim.state]
        return f"generation {self.claim.generation}{content}, {now}"

    def event(self, bucket: str, replay: Mapping[str, Any]) -> dict[str, Any]:
        """S3's event for it, marked as a replay.

        The event's time counts only if the object was never claimed. It is then the object's
        creation, as in S3's own event.
        """
        is_same = self.claim is not None and self.claim.etag == self.etag
        event = object_created(
            {
                "key": self.key,
                "size": self.size,
                "etag": self.etag,
                "version-id": self.version_id,
                # It keeps its place in S3's order of events, so that no older one displaces it.
                "sequencer": self.claim.sequencer if self.claim and is_same else "",
            },
            bucket=bucket,
            event_id=str(uuid.uuid4()),
            source="ingest.replay",
            created=self.created,
        )
        return {**event, "replay": dict(replay)}


def in_bucket(deployed: Deployment, job_id: str, *, key: str | None = None) -> list[Replayable]:
    """The results objects of a job that are in the bucket, claimed or not; or the one of a key."""
    claims = {claim.key: claim for claim in deployed.ledger.claims(job_id)}
    if key is not None:
        prefixes = [key]
    else:
        prefixes = JobNotes(deployed.ledger).folders(job_id, claims.values())
    return list(_objects(deployed, job_id, prefixes, claims))


def find(deployed: Deployment, job_id: str, *, key: str | None = None) -> Sequence[Replayable]:
    """The results objects of a job that are in the bucket; NothingFound without any."""
    if read_job_record(deployed, job_id) is None:
        raise NothingFound(
            f"On {deployed.place} job {visible(job_id)} has no record, or several: an execution "
            "would fail. The application writes it."
        )
    found = [each for each in in_bucket(deployed, job_id, key=key) if key in (None, each.key)]
    if not found:
        what = f"results object {visible(key)}" if key else "results objects"
        raise NothingFound(
            f"Job {visible(job_id)} has no {what} under {RESULTS_PREFIX} in {deployed.bucket}: "
            "what is to be ingested must be there."
        )
    return found


def start(
    deployed: Deployment, chosen: Replayable, *, reason: str, accept_rejects: bool = False
) -> str:
    """Start the execution of one object, with the reason in its input; its ARN."""
    accepted = {"acceptRejects": True} if accept_rejects else {}
    event = chosen.event(deployed.bucket, {"reason": reason, **accepted})
    return deployed.step_functions.start_execution(
        stateMachineArn=deployed.state_machine,
        name=execution_name("replay", chosen.job_id, event["id"]),
        input=json.dumps(event),
    )["executionArn"]


def _objects(
    deployed: Deployment, job_id: str, prefixes: Sequence[str], claims: dict[str, Claim]
) -> Iterator[Replayable]:
    for listed in chain.from_iterable(map(deployed.objects, prefixes)):
        key = listed["Key"]
        if results_of(key, job_id) is None:
            continue
        head = deployed.s3.head_object(Bucket=deployed.bucket, Key=key)
        yield Replayable(
            job_id=job_id,
            key=key,
            etag=head["ETag"].strip('"'),
            version_id=head.get("VersionId", ""),
            size=head["ContentLength"],
            created=head["LastModified"],
            claim=claims.get(key),
        )
