"""The job's record and the ledger in DynamoDB, read strongly consistent."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from functions.aws.service_errors import CONDITION_FAILED, is_any
from functions.domain import ledger_rows
from functions.domain.attribute_values import from_item, to_item
from functions.domain.claims import Claim, ClaimState
from functions.domain.counts import ImageCounts
from functions.domain.errors import JobAmbiguous, JobNotFound
from functions.domain.jobs import Job, JobKey, JobStatus, Settlement
from functions.domain.segments import Segment
from functions.domain.timestamps import timestamp

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

JOB_INDEX: Final = "jobIdIndex"
_FAILURE: Final = ("failure", "failedAt", "redrivableUntil")
"""What a claim says of a failure, and no longer says when work goes on."""


@dataclass(frozen=True)
class BatchJobs:
    """The application's batch-jobs table. No record is ever created here."""

    client: "DynamoDBClient"
    table: str

    def find(self, job_id: str) -> Job:
        """The one record of a job, by the index.

        Raises:
            JobNotFound, JobAmbiguous, JobInvalid: as their names say.
        """
        answer = self.client.query(
            TableName=self.table,
            IndexName=JOB_INDEX,
            KeyConditionExpression="jobId = :jobId",
            ExpressionAttributeValues={":jobId": {"S": job_id}},
            Limit=2,
        )
        records = [from_item(item) for item in answer["Items"]]
        if not records:
            raise JobNotFound(job_id)
        if len(records) > 1:
            raise JobAmbiguous(job_id, sorted(str(record["intentId"]) for record in records))
        return Job.from_record(job_id, records[0])

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


