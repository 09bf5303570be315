"""Rows as the application, the state machine and the workers write them."""

from typing import Any

from functions.domain.attribute_values import Item, from_item, to_item
from functions.domain.ledger_rows import claim_key

JOB_RECORD = {"intentId": "i", "submitTime": "s", "jobId": "job-1", "userId": "user-1"}


def put_job(dynamodb: Any, job: str = "job-1", **changes: object) -> None:
    """Write the record of a submitted job, as the application does."""
    record = JOB_RECORD | {"jobId": job} | changes
    dynamodb.put_item(TableName="batch-jobs", Item=to_item(record))


def job_record(dynamodb: Any) -> dict[str, Any]:
    """The record of that job as it is now."""
    key = to_item({name: JOB_RECORD[name] for name in ("intentId", "submitTime")})
    return from_item(dynamodb.get_item(TableName="batch-jobs", Key=key)["Item"])


def claim_row(job: str, key: str, **changes: object) -> Item:
    """The ledger's row of a results object's first claim."""
    row = {
        "etag": "e",
        "owner": "execution-1",
        "generation": 1,
        "state": "claimed",
        "eventTime": "2026-07-01T00:00:00Z",
    }
    return to_item(claim_key(job, key).as_dict() | row | changes)


def put_claim(dynamodb: Any, job: str, key: str, **changes: object) -> None:
    """Write the row of a claim."""
    dynamodb.put_item(TableName="ledger", Item=claim_row(job, key, **changes))
