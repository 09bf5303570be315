"""What one would write first with boto3: `json`, pydantic models, `Table.batch_writer`.

Its lines are read in blocks of 1 MiB: with the default of 1 KiB, `iter_lines` alone would make
it a hundred times as slow on long lines.
"""

import hashlib
import json
from collections.abc import Iterator
from datetime import date as calendar_date
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

import boto3
from botocore.config import Config
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bench.stubs import Stubs

_AT = "2026-01-09T00:00:00Z"


class Receipt(BaseModel):
    """The receipt of the contract; amounts stay exact, as DynamoDB's resource demands it."""

    model_config = ConfigDict(extra="ignore")

    amount: Decimal = Field(gt=0, le=10**12)
    type: Literal["income", "expense"]
    date: calendar_date
    merchant: str = Field(min_length=1)
    category: Literal["sale", "purchase", "shipping", "packaging", "fee", "other"]
    description: str | None = None


class NaiveLoader:
    """Loads the head of a file of the stub's folder."""

    def __init__(self, stubs: Stubs) -> None:
        self._s3 = boto3.client("s3", endpoint_url=stubs.s3)
        config = Config(retries={"mode": "standard"})
        resource = boto3.resource("dynamodb", endpoint_url=stubs.dynamodb, config=config)
        self._table = resource.Table("transactions")

    def load(self, path: Path, *, upto: int) -> int:
        """Load what lies before a position; returns how many records it was."""
        records = 0
        with self._table.batch_writer() as batch:
            for item in self.items(path, upto=upto):
                records += 1
                if item is not None:
                    batch.put_item(Item=item)
        return records

    def items(self, path: Path, *, upto: int) -> Iterator[dict[str, Any] | None]:
        """What the lines before a position become; None for a bad one."""
        body = self._s3.get_object(
            Bucket="b", Key=f"batch-output/job-1/{path.name}", Range=f"bytes=0-{upto - 1}"
        )["Body"]
        return map(_item, body.iter_lines(chunk_size=1024 * 1024))


def _item(line: bytes) -> dict[str, Any] | None:
    try:
        record = json.loads(line)
        if (text := _text(record)) is None:
            return None
        receipt = Receipt.model_validate(json.loads(text, parse_float=Decimal))
    except (ValueError, ValidationError):
        return None
    image_id = record.get("recordId") or record.get("customData")
    return {
        "userId": "user-0001",
        "transactionId": hashlib.sha256(f"job-1#{image_id}".encode()).hexdigest()[:24],
        "imageId": image_id,
        "jobId": "job-1",
        "intentId": "intent-1",
        "primaryModelId": "anthropic.claude",
        "amount": receipt.amount,
        "type": receipt.type,
        "date": receipt.date.isoformat(),
        "merchant": receipt.merchant,
        "category": receipt.category,
        "description": receipt.description or "",
        "status": "unconfirmed",
        "version": 1,
        "aiProcessed": True,
        "isGuest": False,
        "extractedAt": _AT,
        "createdAt": _AT,
        "updatedAt": _AT,
        "ttl": 1_799_453_600,
    }


def _text(record: dict[str, Any]) -> str | None:
    output = record.get("modelOutput") or {}
    parts = output.get("content") or output.get("output", {}).get("message", {}).get("content")
    return next((part["text"] for part in parts or () if "text" in part), None)
