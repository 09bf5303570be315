"""Variations of an execution, each for a call that an ordinary one does not make."""

import contextlib
import json
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

from demo.batch import Batch, Image
from functions.domain.attribute_values import to_item
from ops.commands.redrive import restart
from ops.model.failures import read_failed
from ops.model.uploads import Upload
from tests.e2e.faults.world import FaultyDeployment
from tests.e2e.grants.scenario import (
    RECORDS,
    Attempt,
    Scenario,
    failed_attempts,
    how_it_ended,
    put_manifest,
    redrive_to_the_end,
)
from tests.e2e.waiting import eventually


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
        upload = world.deliver(batch)
        arn = world.execution_of(batch)
        assert world.until_ended(arn) == "SUCCEEDED"
        failed = failed_attempts(world, arn)
        ended = f"attempts fail, the next ones heal it: {', '.join(failed)}"
        return Attempt(ended if failed else self.ends, lambda: self.compare(world, batch, upload))


class TriedAgain(Scenario):
    """A worker that finds an attempt on record writes conditionally."""

    name = "a range is tried again"

    def trouble(self, world: FaultyDeployment, /) -> AbstractContextManager[Any]:
        return world.fault(
            caller="*LoadSegment*", action="dynamodb:BatchWriteItem", kind="lost", times=1
        )


class NeverWritten(Scenario):
    """What a refused put left absent is inserted: no further attempt does without."""

    name = "a range is tried again, and nothing was written"
    heals = frozenset({"dynamodb:BatchWriteItem"})

    def trouble(self, world: FaultyDeployment, /) -> AbstractContextManager[Any]:
        return world.fault(
            caller="*LoadSegment*",
            action="dynamodb:BatchWriteItem",
            kind="error",
            code="InternalServerError",
            status=500,
        )


class ChunkMissing(Scenario):
    """What the ledger lacks is planned again."""

    name = "the ledger lacks a chunk of images"

    def trouble(self, world: FaultyDeployment, /) -> AbstractContextManager[Any]:
        return world.fault(
            caller="*", action="dynamodb:PutItem", having=["chunk#"], kind="pretend", times=1
        )


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
        world.deliver(batch)
        first = world.execution_of(batch)
        world.until_ended(first)
        world.deliver(batch)
        second = world.execution_of(batch, but=[first])
        world.until_ended(second)
        return Attempt(how_it_ended(world, second), lambda: redrive_to_the_end(world, second))


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
        eventually(
            lambda: any(fault["done"] for fault in world.faults()["faults"]),
            f"{self._function} is held",
        )
        s3, bucket = world.deployed.s3, world.deployed.bucket
        listed = s3.list_objects_v2(Bucket=bucket, Prefix=f"{self._folder}{batch.job.job_id}/")
        key = next(each["Key"] for each in listed["Contents"] if self._word in each["Key"])
        body = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
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
            upload = world.deliver(batch)
            arn = world.execution_of(batch)
            assert world.until_ended(arn) == "FAILED"
        restart(world.deployed, [read_failed(world.deployed, arn)])
        world.until_ended(arn)

        def finish() -> None:
            redrive_to_the_end(world, arn)
            self.compare(world, batch, upload)

        return Attempt(how_it_ended(world, arn), finish)


class EndsAtBedrock(Scenario):
    """Bedrock has ended a job without results: its event settles it."""

    name = "a job ends at Bedrock"

    def run(self, world: FaultyDeployment) -> Attempt:
        job_id, deployed = uuid.uuid4().hex[:12], world.deployed
        record = {"intentId": job_id, "submitTime": "t", "jobId": job_id, "userId": "user"}
        deployed.dynamodb.put_item(
            TableName=deployed.outputs["BatchJobsTableName"], Item=to_item(record)
        )
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

        def finish() -> None:
            redrive_to_the_end(world, arn)

        return Attempt(how_it_ended(world, arn), finish)


def _movable(batch: Batch) -> Image:
    return next(each for each in batch.images if each.content and each.left is None)
