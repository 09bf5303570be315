"""The transaction that a good record becomes: a function of object, job and event time."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from json.encoder import encode_basestring
from typing import Final

from functions.domain.attribute_values import item_size, number_size, to_item
from functions.domain.jobs import Job
from functions.domain.receipts.receipt import Receipt
from functions.domain.timestamps import timestamp
from functions.domain.transactions import Transaction, transaction_id

UNCONFIRMED: Final = "unconfirmed"
"""The status of a transaction that no person has touched."""
FIRST_VERSION: Final = 1
_TRANSACTION_ID_CHARACTERS: Final = 24
_NAMES_SIZE: Final = sum(
    map(len, ("transactionId", "imageId", "amount", "type", "date", "merchant", "category"))
) + len("description")
"""Bytes of the names that each item adds to the shared ones: DynamoDB counts them too."""
_GUEST_PREFIXES: Final = ("device-", "ephemeral-")


@dataclass(frozen=True)
class Retention:
    """How long transactions are kept after the event time; None means without end."""

    guest: timedelta | None
    account: timedelta | None


def is_guest(user_id: str) -> bool:
    """Whether this user has no account yet."""
    return user_id.startswith(_GUEST_PREFIXES)


class TransactionBuilder:
    """Makes the items of one results object; their common part is made once."""

    def __init__(
        self, job: Job, *, root_id: str, event_time: datetime, retention: Retention
    ) -> None:
        """Prepare.

        Args:
            job: Whose results they are.
            root_id: The job whose images it answers: itself, or the root of a retry.
            event_time: When the results object was first claimed (UTC).
            retention: How long transactions are kept.
        """
        self._root_id = root_id
        guest = is_guest(job.user_id)
        keep = retention.guest if guest else retention.account
        at = timestamp(event_time)
        shared = to_item(
            {
                "userId": job.user_id,
                "jobId": root_id,
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
        """The transaction, without `s3Key`, which the image step sets."""
        identity = transaction_id(self._root_id, image_id)
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
