"""Transactions as they are written: ready items, and statements that spare a person's work."""

import hashlib
import json
from functools import cache
from typing import Any, Final, NamedTuple

from functions.domain.attribute_values import Item

MAX_ITEM_BYTES: Final = 398 * 1024
"""DynamoDB allows 400 KiB; the image step still adds `s3Key` of up to 1 KiB."""
_TRANSACTION_ID_CHARACTERS: Final = 24
_KEY: Final = ("userId", "transactionId")
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


class Statement(NamedTuple):
    """A PartiQL statement on one item.

    Attributes:
        text: With a `?` for each parameter.
        parameters: In DynamoDB's wire form.
    """

    text: str
    parameters: list[Any]


def insert(table: str, item: Item) -> Statement:
    """Make the item; fails as DuplicateItem where its key is taken.

    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-reference.insert.html
    """
    return Statement(_insert_text(table, tuple(item)), list(item.values()))


def update_unless_edited(table: str, item: Item) -> Statement:
    """Make an item that exists what it would be after a put, except over a person's work.

    Leaves `s3Key` alone. Fails as ConditionalCheckFailed, and changes nothing, when the version is
    above 1, when the status is no longer `unconfirmed`, and when there is no item.

    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-reference.update.html
    """
    rest = tuple(name for name in item if name not in _KEY)
    condition = [item[name] for name in (*_KEY, "version", "status")]
    return Statement(_update_text(table, rest), [*(item[name] for name in rest), *condition])


@cache
def _insert_text(table: str, names: tuple[str, ...]) -> str:
    values = ", ".join(f"'{name}': ?" for name in names)
    return f'INSERT INTO "{table}" VALUE {{{values}}}'


@cache
def _update_text(table: str, names: tuple[str, ...]) -> str:
    sets = " ".join(f'SET "{name}" = ?' for name in names)
    removes = "".join(f' REMOVE "{name}"' for name in _OPTIONAL if name not in names)
    key = " AND ".join(f'"{name}" = ?' for name in _KEY)
    unedited = 'NOT "version" > ? AND "status" = ?'
    return f'UPDATE "{table}" {sets}{removes} WHERE {key} AND {unedited}'
