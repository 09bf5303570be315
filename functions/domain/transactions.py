"""The transaction that a good record becomes: a function of object, job and event time."""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from json.encoder import encode_basestring
from typing import Final, NamedTuple

from functions.domain.attribute_values import Item, item_size, number_size, to_item
from functions.domain.jobs import Job
from functions.domain.receipts import Receipt
from functions.domain.timestamps import timestamp

UNCONFIRMED: Final = "unconfirmed"
"""The status of a transaction that no person has touched."""
FIRST_VERSION: Final = 1
MAX_ITEM_BYTES: Final = 398 * 1024
"""DynamoDB allows 400 KiB; the image step still adds `s3Key` of up to 1 KiB."""
_TRANSACTION_ID_CHARACTERS: Final = 24
_NAMES_SIZE: Final = sum(
    map(len, ("transactionId", "imageId", "amount", "type", "date", "merchant", "category"))
) + len("description")
"""Bytes of the names that each item adds to the shared ones: DynamoDB counts them too."""
_GUEST_PREFIXES: Final = ("device-", "ephemeral-")
_OPTIONAL: Final = ("traceId", "primaryModelId", "ttl")


@dataclass(frozen=True)
class Retention:
    """How long transactions are kept after the event time; None is for ever."""

    guest: timedelta | None
    account: timedelta | None


def transaction_id(job_id: str, image_id: str) -> str:
    """The first 24 hex digits of SHA-256 of `{jobId}#{imageId}`."""
    return hashlib.sha256(f"{job_id}#{image_id}".encode()).hexdigest()[:_TRANSACTION_ID_CHARACTERS]


def is_guest(user_id: str) -> bool:
    """Whether nobody has an account for this user yet."""
    return user_id.startswith(_GUEST_PREFIXES)


class Transaction(NamedTuple):
    """An item, ready to be sent.

    Attributes:
        transaction_id: Its sort key.
        image_id: The image that it is about.
        wire: The item in DynamoDB's wire form as JSON in UTF-8: serialized once, and sent as
            it is by as many attempts as it takes.
        size: Bytes of the item by DynamoDB's rule.
    """

    transaction_id: str
    image_id: str
    wire: bytes
    size: int

    @property
    def item(self) -> Item:
        """The wire form as a value."""
        item: Item = json.loads(self.wire)
        return item

    @property
    def write_units(self) -> int:
        """What a write of it costs: one unit a KiB, or part of it."""
        return -(-self.size // 1024)


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
        shared = to_item(
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
        self._shared_wire = json.dumps(shared, ensure_ascii=False, separators=(",", ":"))[:-1]
        self._shared_size = item_size(shared) + _NAMES_SIZE + _TRANSACTION_ID_CHARACTERS

    def build(self, image_id: str, receipt: Receipt) -> Transaction:
        """The transaction, without `s3Key`, which is the image step's."""
        identity = transaction_id(self._job_id, image_id)
        amount, type_, date, merchant, category, description = (
            format(receipt["amount"], "f"),
            receipt["type"],
            receipt["date"],
            receipt["merchant"],
            receipt["category"],
            receipt["description"],
        )
        wire = (
            f'{self._shared_wire},"transactionId":{{"S":"{identity}"}},'
            f'"imageId":{{"S":{encode_basestring(image_id)}}},"amount":{{"N":"{amount}"}},'
            f'"type":{{"S":"{type_}"}},"date":{{"S":"{date}"}},'
            f'"merchant":{{"S":{encode_basestring(merchant)}}},'
            f'"category":{{"S":"{category}"}},'
            f'"description":{{"S":{encode_basestring(description)}}}}}'
        ).encode()
        texts = f"{image_id}{type_}{date}{merchant}{category}{description}".encode()
        size = self._shared_size + number_size(amount) + len(texts)
        return Transaction(identity, image_id, wire, size)


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
