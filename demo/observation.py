"""What AWS holds of a batch: every item, object and dead letter."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.types import TypeDeserializer

from functions.domain.object_keys import DEAD_LETTERS_PREFIX, manifest_key, results_folder

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from demo.batch import Batch
    from ops.model.deployment import Deployment

THREADS = 8
_BATCH_KEYS = 100  # BatchGetItem's limit


@dataclass(frozen=True)
class Observation:
    """Everything found, whether expected or not.

    Attributes:
        transactions: All items of the job's user, by `transactionId`.
        image_records: The items of pending-images of the batch's images, by `imageId`.
        objects: Contents of all images of the job's user by key, wherever in the bucket.
        dead_letters: All of the job, each with the key of the object that holds it.
        job_record: The item of batch-jobs, whole.
        claims: Of the job, by their `sk` in the ledger.
        manifest: Bedrock's totals; None while there are none.
    """

    transactions: Mapping[str, dict[str, Any]]
    image_records: Mapping[str, dict[str, Any]]
    objects: Mapping[str, bytes]
    dead_letters: Sequence[tuple[str, dict[str, Any]]]
    job_record: Mapping[str, Any]
    claims: Mapping[str, dict[str, Any]]
    manifest: Mapping[str, int] | None = None


def observe(deployed: Deployment, batch: Batch) -> Observation:
    """Read all that AWS holds of a batch."""
    reader = _Reader(deployed, batch)
    return Observation(
        transactions=reader.transactions(),
        image_records=reader.image_records(),
        objects=reader.objects(),
        dead_letters=reader.dead_letters(),
        job_record=reader.job_record(),
        claims=reader.claims(),
        manifest=reader.manifest(),
    )


class _Reader:
    def __init__(self, deployed: Deployment, batch: Batch) -> None:
        self.deployed = deployed
        self.batch = batch
        self._deserializer = TypeDeserializer()

    def transactions(self) -> dict[str, dict[str, Any]]:
        rows = self._query(
            TableName=self.deployed.outputs["TransactionsTableName"],
            KeyConditionExpression="userId = :id",
            ExpressionAttributeValues={":id": {"S": self.batch.job.user_id}},
        )
        return {row["transactionId"]: row for row in rows}

    def image_records(self) -> dict[str, dict[str, Any]]:
        table = self.deployed.outputs["PendingImagesTableName"]
        ids = [image.image_id for image in self.batch.images]
        found = {}
        for at in range(0, len(ids), _BATCH_KEYS):
            keys = [{"imageId": {"S": image_id}} for image_id in ids[at : at + _BATCH_KEYS]]
            request: Any = {table: {"Keys": keys, "ConsistentRead": True}}
            while request:
                answer = self.deployed.dynamodb.batch_get_item(RequestItems=request)
                request = answer["UnprocessedKeys"]
                for item in answer["Responses"].get(table, []):
                    row = self._plain(item)
                    found[row["imageId"]] = row
        return found

    def objects(self) -> dict[str, bytes]:
        folder = f"/{self.batch.job.user_id}/"
        keys = [
            key
            for prefix in ("uploads/", "processed/", "archive/")
            for key in self._keys(prefix)
            if folder in key
        ]
        with ThreadPoolExecutor(THREADS) as pool:
            return dict(zip(keys, pool.map(self._content, keys), strict=True))

    def dead_letters(self) -> list[tuple[str, dict[str, Any]]]:
        prefix = f"{DEAD_LETTERS_PREFIX}{self.batch.job.job_id}/"
        return [
            (key, json.loads(line))
            for key in self._keys(prefix)
            for line in self._content(key).decode().split("\n")
            if line
        ]

    def job_record(self) -> dict[str, Any]:
        job = self.batch.job
        answer = self.deployed.dynamodb.get_item(
            TableName=self.deployed.outputs["BatchJobsTableName"],
            Key={"intentId": {"S": job.intent_id}, "submitTime": {"S": job.submit_time}},
            ConsistentRead=True,
        )
        return self._plain(answer.get("Item", {}))

    def manifest(self) -> dict[str, int] | None:
        key = manifest_key(results_folder(self.batch.job.job_id))
        if key not in self._keys(key):
            return None
        manifest: dict[str, int] = json.loads(self._content(key))
        return manifest

    def claims(self) -> dict[str, dict[str, Any]]:
        rows = self._query(
            TableName=self.deployed.outputs["LedgerTableName"],
            KeyConditionExpression="pk = :id",
            ExpressionAttributeValues={":id": {"S": f"job#{self.batch.job.job_id}"}},
        )
        return {row["sk"]: row for row in rows}

    def _query(self, **request: Any) -> Iterator[dict[str, Any]]:
        pages = self.deployed.dynamodb.get_paginator("query")
        for page in pages.paginate(ConsistentRead=True, **request):
            yield from map(self._plain, page["Items"])

    def _plain(self, item: Any) -> dict[str, Any]:
        return {name: self._deserializer.deserialize(value) for name, value in item.items()}

    def _keys(self, prefix: str) -> list[str]:
        return [each["Key"] for each in self.deployed.objects(prefix)]

    def _content(self, key: str) -> bytes:
        return self.deployed.s3.get_object(Bucket=self.deployed.bucket, Key=key)["Body"].read()
