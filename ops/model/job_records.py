"""Job records as the application keeps them in batch-jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from functions.aws.dynamodb import read_item
from functions.domain.attribute_values import to_item
from functions.domain.jobs import JOB_ID_INDEX

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ops.model.deployment import Deployment

SHOWN = (
    "status",
    "submitTime",
    "completedAt",
    "modelId",
    "pendingImageCount",
    "resultStats",
    "ingestState",
)
"""What commands show of a record: nothing that says who the user is."""


def read_job_record(deployed: Deployment, job_id: str) -> dict[str, Any] | None:
    """What may be shown of a job's record; None without one, or with two."""
    table = deployed.outputs["BatchJobsTableName"]
    listed = deployed.dynamodb.query(
        TableName=table,
        IndexName=JOB_ID_INDEX,
        KeyConditionExpression="jobId = :jobId",
        ExpressionAttributeValues={":jobId": {"S": job_id}},
        Limit=2,
    )["Items"]
    if len(listed) != 1:
        return None
    # An index lags behind its table, and a job that has just ended is what people ask for.
    key: Any = {name: listed[0][name] for name in ("intentId", "submitTime")}
    record = read_item(deployed.dynamodb, table, key) or {}
    return {name: record[name] for name in SHOWN if name in record}


def create_job_record(deployed: Deployment, attributes: Mapping[str, object]) -> None:
    """Write a job's record, as the application would."""
    deployed.dynamodb.put_item(
        TableName=deployed.outputs["BatchJobsTableName"], Item=to_item(attributes)
    )
