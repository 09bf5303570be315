"""Puts batches into AWS as the application and Bedrock would."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from functions.domain.attribute_values import to_item
from functions.domain.object_keys import manifest_key, results_folder
from ops.model.job_records import create_job_record
from ops.model.uploads import Upload

if TYPE_CHECKING:
    from collections.abc import Sequence

    from demo.batch import Batch, Image
    from ops.model.deployment import Deployment

THREADS = 8
_BATCH_ITEMS = 25  # BatchWriteItem's limit


def seed(deployed: Deployment, batch: Batch) -> None:
    """Write the job's record, its images and their records, as before results come."""
    create_job_record(deployed, batch.job.attributes())
    owned = [image for image in batch.images if image.owner is not None]
    parts = [owned[at : at + _BATCH_ITEMS] for at in range(0, len(owned), _BATCH_ITEMS)]
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(lambda part: _write_records(deployed, part), parts))
        list(pool.map(lambda image: _upload(deployed, image), batch.images))


def deliver(deployed: Deployment, batch: Batch) -> Upload:
    """Upload the results object, and then Bedrock's totals."""
    upload = deliver_results(deployed, batch)
    deployed.s3.put_object(
        Bucket=deployed.bucket,
        Key=manifest_key(results_folder(batch.job.job_id)),
        Body=json.dumps(batch.manifest()).encode(),
        ContentType="application/json",
    )
    return upload


def deliver_results(deployed: Deployment, batch: Batch) -> Upload:
    """Upload the results object alone."""
    since = datetime.now(UTC).replace(microsecond=0)
    answer = deployed.s3.put_object(
        Bucket=deployed.bucket,
        Key=batch.key,
        Body=batch.body,
        ContentType="application/x-ndjson",
    )
    etag = answer["ETag"].strip('"')
    return Upload(deployed, batch.job.job_id, batch.key, etag, since)


def _write_records(deployed: Deployment, images: Sequence[Image]) -> None:
    table = deployed.outputs["PendingImagesTableName"]
    pending = [{"PutRequest": {"Item": to_item(image.attributes())}} for image in images]
    while pending:
        answer = deployed.dynamodb.batch_write_item(RequestItems={table: pending})  # type: ignore[dict-item]
        pending = answer["UnprocessedItems"].get(table, [])  # type: ignore[assignment]


def _upload(deployed: Deployment, image: Image) -> None:
    if image.content is not None:
        deployed.s3.put_object(
            Bucket=deployed.bucket,
            Key=image.key,
            Body=image.content,
            ContentType="image/jpeg",
        )
