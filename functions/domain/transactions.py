"""Transactions as they are written: ready items, and an update that spares a person's work."""

import hashlib
import json
from dataclasses import dataclass
from typing import Final, NamedTuple

from functions.domain.attribute_values import Item

MAX_ITEM_BYTES: Final = 398 * 1024
"""DynamoDB allows 400 KiB; the image step still adds `s3Key` of up to 1 KiB."""
_TRANSACTION_ID_CHARACTERS: Final = 24
_OPTIONAL: Final = ("traceId", "primaryModelId", "ttl")


def transaction_id(job_id: str, image_id: str) -> str:
    """The first 24 hex digits of SHA-256 of `{jobId}#{imageId}`."""
    return hashlib.sha256(f"{job_id}#{image_id}".encode()).hexdigest()[:_TRANSACTION_ID_CHARACTERS]


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
