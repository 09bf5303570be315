"""Images in the tables: pending-images records, and whether their transactions exist."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from functions.aws.image_tables import ImageTables
from functions.domain.attribute_values import Item, from_item, to_item
from functions.domain.images import PendingImage
from functions.domain.transactions import transaction_id

BATCH_KEYS: Final = 100
"""BatchGetItem's limit."""
_READ: Final = ("imageId", "userId", "s3Key", "status", "processedKey", "processedAt")
_MAX_ATTEMPTS: Final = 10


class KeysUnread(Exception):  # noqa: N818  a throttle, not a fault
    """DynamoDB repeatedly left keys of a batch unread: it is throttling."""


@dataclass(frozen=True)
class ImageRecords:
    """The records of one job's images."""

    tables: ImageTables

    def read_batch(self, image_ids: Sequence[str]) -> dict[str, PendingImage]:
        """The pending images that exist, by id.

        Args:
            image_ids: At most 100, all different.
        """
        keys = [to_item({"imageId": image_id}) for image_id in image_ids]
        records = map(from_item, self._get_batch(self.tables.pending_images, keys, _READ))
        return {record["imageId"]: _pending_image(record) for record in records}

    def read(self, image_id: str) -> PendingImage | None:
        """One pending image, as it is now."""
        return self.read_batch([image_id]).get(image_id)

    def with_transaction(self, image_ids: Sequence[str]) -> set[str]:
        """Those of the images whose transaction is there.

        Args:
            image_ids: At most 100, all different.
        """
        by_transaction = {transaction_id(self.tables.job_id, each): each for each in image_ids}
        keys = [
            to_item({"userId": self.tables.user_id, "transactionId": each})
            for each in by_transaction
        ]
        found = self._get_batch(self.tables.transactions, keys, ("transactionId",))
        return {by_transaction[item["transactionId"]["S"]] for item in found}

    def _get_batch(
        self, table: str, keys: Sequence[Item], attributes: Sequence[str]
    ) -> Iterator[Item]:
        """The items that exist, in no order.

        Raises:
            KeysUnread: if DynamoDB kept some of them back for too long.
        """
        request: Any = {
            table: {
                "Keys": keys,
                "ConsistentRead": True,
                "ProjectionExpression": ", ".join(f"#{name}" for name in attributes),
                "ExpressionAttributeNames": {f"#{name}": name for name in attributes},
            }
        }
        for attempt in range(_MAX_ATTEMPTS):
            answer: Any = self.tables.client.batch_get_item(RequestItems=request)
            yield from answer["Responses"].get(table, [])
            request = answer.get("UnprocessedKeys", {})
            if not request:
                return
            # The SDK repeats a call that was refused, but not the part of one.
            self.tables.pause(attempt)
        raise KeysUnread(f"{table}: {_MAX_ATTEMPTS} attempts")


def _pending_image(record: dict[str, Any]) -> PendingImage:
    def text(name: str) -> str | None:
        value = record.get(name)
        return value if isinstance(value, str) else None

    return PendingImage(
        image_id=record["imageId"],
        user_id=text("userId"),
        s3_key=text("s3Key"),
        status=text("status"),
        processed_key=text("processedKey"),
        has_processed_at="processedAt" in record,
    )
