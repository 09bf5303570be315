"""Runs that use grants: what each does, how it ends, and what a person does when it ends badly."""

import contextlib
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from demo.batch import Batch
from functions.domain.attribute_values import to_item
from ops.model.failures import read_failed
from ops.model.uploads import Upload
from tests.e2e.faults.world import FaultyDeployment
from tests.infrastructure.granted import Granted

RECORDS = 13
"""Three ranges and two chunks of images; the record that repeats an image is in the same range."""
WELL = "the execution succeeds"
PATH = frozenset(
    {
        "LoadSegment",
        "MigrateImages",
        "PlanRanges",
        "ResolveJob",
        "SettleJob",
        "VerifyLoad",
        "VerifyMigration",
        "Workflow",
    }
)
"""Whose grants an execution needs."""


@dataclass(frozen=True)
class Attempt:
    """A run of a scenario.

    Attributes:
        ended: How, in words.
        finish: What a person does where it ended badly, once the cause is gone; and all is well.
    """

    ended: str
    finish: Callable[[], None]


class Scenario:
    """An object is delivered, and its execution ends well: the common case, to be varied.

    Attributes:
        name: As the page calls it.
        ends: How it ends with all grants.
        shows: Whose want of a grant is seen in its end.
        heals: Actions whose denial is not seen in its end: a next attempt does without them.
        causes: Actions that it has denied on purpose.
    """

    name = "an object is ingested"
    ends = WELL
    shows = PATH
    heals = frozenset({"dynamodb:BatchWriteItem", "dynamodb:PartiQLInsert"})
    causes: frozenset[str] = frozenset()

    def run(self, world: FaultyDeployment) -> Attempt:
        """Deliver an object, and wait for the end of its execution."""
        batch = world.new_batch(records=RECORDS)
        self.prepare(world, batch)
        with self.trouble(world):
            upload = world.deliver(batch)
            arn = world.execution_of(batch)
            mend = self.meanwhile(world, batch)
            world.until_ended(arn)

        def finish() -> None:
            world.inbox.told(arn, "FAILED")
            mend()
            world.redrive(arn)
            self.compare(world, batch, upload)

        return Attempt(how_it_ended(world, arn), finish)

    def prepare(self, world: FaultyDeployment, batch: Batch) -> None:
        """What is there before the object comes."""

    def trouble(self, _world: FaultyDeployment, /) -> AbstractContextManager[Any]:
        """What goes wrong meanwhile."""
        return contextlib.nullcontext()

    def meanwhile(self, _world: FaultyDeployment, _batch: Batch, /) -> Callable[[], None]:
        """What happens while the execution runs; returns what undoes it."""
        return lambda: None

    def repeated(self, once: Callable[[], str]) -> Attempt:
        """Something that a person does once more to see that all is well."""

        def finish() -> None:
            assert once() == self.ends

        return Attempt(once(), finish)

    def is_shown(self, granted: Granted) -> bool:
        """Whether the want of a grant is seen in its end."""
        return granted.who in self.shows and granted.action not in self.heals

    def compare(self, world: FaultyDeployment, batch: Batch, upload: Upload) -> None:
        """Hold all that came of the object against an undisturbed run."""
        differences = world.differences(batch, upload)
        assert not differences, differences


def put_manifest(world: FaultyDeployment, batch: Batch) -> None:
    """Put a job's manifest, and wait for the execution that it starts."""
    world.until_ended(world.execution_for(world.put_manifest(batch.job.job_id, batch.manifest())))


def how_it_ended(world: FaultyDeployment, arn: str) -> str:
    if world.describe(arn)["status"] == "SUCCEEDED":
        return WELL
    failed = read_failed(world.deployed, arn)
    return f"{failed.failed.name} fails: {failed.error}"


def failed_attempts(world: FaultyDeployment, arn: str) -> list[str]:
    """Errors of the attempts at a map's items that failed, each once."""
    events = [event for child in world.children(arn) for event in world.history(child)]
    return sorted(
        {e["taskFailedEventDetails"]["error"] for e in events if e["type"] == "TaskFailed"}
    )


def reopen(world: FaultyDeployment, intent_id: str, submit_time: str) -> None:
    """Set a settled job's record back, as a settlement does that was lost on its way."""
    world.deployed.dynamodb.update_item(
        TableName=world.deployed.outputs["BatchJobsTableName"],
        Key=to_item({"intentId": intent_id, "submitTime": submit_time}),
        UpdateExpression="SET #status = :ingesting",
        ExpressionAttributeNames={"#status": "status"},
        ExpressionAttributeValues={":ingesting": {"S": "INGESTING"}},
    )


def dead_outcomes(world: FaultyDeployment, arn: str) -> list[tuple[str, str]]:
    """Bodies and receipts of events about an execution that RecordOutcome did not deal with."""
    answer = world.deployed.sqs.receive_message(
        QueueUrl=world.queue("OutcomeDeadLetters"), MaxNumberOfMessages=10, VisibilityTimeout=0
    )
    messages = answer.get("Messages", [])
    return [(each["Body"], each["ReceiptHandle"]) for each in messages if arn in each["Body"]]


def forget_outcome(world: FaultyDeployment, receipt: str) -> None:
    queue = world.queue("OutcomeDeadLetters")
    world.deployed.sqs.delete_message(QueueUrl=queue, ReceiptHandle=receipt)
