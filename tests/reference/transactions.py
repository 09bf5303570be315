"""A good record into the item that DynamoDB is sent (the contract, section 2)."""

import datetime as dt
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from tests.reference.receipts import Amount, read_amount
from tests.reference.records import LINE_LIMIT, Good, Padding, Reason, Reject, read

ITEM_LIMIT = 398 * 1024
PARTITION_KEY_LIMIT = 2048
SORT_KEY_LIMIT = 1024
DAY = 24 * 60 * 60

WireItem: TypeAlias = dict[str, dict[str, str | bool]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What a transaction takes from the job's record."""

    job_id: str
    intent_id: str
    user_id: str
    model_id: str | None = None
    trace_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """Days until a transaction expires; None keeps it for ever."""

    guest_days: int | None = 60
    account_days: int | None = 365


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What becomes of a line depends on all this; the defaults are any job's."""

    job: Job = Job(
        job_id="job-1", intent_id="intent-1", user_id="user-1", model_id="m", trace_id="t"
    )
    event_time: str = "2026-07-01T00:00:00Z"
    retention: Retention = Retention()
    limit: int = LINE_LIMIT


@dataclass(frozen=True, slots=True)
class Stored:
    item: WireItem


Verdict: TypeAlias = Stored | Padding | Reject


def judge(line: bytes, context: Context) -> Verdict:
    """The whole way of a line: its item, its reject, or that it is padding."""
    verdict = read(line, context.limit)
    if not isinstance(verdict, Good):
        return verdict
    item = transaction(verdict, context)
    if item_size(item) > ITEM_LIMIT:
        return Reject(Reason.ITEM_TOO_LARGE, verdict.image_id, answer=verdict.answer)
    return Stored(item)


def transaction_id(job_id: str, image_id: str) -> str:
    return hashlib.sha256(f"{job_id}#{image_id}".encode()).hexdigest()[:24]


def is_guest(user_id: str) -> bool:
    return user_id.startswith(("device-", "ephemeral-"))


def cut_to_seconds(time: str) -> str:
    """An event's `time` as the event time (section 1.5)."""
    match = re.fullmatch(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d+)?Z", time, re.ASCII)
    if match is None:
        raise ValueError(time)
    return f"{match.group(1)}Z"


def expiry(event_time: str, days: int) -> int:
    """Seconds since 1970 at which an item of this event time expires."""
    elapsed = dt.datetime.fromisoformat(event_time) - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
    return elapsed.days * DAY + elapsed.seconds + days * DAY


def transaction(good: Good, context: Context) -> WireItem:
    """The item in DynamoDB's wire form, all but `s3Key`."""
    receipt, job, event_time = good.receipt, context.job, context.event_time
    strings = {
        "userId": job.user_id,
        "transactionId": transaction_id(job.job_id, good.image_id),
        "jobId": job.job_id,
        "intentId": job.intent_id,
        "imageId": good.image_id,
        "type": receipt.type,
        "date": receipt.date,
        "merchant": receipt.merchant,
        "category": receipt.category,
        "description": receipt.description,
        "status": "unconfirmed",
        "extractedAt": event_time,
        "createdAt": event_time,
        "updatedAt": event_time,
    }
    if job.trace_id:
        strings["traceId"] = job.trace_id
    if job.model_id:
        strings["primaryModelId"] = job.model_id
    item: WireItem = {name: {"S": value} for name, value in strings.items()}
    guest = is_guest(job.user_id)
    item["amount"] = {"N": receipt.amount.plain()}
    item["version"] = {"N": "1"}
    item["aiProcessed"] = {"BOOL": True}
    item["isGuest"] = {"BOOL": guest}
    days = context.retention.guest_days if guest else context.retention.account_days
    if days is not None:
        item["ttl"] = {"N": str(expiry(event_time, days))}
    return item


def number(written: str) -> Amount:
    """A positive number of an item by its value, whatever way it was written."""
    amount = read_amount(written)
    if amount is None:
        raise ValueError(written)
    return amount


def item_size(item: Mapping[str, Mapping[str, str | bool]]) -> int:
    """Bytes of an item by DynamoDB's rule.

    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
    """
    size = 0
    for name, wire in item.items():
        ((kind, value),) = wire.items()
        size += len(name.encode())
        if kind == "S":
            size += len(str(value).encode())
        elif kind == "N":
            size += _number_size(number(str(value)))
        elif kind == "BOOL":
            size += 1
        else:
            raise ValueError(kind)
    return size


def _number_size(amount: Amount) -> int:
    """One byte for every two significant digits, begun pairs counting, and one byte more."""
    return (len(amount.digits) + 1) // 2 + 1


def refusals(item: Mapping[str, Mapping[str, str | bool]]) -> list[str]:
    """Why DynamoDB would refuse to put the item into the transactions table; none if it would not.

    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
    """
    found: list[str] = []
    for key, limit in (
        ("userId", PARTITION_KEY_LIMIT),
        ("transactionId", SORT_KEY_LIMIT),
        ("date", SORT_KEY_LIMIT),
    ):
        value = item.get(key, {}).get("S")
        if not isinstance(value, str) or not 1 <= len(value.encode()) <= limit:
            found.append(f"{key} is no key")
    for name, wire in item.items():
        if "N" in wire and not _is_wire_number(wire["N"]):
            found.append(f"{name} is no number")
    if not found and item_size(item) > 400 * 1024:
        found.append("too large")
    return found


def _is_wire_number(value: str | bool) -> bool:
    """Whether it is a decimal that fits as written: 38 digits even if zeros are not trimmed."""
    if not isinstance(value, str):
        return False
    match = re.fullmatch(r"([0-9]*)(?:\.([0-9]*))?(?:[eE][+-]?[0-9]+)?", value, re.ASCII)
    if match is None:
        return False
    digits = ((match.group(1) or "") + (match.group(2) or "")).lstrip("0")
    return 1 <= len(digits) <= 38 and read_amount(value) is not None
