"""The ledger's claims, segments and chunks, read strongly consistent."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from functions.aws.dynamodb import conditional_update, query, read_item
from functions.domain import ledger_rows
from functions.domain.attribute_values import to_item
from functions.domain.claims import CONTENT, Claim, ClaimState
from functions.domain.counts import ImageCounts
from functions.domain.progress import Progress
from functions.domain.segments import Segment
from functions.domain.timestamps import timestamp

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_FAILURE: Final = ("failure", "failedAt", "redrivableUntil")
"""A claim's attributes of a failure; removed when work continues."""


@dataclass(frozen=True)
class Ledger:
    """Claims, segments and chunks: see `functions.domain.ledger_rows`."""

    client: "DynamoDBClient"
    table: str

    def claims(self, job_id: str) -> list[Claim]:
        """The claims of a job; the row of a key is its newest claim."""
        rows = self.rows(ledger_rows.job_partition(job_id), ledger_rows.CLAIM_PREFIX)
        return [Claim.from_row(row) for row in rows]

    def is_only_key(self, job_id: str, key: str) -> bool:
        """Whether no other results object has ever been claimed that has the same transactions.

        Those of the job count, and those of its retries, which leave a row with their root.
        """
        rows = self.client.query(
            TableName=self.table,
            KeyConditionExpression="pk = :pk AND sk BETWEEN :first AND :last",
            ProjectionExpression="sk",
            ExpressionAttributeValues={
                ":pk": {"S": ledger_rows.job_partition(job_id)},
                ":first": {"S": ledger_rows.CLAIM_PREFIX},
                ":last": {"S": ledger_rows.LAST_OF_RETRIES},
            },
            ConsistentRead=True,
            Limit=2,
        )["Items"]
        own = ledger_rows.claim_key(job_id, key).sk
        return all(row["sk"]["S"] == own for row in rows)

    def note_retry(self, root_id: str, job_id: str) -> None:
        """Record that a retry of a root has claimed results; kept as long as claims."""
        self.client.update_item(
            TableName=self.table,
            Key=ledger_rows.retry_key(root_id, job_id).as_item(),
            UpdateExpression="SET retry = :retry",
            ExpressionAttributeValues=to_item({":retry": job_id}),
        )

    def retries(self, root_id: str) -> list[str]:
        """The jobs that have answered a root's rejects, by their ids."""
        rows = self.rows(ledger_rows.job_partition(root_id), ledger_rows.RETRY_PREFIX)
        return [row["sk"].removeprefix(ledger_rows.RETRY_PREFIX) for row in rows]

    def claim(self, job_id: str, key: str) -> Claim | None:
        """The claim of a results object, None if it was never claimed."""
        row = read_item(self.client, self.table, ledger_rows.claim_key(job_id, key).as_item())
        return Claim.from_row(row) if row else None

    def owns(self, execution: str, job_id: str, key: str) -> Claim | None:
        """The claim, if this execution still has it."""
        claim = self.claim(job_id, key)
        return claim if claim is not None and claim.owner == execution else None

    def note_ranges(self, execution: str, job_id: str, claim: Claim, *, ranges: int) -> bool:
        """Record the plan in the claim: ranges and content; False without the claim."""
        planned = {"ranges": ranges, f"{CONTENT}{claim.generation}": claim.etag}
        return self._update_claim(execution, job_id, claim.key, planned)

    def note_load(
        self, execution: str, job_id: str, key: str, *, stats: Mapping[str, object]
    ) -> bool:
        """Record a verified load's counts in the claim; False without the claim."""
        return self._update_claim(execution, job_id, key, {"stats": dict(stats)})

    def note_written(
        self, execution: str, job_id: str, claim: Claim, *, etags: frozenset[str]
    ) -> bool:
        """Add to the content that has written transactions; False without the claim.

        What the claim says already, as it was read, costs no write.
        """
        return etags <= claim.written or conditional_update(
            self.client,
            TableName=self.table,
            Key=ledger_rows.claim_key(job_id, claim.key).as_item(),
            UpdateExpression="ADD written :etags",
            ConditionExpression="#owner = :owner",
            ExpressionAttributeNames={"#owner": "owner"},
            ExpressionAttributeValues={
                ":owner": {"S": execution},
                ":etags": {"SS": sorted(etags)},
            },
        )

    def settle(
        self, execution: str, job_id: str, key: str, *, stats: Mapping[str, object], now: datetime
    ) -> bool:
        """Mark the claim done; an earlier `doneAt` stays. False without the claim."""
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
        """Mark the claim failed; False without the claim."""
        failed = {
            "state": ClaimState.FAILED.value,
            "failure": dict(failure),
            "failedAt": timestamp(now),
            "redrivableUntil": timestamp(redrivable_until),
        }
        return self._update_claim(execution, job_id, key, failed)

    def resume(self, execution: str, job_id: str, key: str, *, now: datetime) -> bool:
        """Mark a failed claim as at work again; False without the claim."""
        return self._update_claim(
            execution,
            job_id,
            key,
            {"state": ClaimState.CLAIMED.value, "resumedAt": timestamp(now)},
            only_if=ClaimState.FAILED,
            remove=_FAILURE,
        )

    def restore(self, execution: str, job_id: str, key: str) -> bool:
        """Mark a settled claim done again after another mark; False without the claim."""
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
            Key=ledger_rows.claim_key(job_id, key).as_item(),
            UpdateExpression="SET " + ", ".join(sets) + removes,
            ConditionExpression=condition,
            ExpressionAttributeNames={**names, "#owner": "owner"},
            ExpressionAttributeValues=to_item({**arguments, ":owner": execution}),
        )

    def attempts_end_by(self, partition: str) -> int | None:
        """When the workers there will have ended, epoch seconds; 0 if none is at work.

        Returns:
            None if there was no attempt: nothing of that claim was ever written.
        """
        rows = self.rows(partition, ledger_rows.ATTEMPT_PREFIX)
        return max((row.get("endsBy", 0) for row in rows), default=None)

    def put_segment(self, partition: str, segment: Segment, *, expires: int) -> None:
        """Record a segment."""
        row = ledger_rows.segment_row(segment)
        self._put(partition, ledger_rows.segment_sk(segment.span), row, expires)

    def segments(self, partition: str) -> list[Segment]:
        """All recorded segments, by position."""
        rows = self.rows(partition, ledger_rows.SEGMENT_PREFIX)
        return [ledger_rows.read_segment(row) for row in rows]

    def put_chunk(self, partition: str, number: int, counts: ImageCounts, *, expires: int) -> None:
        """Record a chunk's counts."""
        self._put(partition, ledger_rows.chunk_sk(number), counts.as_dict(), expires)

    def chunks(self, partition: str) -> dict[int, ImageCounts]:
        """All recorded chunks, by number."""
        rows = self.rows(partition, ledger_rows.CHUNK_PREFIX)
        return dict(ledger_rows.read_chunk(row) for row in rows)

    def progress(self, partition: str) -> Progress:
        """What worker calls last said of themselves."""
        return ledger_rows.read_progress(self.rows(partition, ledger_rows.PROGRESS_PREFIX))

    def last_expiry(self, partition: str) -> int | None:
        """The latest `ttl` (epoch seconds) of the rows there; None without rows."""
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

    def rows(self, pk: str, prefix: str) -> Iterator[dict[str, Any]]:
        """The rows of a partition whose sort keys begin with a prefix."""
        return query(
            self.client,
            TableName=self.table,
            KeyConditionExpression="pk = :pk AND begins_with(sk, :prefix)",
            ExpressionAttributeValues={":pk": {"S": pk}, ":prefix": {"S": prefix}},
        )
