"""The transaction that a good record becomes: a function of object, job and event time."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from functions.domain.attribute_values import Item, to_attribute, to_item
from functions.domain.jobs import Job
from functions.domain.receipts import Receipt
from functions.domain.timestamps import timestamp

UNCONFIRMED: Final = "unconfirmed"
"""The status of a transaction that no person has touched."""
FIRST_VERSION: Final = 1
MAX_ITEM_BYTES: Final = 398 * 1024
"""DynamoDB allows 400 KiB; the image step still adds `s3Key` of up to 1 KiB."""
_GUEST_PREFIXES: Final = ("device-", "ephemeral-")
_OPTIONAL: Final = ("traceId", "primaryModelId", "ttl")


@dataclass(frozen=True)
class Retention:
    """How long transactions are kept after the event time; None is for ever."""

    guest: timedelta | None
    account: timedelta | None


def transaction_id(job_id: str, image_id: str) -> str:
    """The first 24 hex digits of SHA-256 of `{jobId}#{imageId}`."""
    return hashlib.sha256(f"{job_id}#{image_id}".encode()).hexdigest()[:24]


def is_guest(user_id: str) -> bool:
    """Whether nobody has an account for this user yet."""
    return user_id.startswith(_GUEST_PREFIXES)


class TransactionBuilder:
    """Makes the items of one results object; what they share is put together once."""

    def __init__(self, job: Job, *, event_time: datetime, retention: Retention) -> None:
        """Prepare.

        Args:
            job: Whose transactions they are.
            event_time: When the results object was first claimed (UTC).
            retention: What `ttl` is made of.
        """
        self._job_id = job.job_id
        guest = is_guest(job.user_id)
        keep = retention.guest if guest else retention.account
        at = timestamp(event_time)
        self._shared = to_item(
            {
                "userId": job.user_id,
                "jobId": job.job_id,
                "intentId": job.intent_id,
                "traceId": job.trace_id,
                "primaryModelId": job.model_id,
                "status": UNCONFIRMED,
                "version": FIRST_VERSION,
                "aiProcessed": True,
                "isGuest": guest,
                "extractedAt": at,
                "createdAt": at,
                "updatedAt": at,
                "ttl": None if keep is None else int((event_time + keep).timestamp()),
            }
        )

    def build(self, image_id: str, receipt: Receipt) -> Item:
        """The item in DynamoDB's wire form, without `s3Key`, which is the image step's."""
        return {
            **self._shared,
            "transactionId": {"S": transaction_id(self._job_id, image_id)},
            "imageId": {"S": image_id},
            "amount": to_attribute(receipt["amount"]),
            "type": {"S": receipt["type"]},
            "date": {"S": receipt["date"]},
            "merchant": {"S": receipt["merchant"]},
            "category": {"S": receipt["category"]},
            "description": {"S": receipt["description"]},
        }


@dataclass(frozen=True)
class Update:
    """The arguments of an UpdateItem that are not the table's name."""

    key: Item
    update_expression: str
    condition_expression: str
    names: dict[str, str]
    values: Item


def update_unless_edited(item: Item) -> Update:
    """Make the item what it would be after a put, except over a person's work.

    `s3Key` is left alone; so is the whole item when its version is above 1 or its status is no
    longer `unconfirmed`; an item deleted meanwhile is made anew.
    """
    key = {name: item[name] for name in ("userId", "transactionId")}
    rest = {name: value for name, value in item.items() if name not in key}
    absent = [name for name in _OPTIONAL if name not in rest]
    sets = ", ".join(f"#{name} = :{name}" for name in rest)
    removes = f" REMOVE {', '.join(f'#{name}' for name in absent)}" if absent else ""
    return Update(
        key=key,
        update_expression=f"SET {sets}{removes}",
        condition_expression=(
            "attribute_not_exists(userId) OR "
            "((attribute_not_exists(#version) OR #version <= :version) AND #status = :status)"
        ),
        names={f"#{name}": name for name in (*rest, *absent)},
        values={f":{name}": value for name, value in rest.items()},
    )
