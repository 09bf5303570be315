"""A retry is settled by each function that settles: counts by image read what claims answer."""

import uuid
from typing import Any

from demo.batch import Batch
from tests.e2e.content import keys
from tests.e2e.faults.world import FaultyDeployment
from tests.e2e.grants.scenario import (
    RECORDS,
    Attempt,
    Scenario,
    dead_outcomes,
    forget_outcome,
    how_it_ended,
    reopen,
)
from tests.e2e.waiting import eventually

DENIED = {"kind": "error", "code": "AccessDeniedException", "status": 403}


class Retry(Scenario):
    """A retry of a job whose files are there or have expired."""

    name = "a retry is ingested"

    def __init__(self, *, expired: str) -> None:
        self.name += f", and {expired} has expired" if expired else ""
        self._expired = expired


class RetrySettled(Retry):
    """SettleJob settles a retry and its root."""

    def run(self, world: FaultyDeployment) -> Attempt:
        _, key = _retried(world, self._expired)
        arn = world.execution_for(key)
        world.until_ended(arn)
        return Attempt(how_it_ended(world, arn), lambda: world.redrive(arn))


class RetryFound(Retry):
    """FindStuckJobs settles a retry that nothing moves on."""

    name = "a search finds a retry to settle"
    ends = "the job is settled"
    shows = frozenset({"FindStuckJobs"})

    def run(self, world: FaultyDeployment) -> Attempt:
        retry, key = _retried(world, self._expired)
        assert world.until_ended(world.execution_for(key)) == "SUCCEEDED"
        reopen(world, str(retry["intentId"]), str(retry["submitTime"]))

        def search() -> str:
            if "errorType" in world.search():
                return "the search fails"
            status = world.deployed.jobs.find(str(retry["jobId"])).written.status
            return self.ends if status == "COMPLETED" else "the job stays open"

        return self.repeated(search)


class RetryAnnounced(Retry):
    """RecordOutcome settles a retry whose execution failed after its load was proven."""

    name = "a retry fails while its images move"
    ends = "the retry is FAILED"
    shows = frozenset({"RecordOutcome"})

    def run(self, world: FaultyDeployment) -> Attempt:
        denied = {"caller": "*WorkersMigrateImagesFunction*", "action": "dynamodb:GetItem"}
        retry, key = _retried(world, self._expired, **denied)
        arn = world.execution_for(key)
        assert world.until_ended(arn) == "FAILED"
        world.clear_faults()

        def ended() -> str:
            if world.deployed.jobs.find(str(retry["jobId"])).written.status == "FAILED":
                return self.ends
            return "its record is not written" * bool(dead_outcomes(world, arn))

        def finish() -> None:
            for _, receipt in dead_outcomes(world, arn):
                forget_outcome(world, receipt)
            world.redrive(arn)

        return Attempt(eventually(ended, f"{arn} is on record"), finish)


RETRIES: tuple[Scenario, ...] = tuple(
    kind(expired=expired)
    for kind in (RetrySettled, RetryFound, RetryAnnounced)
    for expired in ("", "work/", "dead-letters/")
)


def _retried(world: FaultyDeployment, expired: str, **denied: Any) -> tuple[dict[str, object], str]:
    """A retry of an ingested job whose answers have just come: its record, and their key."""
    batch = world.new_batch(records=RECORDS)
    world.ingest(batch, ends="SUCCEEDED")
    if expired:
        _delete(world, batch, expired)
    retry: dict[str, object] = {
        "intentId": batch.job.intent_id,
        "submitTime": "2026-11-28T00:00:00.000Z",
        "jobId": f"retry-{uuid.uuid4().hex[:12]}",
        "userId": batch.job.user_id,
        "retryOf": batch.job.job_id,
    }
    world.put("BatchJobsTableName", retry)
    if denied:
        world.add_fault(**denied, **DENIED)
    key = f"batch-output/{retry['jobId']}/answers.jsonl.out"
    world.deployed.s3.put_object(Bucket=world.deployed.bucket, Key=key, Body=batch.body)
    return retry, key


def _delete(world: FaultyDeployment, batch: Batch, folder: str) -> None:
    for key in keys(world.deployed, f"{folder}{batch.job.job_id}/"):
        world.deployed.s3.delete_object(Bucket=world.deployed.bucket, Key=key)
