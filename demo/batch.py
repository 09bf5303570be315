"""A made-up job: record, images, results object, and flaws."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from functions.domain.object_keys import ResultsKey
from functions.domain.receipts.reject import RejectReason

if TYPE_CHECKING:
    from collections.abc import Mapping

    from demo.flaws import Flaw
    from demo.receipts import Receipt
    from functions.domain.failures import ImageLeftReason


@dataclass(frozen=True)
class JobRecord:
    """What the application writes when it submits a job."""

    job_id: str
    intent_id: str
    submit_time: str
    user_id: str
    model_id: str
    pending_image_count: int
    trace_id: str

    def attributes(self) -> dict[str, object]:
        """The item of batch-jobs."""
        return {
            "intentId": self.intent_id,
            "submitTime": self.submit_time,
            "jobId": self.job_id,
            "userId": self.user_id,
            "modelId": self.model_id,
            "pendingImageCount": self.pending_image_count,
            "traceId": self.trace_id,
            "status": "SUBMITTED",
        }


@dataclass(frozen=True)
class Image:
    """An image of a job.

    Attributes:
        content: None for one that is not in the bucket.
        owner: `userId` of its pending-images record; None for one without a record.
        left: Why it must not be moved; None if it must be.
    """

    image_id: str
    key: str
    content: bytes | None
    owner: str | None
    left: ImageLeftReason | None = None

    def attributes(self) -> dict[str, object]:
        """The item of pending-images."""
        return {
            "imageId": self.image_id,
            "userId": self.owner,
            "s3Key": self.key,
            "status": "pending",
        }


@dataclass(frozen=True)
class FlawedRecord:
    """A record that must become a dead letter.

    Attributes:
        offset, length: Where its line lies in the object.
        image_id: None where the flaw hides it.
    """

    offset: int
    length: int
    image_id: str | None
    flaw: Flaw


@dataclass(frozen=True)
class Question:
    """A record of a job's input, and the line of output that answers it."""

    record_id: str
    model_input: Mapping[str, Any]
    line: bytes


@dataclass(frozen=True)
class Batch:
    """A job, and everything that is put into AWS for it.

    Attributes:
        name: Of the results object, below the job's folder.
        body: Of the results object.
        receipts: What must become transactions, by image id.
        images: Of the job, rejected records' included.
        flawed: In the order of the object.
        duplicates: Records whose image id came before.
        questions: The input that Bedrock answers by this object; none for the hand-made form.
    """

    job: JobRecord
    name: str
    body: bytes = field(repr=False)
    receipts: Mapping[str, Receipt] = field(repr=False)
    images: tuple[Image, ...] = field(repr=False)
    flawed: tuple[FlawedRecord, ...] = field(repr=False)
    duplicates: int
    questions: tuple[Question, ...] = field(default=(), repr=False)

    @property
    def key(self) -> str:
        """Of the results object."""
        return ResultsKey.of(self.job.job_id, self.name).key

    @property
    def records(self) -> int:
        """Records of the results object."""
        return len(self.receipts) + len(self.flawed) + self.duplicates

    def manifest(self) -> dict[str, int]:
        """Bedrock's totals; they count the model's errors and no other flaw."""
        errors = sum(1 for each in self.flawed if each.flaw.reason is RejectReason.MODEL_ERROR)
        return {
            "totalRecordCount": self.records,
            "processedRecordCount": self.records,
            "successRecordCount": self.records - errors,
            "errorRecordCount": errors,
            "inputTokenCount": 1703 * self.records,
            "outputTokenCount": 81 * (self.records - errors),
        }
