"""The application's batch-jobs table."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from functions.aws.dynamodb import conditional_update
from functions.domain.attribute_values import from_item, to_item
from functions.domain.errors import JobAmbiguous, JobNotFound
from functions.domain.jobs import JOB_ID_INDEX, Job, JobKey, JobStatus
from functions.domain.settlements import Settlement
from functions.domain.timestamps import timestamp

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


@dataclass(frozen=True)
class BatchJobs:
    """The application's batch-jobs table. No record is ever created here."""

    client: "DynamoDBClient"
    table: str

    def find(self, *job_ids: str) -> Job:
        """The one record of a job, by the index.

        Args:
            job_ids: The first that is on record is the job.

        Raises:
            JobNotFound: if none of them is on record.
            JobAmbiguous, JobInvalid: if its record is not the only one, or cannot be worked with.
        """
        for job_id in job_ids:
            records = self._on_record(job_id)
            if len(records) > 1:
                raise JobAmbiguous(job_id, sorted(str(record["intentId"]) for record in records))
            if records:
                return Job.from_record(job_id, records[0])
        raise JobNotFound(*job_ids)

    def is_on_record(self, job_id: str) -> bool:
        """Whether there is a record of a job, whatever it is like."""
        return bool(self._on_record(job_id))

    def _on_record(self, job_id: str) -> list[dict[str, Any]]:
        """At most two records of a job."""
        answer = self.client.query(
            TableName=self.table,
            IndexName=JOB_ID_INDEX,
            KeyConditionExpression="jobId = :jobId",
            ExpressionAttributeValues={":jobId": {"S": job_id}},
            Limit=2,
        )
        return [from_item(item) for item in answer["Items"]]

    def read(self, job_id: str, key: JobKey) -> Job:
        """The record under a key.

        Raises:
            JobNotFound, JobInvalid: as their names say.
        """
        answer = self.client.get_item(
            TableName=self.table, Key=to_item(_job_key(key)), ConsistentRead=True
        )
        if "Item" not in answer:
            raise JobNotFound(job_id)
        return Job.from_record(job_id, from_item(answer["Item"]))

    def write(self, job: Job, settlement: Settlement, *, now: datetime) -> bool:
        """Write what the claims imply, if nobody has since the job was read.

        Returns:
            Whether it was written: False means read everything again.
        """
        completed = ", completedAt = if_not_exists(completedAt, :now)"
        state = {**settlement.state, "revision": job.revision + 1, "updatedAt": timestamp(now)}
        values: dict[str, object] = {
            ":status": settlement.status.value,
            ":stats": settlement.stats,
            ":state": state,
            **_seen(job.revision),
        }
        if settlement.status.is_settled:
            values[":now"] = timestamp(now)
        return conditional_update(
            self.client,
            TableName=self.table,
            Key=to_item(_job_key(job.key)),
            UpdateExpression=(
                "SET #status = :status, resultStats = :stats, ingestState = :state"
                + (completed if settlement.status.is_settled else "")
            ),
            ConditionExpression=_as_it_was_read(job.revision),
            ExpressionAttributeNames={"#status": "status"},
            ExpressionAttributeValues=to_item(values),
        )

    def mark_failed(self, key: JobKey, *, revision: int, now: datetime) -> bool:
        """Say that a job failed whose claims, or whose lack of them, say nothing.

        Args:
            key: Of its record.
            revision: As it was read.
            now: The present (UTC).

        Returns:
            Whether it was written: False if somebody else has, since the job was read.
        """
        state = {"objects": 0, "revision": revision + 1, "updatedAt": timestamp(now)}
        return conditional_update(
            self.client,
            TableName=self.table,
            Key=to_item(_job_key(key)),
            UpdateExpression="SET #status = :status, ingestState = :state",
            ConditionExpression=_as_it_was_read(revision),
            ExpressionAttributeNames={"#status": "status"},
            ExpressionAttributeValues=to_item(
                {
                    ":status": JobStatus.FAILED.value,
                    ":state": state,
                    **_seen(revision),
                }
            ),
        )


def _as_it_was_read(revision: int) -> str:
    """Condition (with `_seen`) that the record is there, and nobody wrote it since."""
    seen = "ingestState.revision = :seen"
    if revision == 0:
        # No number is what somebody else wrote; what is not there has no type either.
        seen = f"({seen} OR NOT attribute_type(ingestState.revision, :number))"
    return f"attribute_exists(intentId) AND {seen}"


def _seen(revision: int) -> dict[str, object]:
    return {":seen": revision} if revision else {":seen": 0, ":number": "N"}


def _job_key(key: JobKey) -> dict[str, object]:
    return {"intentId": key.intent_id, "submitTime": key.submit_time}
