"""The application's batch-jobs table."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from functions.aws.dynamodb import conditional_update, read_item
from functions.domain.attribute_values import Item, from_item, to_item
from functions.domain.errors import JobAmbiguous, JobInvalid, JobNotFound
from functions.domain.jobs import (
    ENDED_JOB_STATUSES,
    JOB_ID_INDEX,
    SETTLED_JOB_STATUSES,
    Job,
    JobKey,
    JobStatus,
)
from functions.domain.retries import root_of
from functions.domain.status_events import JobStatusChange, changes_after
from functions.domain.timestamps import timestamp
from functions.domain.written import Written

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from functions.domain.settlements import Settlement

_PAGE = 500
"""Records a page. A minute is enough to examine so many, each by several calls."""


@dataclass(frozen=True)
class BatchJobs:
    """The application's batch-jobs table. No record is ever created here."""

    client: "DynamoDBClient"
    table: str

    def find(self, *job_ids: str) -> Job:
        """The one record of a job, by the index.

        Args:
            job_ids: Candidates; the first that has a record is the job.

        Raises:
            JobNotFound: if none of them has a record.
            JobAmbiguous, JobInvalid: if it has several records, or an unusable one.
        """
        for job_id in job_ids:
            records = self._on_record(job_id)
            if len(records) > 1:
                raise JobAmbiguous(job_id, sorted(str(record["intentId"]) for record in records))
            if records:
                return Job.from_record(job_id, records[0])
        raise JobNotFound(*job_ids)

    def root(self, job: Job) -> Job | None:
        """The root of a retry; None where its record leads to none, which fails its execution."""
        try:
            return root_of(job, self.find)
        except (JobInvalid, JobAmbiguous):
            return None

    def is_on_record(self, job_id: str) -> bool:
        """Whether there is a record of a job, usable or not."""
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

    def open_records(
        self, after: Mapping[str, Any] | None
    ) -> tuple[list[tuple[str, JobKey, bool]], dict[str, Any] | None]:
        """A page of the records whose status is open, or not announced yet.

        Args:
            after: What an earlier page has returned.

        Returns:
            Of each its job id, its key and whether a change of its status is to be announced; and
            what the next page comes after, None at the end.
        """
        request: dict[str, Any] = {"ExclusiveStartKey": to_item(after)} if after else {}
        ended = [status.value for status in ENDED_JOB_STATUSES]
        page = self.client.scan(
            TableName=self.table,
            Limit=_PAGE,
            FilterExpression=(
                "attribute_type(jobId, :string) AND (attribute_exists(ingestState.unannounced)"
                " OR NOT #status IN (:ended0, :ended1, :ended2))"
            ),
            ProjectionExpression="intentId, submitTime, jobId, ingestState.unannounced",
            ExpressionAttributeNames={"#status": "status"},
            ExpressionAttributeValues=to_item(
                {":string": "S", **{f":ended{n}": status for n, status in enumerate(ended)}}
            ),
            **request,
        )
        last = page.get("LastEvaluatedKey")
        records = map(from_item, page["Items"])
        found = [
            (r["jobId"], JobKey(r["intentId"], r["submitTime"]), "ingestState" in r)
            for r in records
        ]
        return found, from_item(last) if last else None

    def read(self, job_id: str, key: JobKey) -> Job:
        """The record under a key.

        Raises:
            JobNotFound, JobInvalid: if there is none, or an unusable one.
        """
        record = read_item(self.client, self.table, item_key(key))
        if record is None:
            raise JobNotFound(job_id)
        return Job.from_record(job_id, record)

    def write(
        self, job: Job, settlement: "Settlement", *, now: datetime
    ) -> list[JobStatusChange] | None:
        """Write a job's status and counts, unless the record changed since it was read.

        Returns:
            The changes to announce; None if nothing was written, and all has to be read again.
        """
        completed_at = job.written.completed_at
        if completed_at is None and settlement.status in SETTLED_JOB_STATUSES:
            completed_at = timestamp(now)
        return self._write(
            job.key,
            job.written,
            settlement.status,
            {"resultStats": settlement.stats, "completedAt": completed_at},
            settlement.state,
            now=now,
        )

    def mark_failed(
        self, key: JobKey, written: Written, *, now: datetime
    ) -> list[JobStatusChange] | None:
        """Mark a job failed whose failure no claim shows.

        Returns:
            The changes to announce; None if another wrote the record since it was read.
        """
        return self._write(key, written, JobStatus.FAILED, {}, {"objects": 0}, now=now)

    def announced(self, key: JobKey, *, revision: int) -> bool:
        """Remove announced changes; False where a later write holds them, too."""
        return conditional_update(
            self.client,
            TableName=self.table,
            Key=item_key(key),
            UpdateExpression="REMOVE ingestState.unannounced",
            ConditionExpression="ingestState.revision = :revision",
            ExpressionAttributeValues=to_item({":revision": revision}),
        )

    def _write(
        self,
        key: JobKey,
        written: Written,
        status: JobStatus,
        attributes: Mapping[str, Any],
        state: Mapping[str, object],
        *,
        now: datetime,
    ) -> list[JobStatusChange] | None:
        changes = changes_after(
            written,
            status,
            stats=attributes.get("resultStats", {}),
            completed_at=attributes.get("completedAt", written.completed_at),
        )
        state = {**state, "revision": written.revision + 1, "updatedAt": timestamp(now)}
        if changes:
            state["unannounced"] = [change.as_row() for change in changes]
        values = {name: value for name, value in attributes.items() if value is not None}
        values |= {"status": status.value, "ingestState": state}
        sets = [
            f"#{name} = if_not_exists(#{name}, :{name})"
            if name == "completedAt"
            else f"#{name} = :{name}"
            for name in values
        ]
        held = conditional_update(
            self.client,
            TableName=self.table,
            Key=item_key(key),
            UpdateExpression=f"SET {', '.join(sets)}",
            ConditionExpression=_as_it_was_read(written.revision),
            ExpressionAttributeNames={f"#{name}": name for name in values},
            ExpressionAttributeValues=to_item(
                {**{f":{name}": value for name, value in values.items()}, **_seen(written.revision)}
            ),
        )
        return changes if held else None


def _as_it_was_read(revision: int) -> str:
    """Condition (with `_seen`) that the record exists and has not changed since it was read."""
    seen = "ingestState.revision = :seen"
    if revision == 0:
        # A missing or non-numeric revision was not written by this system.
        seen = f"({seen} OR NOT attribute_type(ingestState.revision, :number))"
    return f"attribute_exists(intentId) AND {seen}"


def _seen(revision: int) -> dict[str, object]:
    return {":seen": revision} if revision else {":seen": 0, ":number": "N"}


def item_key(key: JobKey) -> Item:
    """The key of a job's record, as DynamoDB takes it."""
    return to_item(key.as_dict())
