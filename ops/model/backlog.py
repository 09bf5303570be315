"""Results objects that no event announced: found in the bucket, each with its execution's input."""

from __future__ import annotations

import functools
import hashlib
import json
from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from functions.aws.runtime.service_errors import NOT_FOUND, PRECONDITION_FAILED, is_any
from functions.aws.unclaimed import UnclaimedFailures
from functions.domain.claims import Claim, Content, Precedence, precedence
from functions.domain.errors import IngestError, JobNotFound
from functions.domain.object_keys import MANIFEST_NAME, ResultsKey, key_problem, parse_key
from ops.model.starting import execution_name, object_created, start_execution

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from ops.model.deployment import Deployment


class Left(StrEnum):
    """Why a results object is not started."""

    CLAIMED = "claimed"
    FAILED = "failedBeforeClaim"
    NO_JOB = "noJobOnRecord"
    UNUSABLE = "unusable"


@dataclass(frozen=True)
class Unannounced:
    """A results object of a job on record that no execution has claimed."""

    job_id: str
    key: str
    etag: str
    size: int
    created: datetime

    @property
    def name(self) -> str:
        """The name of its execution: the same for the same content, so that it is started once."""
        digest = hashlib.sha256(f"{self.key}\n{self.etag}".encode()).hexdigest()[:24]
        return execution_name("backfill", self.job_id, digest)

    def event(self, bucket: str, *, version_id: str) -> dict[str, Any]:
        """S3's event for it, as far as the bucket has the facts; always the same."""
        return object_created(
            {"key": self.key, "size": self.size, "etag": self.etag, "version-id": version_id},
            bucket=bucket,
            event_id=self.name,
            source="ingest.backfill",
            created=self.created,
        )


@dataclass
class Backlog:
    """Objects to be started, all others by the reason, and folders of objects without a job."""

    unannounced: list[Unannounced] = field(default_factory=list)
    left: Counter[Left] = field(default_factory=Counter)
    strangers: Counter[str] = field(default_factory=Counter)

    @property
    def jobs(self) -> int:
        """Of the objects to be started."""
        return len({each.job_id for each in self.unannounced})

    @property
    def size(self) -> int:
        """Bytes of the objects to be started."""
        return sum(each.size for each in self.unannounced)

    def as_json(self) -> dict[str, Any]:
        """The output of `--json`."""
        return {
            "unannounced": [
                {"jobId": each.job_id, "object": each.key, "bytes": each.size}
                for each in self.unannounced
            ],
            "leftByReason": {why.value: number for why, number in sorted(self.left.items())},
            "foldersWithoutJob": dict(sorted(self.strangers.items())),
        }


def find(deployed: Deployment, *, prefix: str, since: datetime | None) -> Backlog:
    """Compare each results object under a prefix, that was created since, with the ledger."""
    backlog = Backlog()
    job_of = functools.cache(partial(_job, deployed))
    records_of = functools.cache(partial(_Records.read, deployed))
    for listed in deployed.objects(prefix):
        key, created = listed["Key"], listed["LastModified"]
        if since is not None and created < since:
            continue
        parsed = parse_key(key)
        if parsed is None or key.endswith(f"/{MANIFEST_NAME}"):
            continue
        if key_problem(key) is not None:
            backlog.left[Left.UNUSABLE] += 1
            continue
        job = job_of(parsed.folders)
        if isinstance(job, JobNotFound):
            backlog.left[Left.NO_JOB] += 1
            backlog.strangers[key.rpartition("/")[0] + "/"] += 1
        elif isinstance(job, IngestError):
            backlog.left[Left.UNUSABLE] += 1
        elif isinstance(parsed.of_job(job), ResultsKey):
            found = Unannounced(job, key, listed["ETag"].strip('"'), listed["Size"], created)
            if (why := records_of(job).why_left(found)) is None:
                backlog.unannounced.append(found)
            else:
                backlog.left[why] += 1
    return backlog


def start(deployed: Deployment, chosen: Unannounced) -> str | None:
    """Start the execution of one object; its ARN.

    Returns:
        None where there is nothing to start: it was started before, or the object is gone or
        replaced, which S3 has announced by an event of its own.
    """
    try:
        head = deployed.s3.head_object(
            Bucket=deployed.bucket, Key=chosen.key, IfMatch=f'"{chosen.etag}"'
        )
    except ClientError as error:
        if is_any(error, NOT_FOUND | PRECONDITION_FAILED):
            return None
        raise
    event = chosen.event(deployed.bucket, version_id=head.get("VersionId", ""))
    return start_execution(deployed, chosen.name, json.dumps(event))


def _job(deployed: Deployment, folders: tuple[str, ...]) -> str | IngestError:
    """The id of the first folder that is a job on record, or why none can be worked with."""
    try:
        return deployed.jobs.find(*folders).job_id
    except IngestError as error:
        return error


@dataclass(frozen=True)
class _Records:
    """A job's claims, and its failures before a claim, by their keys."""

    claims: Mapping[str, Claim]
    failures: Mapping[str, Claim]

    @classmethod
    def read(cls, deployed: Deployment, job_id: str) -> _Records:
        failures = UnclaimedFailures(deployed.ledger).for_job(job_id)
        return cls(
            {each.key: each for each in deployed.ledger.claims(job_id)},
            {each.key: each for each in failures},
        )

    def why_left(self, found: Unannounced) -> Left | None:
        """Why no execution is to be started for an object; None where one is."""
        content = Content(found.etag, created=found.created)
        if precedence(self.claims.get(found.key), content) is Precedence.CLAIM:
            return Left.CLAIMED
        failure = self.failures.get(found.key)
        return Left.FAILED if failure is not None and failure.etag == found.etag else None
