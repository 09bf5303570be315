"""The ledger's rows of a whole job: its folders in the bucket, and how it ended at Bedrock."""

from collections.abc import Iterable
from dataclasses import dataclass

from functions.aws.dynamodb import conditional_update, read_item
from functions.aws.ledger import Ledger
from functions.domain import ledger_rows
from functions.domain.attribute_values import to_item
from functions.domain.bedrock_jobs import JobEnd
from functions.domain.claims import Claim
from functions.domain.object_keys import parse_key, results_folder


@dataclass(frozen=True)
class JobNotes:
    """The rows `job#{jobId}` / `folder#{folder}` and `job#{jobId}` / `bedrock`."""

    ledger: Ledger

    def folders(self, job_id: str, claims: Iterable[Claim]) -> list[str]:
        """Where results of a job may lie, each with its final slash.

        Those of its claims, and those that a manifest or Bedrock named; else its own, with nothing
        before it.
        """
        known = self._noted_folders(job_id)
        for claim in claims:
            parsed = parse_key(claim.key)
            if parsed is not None and (of_job := parsed.of_job(job_id)) is not None:
                known.add(of_job.folder)
        return sorted(known) or [results_folder(job_id)]

    def _noted_folders(self, job_id: str) -> set[str]:
        rows = self.ledger.rows(ledger_rows.job_partition(job_id), ledger_rows.FOLDER_PREFIX)
        return {str(row["sk"]).removeprefix(ledger_rows.FOLDER_PREFIX) for row in rows}

    def note_folder(self, job_id: str, folder: str) -> None:
        """Store a folder of a job."""
        self.ledger.client.update_item(
            TableName=self.ledger.table, Key=ledger_rows.folder_key(job_id, folder).as_item()
        )

    def end(self, job_id: str) -> JobEnd | None:
        """How it ended at Bedrock; None where that is not known."""
        key = ledger_rows.end_key(job_id).as_item()
        row = read_item(self.ledger.client, self.ledger.table, key)
        return JobEnd.from_row(row) if row else None

    def note_end(self, job_id: str, end: JobEnd) -> bool:
        """Store how it ended; False if a later end is stored."""
        values = end.as_row()
        return conditional_update(
            self.ledger.client,
            TableName=self.ledger.table,
            Key=ledger_rows.end_key(job_id).as_item(),
            UpdateExpression="SET #status = :status, endedAt = :endedAt, message = :message",
            ConditionExpression="attribute_not_exists(pk) OR endedAt <= :endedAt",
            ExpressionAttributeNames={"#status": "status"},
            ExpressionAttributeValues=to_item({f":{name}": v for name, v in values.items()}),
        )
