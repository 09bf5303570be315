"""What AWS holds of a batch: every item, object and dead letter, read plainly."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.types import TypeDeserializer

from functions.domain.object_keys import DEAD_LETTERS_PREFIX

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ops.demo.batch import Batch
    from ops.deployment import Deployment

THREADS = 8
_BATCH_KEYS = 100  # BatchGetItem's limit


@dataclass
class Observation:
    """Reads what is there; nothing is left out because it was not expected."""

    deployment: Deployment
    batch: Batch
    _deserializer: TypeDeserializer = field(default_factory=TypeDeserializer, repr=False)

    @cached_property
    def transactions(self) -> dict[str, dict[str, Any]]:
        """All items of the job's user, by `transactionId`."""
        rows = self._query(
            TableName=self.deployment.outputs["TransactionsTableName"],
            KeyConditionExpression="userId = :id",
            ExpressionAttributeValues={":id": {"S": self.batch.job.user_id}},
        )
        return {row["transactionId"]: row for row in rows}

    @cached_property
    def image_records(self) -> dict[str, dict[str, Any]]:
        """The items of pending-images of all the batch's images, by `imageId`."""
        table = self.deployment.outputs["PendingImagesTableName"]
        ids = [image.image_id for image in self.batch.images]
        found = {}
        for at in range(0, len(ids), _BATCH_KEYS):
            keys = [{"imageId": {"S": image_id}} for image_id in ids[at : at + _BATCH_KEYS]]
            request: Any = {table: {"Keys": keys, "ConsistentRead": True}}
            while request:
                answer = self.deployment.dynamodb.batch_get_item(RequestItems=request)
                request = answer["UnprocessedKeys"]
                for item in answer["Responses"].get(table, []):
                    row = self._plain(item)
                    found[row["imageId"]] = row
        return found

    @cached_property
    def objects(self) -> dict[str, bytes]:
        """Keys and contents of all images of the job's user, wherever in the bucket."""
        folder = f"/{self.batch.job.user_id}/"
        keys = [
            key
            for prefix in ("uploads/", "processed/", "archive/")
            for key in self._keys(prefix)
            if folder in key
        ]
        with ThreadPoolExecutor(THREADS) as pool:
            return dict(zip(keys, pool.map(self._content, keys), strict=True))

    @cached_property
    def dead_letters(self) -> list[tuple[str, dict[str, Any]]]:
        """All dead letters of the job with the key of the object that holds each."""
        prefix = f"{DEAD_LETTERS_PREFIX}{self.batch.job.job_id}/"
        return [
            (key, json.loads(line))
            for key in self._keys(prefix)
            for line in self._content(key).decode().split("\n")
            if line
        ]

    @cached_property
    def job_record(self) -> dict[str, Any]:
        """The item of batch-jobs, whole."""
        job = self.batch.job
        answer = self.deployment.dynamodb.get_item(
            TableName=self.deployment.outputs["BatchJobsTableName"],
            Key={"intentId": {"S": job.intent_id}, "submitTime": {"S": job.submit_time}},
            ConsistentRead=True,
        )
        return self._plain(answer.get("Item", {}))

    @cached_property
    def ledger_rows(self) -> dict[str, dict[str, Any]]:
        """The job's claims, by `sk`."""
        rows = self._query(
            TableName=self.deployment.outputs["LedgerTableName"],
            KeyConditionExpression="pk = :id",
            ExpressionAttributeValues={":id": {"S": f"job#{self.batch.job.job_id}"}},
        )
        return {row["sk"]: row for row in rows}

    def everything(self) -> dict[str, Any]:
        """All of it as one value, to be compared with that of another time."""
        return {
            "transactions": self.transactions,
            "image records": self.image_records,
            "objects": self.objects,
            "dead letters": self.dead_letters,
            "job record": self.job_record,
            "claims": self.ledger_rows,
        }

    def _query(self, **request: Any) -> Iterator[dict[str, Any]]:
        pages = self.deployment.dynamodb.get_paginator("query")
        for page in pages.paginate(ConsistentRead=True, **request):
            yield from map(self._plain, page["Items"])

    def _plain(self, item: Any) -> dict[str, Any]:
        return {name: self._deserializer.deserialize(value) for name, value in item.items()}

    def _keys(self, prefix: str) -> list[str]:
        pages = self.deployment.s3.get_paginator("list_objects_v2")
        listed = pages.paginate(Bucket=self.deployment.bucket, Prefix=prefix)
        return [each["Key"] for page in listed for each in page.get("Contents", [])]

    def _content(self, key: str) -> bytes:
        return self.deployment.s3.get_object(Bucket=self.deployment.bucket, Key=key)["Body"].read()
