"""A retry is settled by each function that settles: counts by image read what claims answer."""

import uuid
from typing import Any

from demo.batch import Batch
from functions.domain.attribute_values import to_item
from tests.e2e.faults.world import FaultyDeployment
from tests.e2e.grants.scenario import (
    RECORDS,
    Attempt,
    Scenario,
    dead_outcomes,
    forget_outcome,
    how_it_ended,
    redrive_to_the_end,
    reopen,
    search_error,
)
from tests.e2e.waiting import eventually

DENIED = {"kind": "error", "code": "AccessDeniedException", "status": 403}


class RetrySettled(Scenario):
    """SettleJob settles a retry and its root, whose files are there or have expired."""

    def __init__(self, *, expired: str = "") -> None:
        self._expired = expired
        self.name = "a retry is ingested" + (f", and {expired} has expired" if expired else "")

    def run(self, world: FaultyDeployment) -> Attempt:
        _, key = _retried(world, self._expired)
        arn = world.execution_for(key)
        world.until_ended(arn)
        return Attempt(how_it_ended(world, arn), lambda: redrive_to_the_end(world, arn))


class RetryFound(Scenario):
    """FindStuckJobs settles a retry that nothing moves on."""

    ends = "the job is settled"
    shows = frozenset({"FindStuckJobs"})

    def __init__(self, *, expired: str = "") -> None:
        self._expired = expired
        of = f", and {expired} has expired" if expired else ""
        self.name = f"a search finds a retry to settle{of}"

    def run(self, world: FaultyDeployment) -> Attempt:
        retry, key = _retried(world, self._expired)
        assert world.until_ended(world.execution_for(key)) == "SUCCEEDED"
        reopen(world, str(retry["intentId"]), str(retry["submitTime"]))

        def search() -> str:
            if search_error(world):
                return "the search fails"
            status = world.deployed.jobs.find(str(retry["jobId"])).written.status
            return self.ends if status == "COMPLETED" else "the job stays open"

        def finish() -> None:
            assert search() == self.ends

        return Attempt(search(), finish)


class RetryAnnounced(Scenario):
    """RecordOutcome settles a retry whose execution failed after its load was proven."""

    ends = "the retry is FAILED"
    shows = frozenset({"RecordOutcome"})

    def __init__(self, *, expired: str = "") -> None:
        self._expired = expired
        of = f", and {expired} has expired" if expired else ""
        self.name = f"a retry fails while its images move{of}"

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
            redrive_to_the_end(world, arn)

        return Attempt(eventually(ended, f"{arn} is on record"), finish)


RETRIES: tuple[Scenario, ...] = tuple(
    kind(expired=expired)
    for kind in (RetrySettled, RetryFound, RetryAnnounced)
    for expired in ("", "work/", "dead-letters/")
)


def _retried(world: FaultyDeployment, expired: str, **denied: Any) -> tuple[dict[str, object], str]:
    """A retry of an ingested job whose answers have just come: its record, and their key."""
    batch = world.new_batch(records=RECORDS)
    world.deliver(batch)
    assert world.until_ended(world.execution_of(batch)) == "SUCCEEDED"
    if expired:
        _delete(world, batch, expired)
    retry: dict[str, object] = {
        "intentId": batch.job.intent_id,
        "submitTime": "2026-11-28T00:00:00.000Z",
        "jobId": f"retry-{uuid.uuid4().hex[:12]}",
        "userId": batch.job.user_id,
        "retryOf": batch.job.job_id,
    }
    world.deployed.dynamodb.put_item(
        TableName=world.deployed.outputs["BatchJobsTableName"], Item=to_item(retry)
    )
    if denied:
        world.add_fault(**denied, **DENIED)
    key = f"batch-output/{retry['jobId']}/answers.jsonl.out"
    world.deployed.s3.put_object(Bucket=world.deployed.bucket, Key=key, Body=batch.body)
    return retry, key


def _delete(world: FaultyDeployment, batch: Batch, folder: str) -> None:
    s3, bucket = world.deployed.s3, world.deployed.bucket
    listed = s3.list_objects_v2(Bucket=bucket, Prefix=f"{folder}{batch.job.job_id}/")
    for each in listed["Contents"]:
        s3.delete_object(Bucket=bucket, Key=each["Key"])
