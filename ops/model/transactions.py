"""A job's transactions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from functions.domain.attribute_values import from_item
from functions.domain.errors import IngestError, JobNotFound
from functions.domain.retries import root_of
from ops.errors import NothingFound

if TYPE_CHECKING:
    from ops.model.deployment import Deployment

SHOWN = (
    "transactionId",
    "date",
    "type",
    "amount",
    "merchant",
    "category",
    "description",
    "status",
    "version",
    "imageId",
    "s3Key",
)
"""Attributes that are shown: not the user."""


def read_transactions(deployed: Deployment, job_id: str) -> list[dict[str, Any]]:
    """The job's transactions by date; a retry's are those of its root.

    Reads all transactions of the job's user, since the table has no index of jobs.

    Raises:
        NothingFound: the job has no record, or several.
    """
    try:
        root = root_of(deployed.jobs.find(job_id), deployed.jobs.find)
    except JobNotFound as error:
        raise deployed.no_such_job(job_id) from error
    except IngestError as error:
        meaning = error.failure.explanation.meaning
        raise NothingFound(f"On {deployed.place}: {error.subject}: {meaning}") from error
    pages = deployed.dynamodb.get_paginator("query").paginate(
        TableName=deployed.outputs["TransactionsTableName"],
        KeyConditionExpression="userId = :user",
        FilterExpression="jobId = :job",
        ExpressionAttributeValues={":user": {"S": root.user_id}, ":job": {"S": root.job_id}},
    )
    items = [from_item(item) for page in pages for item in page["Items"]]
    items.sort(key=lambda item: (item.get("date", ""), item["transactionId"]))
    return [{name: item[name] for name in SHOWN if name in item} for item in items]