@dataclass(frozen=True)
class Ledger:
    """Claims, attempts, segments and chunks: see `functions.domain.ledger_rows`."""

    client: "DynamoDBClient"
    table: str

    def claims(self, job_id: str) -> list[Claim]:
        """The claims of a job; the row of a key is its newest claim."""
        rows = self._rows(ledger_rows.job_partition(job_id), ledger_rows.CLAIM_PREFIX)
        return [Claim.from_row(row) for row in rows]

    def claim(self, job_id: str, key: str) -> Claim | None:
        """The claim of a results object, None if it was never claimed."""
        answer = self.client.get_item(
            TableName=self.table,
            Key=to_item(dict(ledger_rows.claim_key(job_id, key).as_dict())),
            ConsistentRead=True,
        )
        return Claim.from_row(from_item(answer["Item"])) if "Item" in answer else None

    def owns(self, execution: str, job_id: str, key: str) -> Claim | None:
        """The claim, if this execution has it still."""
        claim = self.claim(job_id, key)
        return claim if claim is not None and claim.owner == execution else None

    def note_ranges(self, execution: str, job_id: str, key: str, *, ranges: int) -> bool:
        """Say in the claim how many ranges are planned; False without the claim."""
        return self._update_claim(execution, job_id, key, {"ranges": ranges})

    def settle(
        self, execution: str, job_id: str, key: str, *, stats: Mapping[str, object], now: datetime
    ) -> bool:
        """Mark the claim done; `doneAt` stays where it is already done. False without it."""
        done = {"state": ClaimState.DONE.value, "stats": dict(stats)}
        return self._update_claim(
            execution, job_id, key, done, first={"doneAt": timestamp(now)}, remove=_FAILURE
        )

    def fail(
        self,
        execution: str,
        job_id: str,
        key: str,
        *,
        failure: Mapping[str, object],
        now: datetime,
        redrivable_until: datetime,
    ) -> bool:
        """Mark the claim failed; False without it."""
        failed = {
            "state": ClaimState.FAILED.value,
            "failure": dict(failure),
            "failedAt": timestamp(now),
            "redrivableUntil": timestamp(redrivable_until),
        }
        return self._update_claim(execution, job_id, key, failed)

    def resume(self, execution: str, job_id: str, key: str, *, now: datetime) -> bool:
        """Mark a failed claim as being worked on again; False without it."""
        return self._update_claim(
            execution,
            job_id,
            key,
            {"state": ClaimState.CLAIMED.value, "resumedAt": timestamp(now)},
            only_if=ClaimState.FAILED,
            remove=_FAILURE,
        )

    def restore(self, execution: str, job_id: str, key: str) -> bool:
        """Mark a claim done that was settled and then marked otherwise; False without it."""
        done = {"state": ClaimState.DONE.value}
        return self._update_claim(execution, job_id, key, done, only_with="doneAt", remove=_FAILURE)

    def _update_claim(
        self,
        execution: str,
        job_id: str,
        key: str,
        values: Mapping[str, object],
        *,
        first: Mapping[str, object] | None = None,
        only_if: ClaimState | None = None,
        only_with: str = "",
        remove: Sequence[str] = (),
    ) -> bool:
        first = first or {}
        sets = [f"#{name} = :{name}" for name in values]
        sets += [f"#{name} = if_not_exists(#{name}, :{name})" for name in first]
        arguments = {f":{name}": value for name, value in {**values, **first}.items()}
        names = {f"#{name}": name for name in [*values, *first, *remove]}
        removes = f" REMOVE {', '.join(f'#{name}' for name in remove)}" if remove else ""
        condition = "#owner = :owner"
        if only_if is not None:
            condition += " AND #state = :onlyIf"
            arguments[":onlyIf"] = only_if.value
        if only_with:
            condition += f" AND attribute_exists({only_with})"
        return conditional_update(
            self.client,
            TableName=self.table,
            Key=to_item(dict(ledger_rows.claim_key(job_id, key).as_dict())),
            UpdateExpression="SET " + ", ".join(sets) + removes,
            ConditionExpression=condition,
            ExpressionAttributeNames={**names, "#owner": "owner"},
            ExpressionAttributeValues=to_item({**arguments, ":owner": execution}),
        )

    def put_segment(self, partition: str, segment: Segment, *, expires: int) -> None:
        """State what was done of a range."""
        row = ledger_rows.segment_row(segment)
        self._put(partition, ledger_rows.segment_sk(segment.span), row, expires)

    def segments(self, partition: str) -> list[Segment]:
        """All that was stated, in the order of their positions."""
        rows = self._rows(partition, ledger_rows.SEGMENT_PREFIX)
        return [ledger_rows.read_segment(row) for row in rows]

    def put_chunk(self, partition: str, number: int, counts: ImageCounts, *, expires: int) -> None:
        """State what became of the images of a chunk."""
        self._put(partition, ledger_rows.chunk_sk(number), counts.as_dict(), expires)

    def chunks(self, partition: str) -> dict[int, ImageCounts]:
        """All that was stated, by number."""
        rows = self._rows(partition, ledger_rows.CHUNK_PREFIX)
        return dict(ledger_rows.read_chunk(row) for row in rows)

    def last_expiry(self, partition: str) -> int | None:
        """The latest `ttl` (epoch seconds) of what was stated there; None without any."""
        rows = query(
            self.client,
            TableName=self.table,
            KeyConditionExpression="pk = :pk",
            ProjectionExpression="#ttl",
            ExpressionAttributeNames={"#ttl": "ttl"},
            ExpressionAttributeValues={":pk": {"S": partition}},
        )
        return max((int(row["ttl"]) for row in rows), default=None)

    def _put(self, pk: str, sk: str, row: Mapping[str, object], expires: int) -> None:
        item = to_item({**row, "pk": pk, "sk": sk, "ttl": expires})
        self.client.put_item(TableName=self.table, Item=item)

    def _rows(self, pk: str, prefix: str) -> Iterator[dict[str, Any]]:
        return query(
            self.client,
            TableName=self.table,
            KeyConditionExpression="pk = :pk AND begins_with(sk, :prefix)",
            ExpressionAttributeValues={":pk": {"S": pk}, ":prefix": {"S": prefix}},
        )


def query(client: "DynamoDBClient", **request: Any) -> Iterator[dict[str, Any]]:
    """The items of all pages of Query, read strongly consistent, as plain values."""
    for page in client.get_paginator("query").paginate(ConsistentRead=True, **request):
        yield from map(from_item, page["Items"])


def conditional_update(client: "DynamoDBClient", **request: Any) -> bool:
    """UpdateItem; whether its condition held."""
    try:
        client.update_item(**request)
    except ClientError as error:
        if is_any(error, CONDITION_FAILED):
            return False
        raise
    return True
