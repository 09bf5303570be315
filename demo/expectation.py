"""Expected state of a batch, computed from the generator's input only.

The event time is not known beforehand: S3 chooses it.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from demo.generator import rejects_by_reason
from functions.domain.timestamps import jst_date, timestamp

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from demo.batch import Batch, Image

KEEP_GUESTS = timedelta(days=60)
KEEP_ACCOUNTS = timedelta(days=365)


@dataclass(frozen=True)
class Expectation:
    """What AWS must hold once a batch is ingested.

    Attributes:
        event_time: Of the event that announced the results object, cut to seconds (UTC).
    """

    batch: Batch
    event_time: datetime

    def counts(self) -> dict[str, Any]:
        """`resultStats` of the job's record."""
        batch = self.batch
        left = Counter(image.left.value for image in self._answered() if image.left is not None)
        return {
            "totalCount": batch.records,
            "successCount": len(batch.receipts),
            "failureCount": len(batch.flawed),
            "duplicateCount": batch.duplicates,
            "paddingCount": 0,
            "rejectsByReason": rejects_by_reason(batch),
            "imagesMigrated": len(batch.receipts) - left.total(),
            "imagesLeft": left.total(),
            "imagesLeftByReason": dict(sorted(left.items())),
            "missingCount": 0,
            "unexpectedCount": 0,
        }

    def transactions(self) -> dict[str, dict[str, Any]]:
        """The items of the job's user, by `transactionId`."""
        job = self.batch.job
        guest = job.user_id.startswith("device-")
        at = timestamp(self.event_time)
        expires = self.event_time + (KEEP_GUESTS if guest else KEEP_ACCOUNTS)
        shared = {
            "userId": job.user_id,
            "jobId": job.job_id,
            "intentId": job.intent_id,
            "traceId": job.trace_id,
            "primaryModelId": job.model_id,
            "status": "unconfirmed",
            "version": 1,
            "aiProcessed": True,
            "isGuest": guest,
            "extractedAt": at,
            "createdAt": at,
            "updatedAt": at,
            "ttl": int(expires.timestamp()),
        }
        items = {}
        for image in self._answered():
            name = f"{job.job_id}#{image.image_id}".encode()
            item = {
                **shared,
                "transactionId": hashlib.sha256(name).hexdigest()[:24],
                "imageId": image.image_id,
                **self.batch.receipts[image.image_id].attributes(),
            }
            if (key := self._points_at(image)) is not None:
                item["s3Key"] = key
            items[str(item["transactionId"])] = item
        return items

    def dead_letters(self, *, etag: str) -> dict[str, dict[str, Any]]:
        """The dead letters by offset, with the members whose value the contract fixes."""
        letters = {}
        for each in self.batch.flawed:
            letter: dict[str, Any] = {
                "key": self.batch.key,
                "etag": etag,
                "offset": each.offset,
                "length": each.length,
                "reason": each.flaw.reason.value,
            }
            if each.image_id is not None:
                letter["recordId"] = each.image_id
            if each.flaw.details is not None:
                letter["details"] = list(each.flaw.details)
            if each.flaw.text is not None:
                letter["excerpt"] = each.flaw.text
            letters[str(each.offset)] = letter
        return letters

    def objects(self) -> dict[str, bytes]:
        """Keys and contents of all images in the bucket, moved or not."""
        return {
            self._processed_key(image) if self._is_moved(image) else image.key: image.content
            for image in self.batch.images
            if image.content is not None
        }

    def image_records(self) -> dict[str, dict[str, Any]]:
        """The items of pending-images by `imageId`, less `processedAt`."""
        records = {}
        for image in self.batch.images:
            if image.owner is None:
                continue
            records[image.image_id] = image.attributes()
            if self._is_moved(image):
                records[image.image_id] |= {
                    "status": "processed",
                    "processedKey": self._processed_key(image),
                }
        return records

    def job_record(self, manifest: Mapping[str, int] | None) -> dict[str, Any]:
        """The item of batch-jobs, less times and `ingestState`; tokens are Bedrock's to count."""
        stats = self.counts()
        if manifest is not None:
            tokens = {name: manifest[name] for name in ("inputTokenCount", "outputTokenCount")}
            stats["bedrock"] = {**self.batch.manifest(), **tokens}
        return {**self.batch.job.attributes(), "status": "COMPLETED", "resultStats": stats}

    def _answered(self) -> list[Image]:
        return [image for image in self.batch.images if image.image_id in self.batch.receipts]

    def _is_moved(self, image: Image) -> bool:
        return image.image_id in self.batch.receipts and image.left is None

    def _processed_key(self, image: Image) -> str:
        return image.key.replace("uploads/", f"processed/{jst_date(self.event_time)}/", 1)

    def _points_at(self, image: Image) -> str | None:
        if self._is_moved(image):
            return self._processed_key(image)
        return image.key if image.left == "ImageOutsideUploads" else None
