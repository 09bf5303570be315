"""Variations of an execution, each for a call that an ordinary one does not make."""

import contextlib
import json
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

from demo.batch import Batch, Image
from ops.commands.redrive import restart
from ops.model.failures import read_failed
from ops.model.uploads import Upload
from tests.e2e import content
from tests.e2e.faults.world import FaultyDeployment
from tests.e2e.grants.scenario import (
    RECORDS,
    Attempt,
    Scenario,
    failed_attempts,
    how_it_ended,
    put_manifest,
)


class Tagged(Scenario):
    """The copy takes the tags along."""

    name = "an image has tags"

    def prepare(self, world: FaultyDeployment, batch: Batch) -> None:
        world.deployed.s3.put_object_tagging(
            Bucket=world.deployed.bucket,
            Key=_movable(batch).key,
            Tagging={"TagSet": [{"Key": "shop", "Value": "7"}]},
        )


class ManifestThere(Scenario):
    """The manifest came first: whatever computes the job's record reads it."""

    name = "an object is ingested whose job has its manifest"

    def prepare(self, world: FaultyDeployment, batch: Batch) -> None:
        put_manifest(world, batch)


class Batches(Scenario):
    """The first attempt at a range writes in batches, the next ones item by item."""

    name = "a range is written at the first attempt"
    ends = "no attempt fails"
    heals = frozenset[str]()

    def run(self, world: FaultyDeployment) -> Attempt:
        batch = world.new_batch(records=RECORDS)
        upload, arn = world.ingest(batch, ends="SUCCEEDED")
        failed = failed_attempts(world, arn)
        ended = f"attempts fail, the next ones heal it: {', '.join(failed)}"
        return Attempt(ended if failed else self.ends, lambda: self.compare(world, batch, upload))


class Disturbed(Scenario):
    """A call of a worker fails, and the execution does without it."""

    def __init__(
        self, name: str, rule: dict[str, Any], *, heals: frozenset[str] = Scenario.heals
    ) -> None:
        self.name = name
        self.heals = heals
        self._rule = rule

    def trouble(self, world: FaultyDeployment, /) -> AbstractContextManager[Any]:
        return world.fault(**self._rule)


class MovedBefore(Scenario):
    """Another job has moved an image: the copy is taken, or made again where it is gone."""

    def __init__(self, *, copied: bool) -> None:
        self.name = "an image was moved before" + ("" if copied else ", and its copy is gone")
        self._copied = copied

    def prepare(self, world: FaultyDeployment, batch: Batch) -> None:
        image = _movable(batch)
        key = f"processed/2026-01-01/{image.key.removeprefix('uploads/')}"
        if self._copied:
            world.deployed.s3.put_object(
                Bucket=world.deployed.bucket, Key=key, Body=image.content or b""
            )
        world.deployed.dynamodb.update_item(
            TableName=world.deployed.outputs["PendingImagesTableName"],
            Key={"imageId": {"S": image.image_id}},
            UpdateExpression="SET #status = :processed, processedKey = :key",
            ExpressionAttributeNames={"#status": "status"},
            ExpressionAttributeValues={":processed": {"S": "processed"}, ":key": {"S": key}},
        )

    def compare(self, world: FaultyDeployment, batch: Batch, upload: Upload) -> None:
        """Where the image is was the other job's choice."""


class Versioned(Scenario):
    """The event names a version, which is read."""

    name = "the bucket has versions"

    @contextlib.contextmanager
    def trouble(self, world: FaultyDeployment, /) -> Iterator[None]:
        def versioning(status: Any) -> None:
            world.deployed.s3.put_bucket_versioning(
                Bucket=world.deployed.bucket, VersioningConfiguration={"Status": status}
            )

        versioning("Enabled")
        try:
            yield
        finally:
            versioning("Suspended")


class AlreadyClaimed(Scenario):
    """A second event for the same content: its execution reads whose the claim is."""

    name = "an object is delivered twice"

    def run(self, world: FaultyDeployment) -> Attempt:
        batch = world.new_batch(records=RECORDS)
        _, first = world.ingest(batch, ends="SUCCEEDED")
        world.deliver(batch)
        second = world.execution_of(batch, but=[first])
        world.until_ended(second)
        return Attempt(how_it_ended(world, second), lambda: world.redrive(second))


class Gone(Scenario):
    """An object is deleted before a worker has read it, and the error says so.

    S3 answers 403 instead of 404 to a role that may not list the bucket: the advice would be to
    mend permissions.
    """

    def __init__(self, function: str, *, what: str, key: tuple[str, str], ends: str) -> None:
        self.name = f"{what} is deleted before {function} reads it"
        self.ends = ends
        self._function = function
        self._folder, self._word = key

    def trouble(self, world: FaultyDeployment, /) -> AbstractContextManager[Any]:
        caller = f"*Workers{self._function}Function*"
        return world.fault(caller=caller, action="dynamodb:*", kind="hold")

    def meanwhile(self, world: FaultyDeployment, batch: Batch, /) -> Callable[[], None]:
        world.until_held()
        s3, bucket = world.deployed.s3, world.deployed.bucket
        found = content.keys(world.deployed, f"{self._folder}{batch.job.job_id}/")
        key = next(each for each in found if self._word in each)
        body = content.contents(world.deployed, key)
        s3.delete_object(Bucket=bucket, Key=key)
        world.clear_faults()

        def put_back() -> None:
            s3.put_object(Bucket=bucket, Key=key, Body=body)

        return put_back

    def compare(self, world: FaultyDeployment, batch: Batch, upload: Upload) -> None:
        """The object that came back may have started an execution too; wait for both."""
        for arn in world.executions_for(batch.key):
            world.until_ended(arn)
        super().compare(world, batch, upload)


class Redriven(Scenario):
    """Children of a map have failed, and the execution is redriven."""

    def __init__(self, function: str, *, state: str) -> None:
        self.name = f"{state} is redriven"
        self._function = function

    def run(self, world: FaultyDeployment) -> Attempt:
        batch = world.new_batch(records=RECORDS)
        with world.fault(
            caller="states",
            action="lambda:Invoke",
            kind="error",
            code="Lambda.ServiceException",
            having=[f"Workers{self._function}"],
        ):
            upload, arn = world.ingest(batch, ends="FAILED")
        restart(world.deployed, [read_failed(world.deployed, arn)])
        world.until_ended(arn)

        def finish() -> None:
            world.redrive(arn)
            self.compare(world, batch, upload)

        return Attempt(how_it_ended(world, arn), finish)


class EndsAtBedrock(Scenario):
    """Bedrock has ended a job without results: its event settles it."""

    name = "a job ends at Bedrock"

    def run(self, world: FaultyDeployment) -> Attempt:
        job_id, deployed = uuid.uuid4().hex[:12], world.deployed
        record = {"intentId": job_id, "submitTime": "t", "jobId": job_id, "userId": "user"}
        world.put("BatchJobsTableName", record)
        event = {
            "detail-type": "Batch Inference Job State Change",
            "source": "aws.bedrock",
            "time": "2026-11-28T00:00:00Z",
            "detail": {"batchJobArn": f"arn/{job_id}", "status": "Failed"},
        }
        arn = deployed.step_functions.start_execution(
            stateMachineArn=deployed.state_machine, name=job_id, input=json.dumps(event)
        )["executionArn"]
        world.until_ended(arn)
        return Attempt(how_it_ended(world, arn), lambda: world.redrive(arn))


def _movable(batch: Batch) -> Image:
    return next(each for each in batch.images if each.content and each.left is None)
