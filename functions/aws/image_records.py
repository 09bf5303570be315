"""Images in the tables: pending-images records, and the transactions' `s3Key`."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from functions.aws.dynamodb import conditional_update
from functions.domain.attribute_values import Item, from_item, to_item
from functions.domain.images import PROCESSED, PendingImage
from functions.domain.timestamps import timestamp
from functions.domain.transactions import transaction_id

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

BATCH_KEYS: Final = 100
"""BatchGetItem's limit."""
_READ: Final = ("imageId", "userId", "s3Key", "status", "processedKey")
_MAX_ATTEMPTS: Final = 10
_BACKOFF_SECONDS: Final = 0.1


class KeysUnread(Exception):  # noqa: N818  a throttle, not a fault
    """DynamoDB repeatedly left keys of a batch unread: it is throttling."""


@dataclass(frozen=True)
class ImageRecords:
    """The records of one job's images.

    Attributes:
        job_id: The job that has the transactions: the root of a retry.
    """

    client: "DynamoDBClient"
    pending_images: str
    transactions: str
    job_id: str
    user_id: str
    sleep: Callable[[float], None]
    jitter: Callable[[], float]

    def read_batch(self, image_ids: Sequence[str]) -> dict[str, PendingImage]:
        """The pending images that exist, by id.

        Args:
            image_ids: At most 100, all different.
        """
        keys = [to_item({"imageId": image_id}) for image_id in image_ids]
        records = map(from_item, self._get_batch(self.pending_images, keys, _READ))
        return {record["imageId"]: _pending_image(record) for record in records}

    def read(self, image_id: str) -> PendingImage | None:
        """One pending image, as it is now."""
        return self.read_batch([image_id]).get(image_id)

    def with_transaction(self, image_ids: Sequence[str]) -> set[str]:
        """Those of the images whose transaction is there.

        Args:
            image_ids: At most 100, all different.
        """
        by_transaction = {transaction_id(self.job_id, each): each for each in image_ids}
        keys = [to_item({"userId": self.user_id, "transactionId": each}) for each in by_transaction]
        found = self._get_batch(self.transactions, keys, ("transactionId",))
        return {by_transaction[item["transactionId"]["S"]] for item in found}

    def point_transaction(self, image_id: str, key: str) -> bool:
        """Set `s3Key` of the image's transaction, edited or not; False if it is gone."""
        return conditional_update(
            self.client,
            TableName=self.transactions,
            Key=self._transaction_key(image_id),
            UpdateExpression="SET s3Key = :key",
            ConditionExpression="attribute_exists(transactionId)",
            ExpressionAttributeValues=to_item({":key": key}),
        )

    def mark_processed(self, image: PendingImage, key: str, *, now: datetime) -> None:
        """Record in pending-images where the image is now.

        A record that was removed, or that names another object since, is the user's and stays.
        """
        conditional_update(
            self.client,
            TableName=self.pending_images,
            Key=to_item({"imageId": image.image_id}),
            UpdateExpression=(
                "SET #status = :processed, processedKey = :key,"
                " processedAt = if_not_exists(processedAt, :now)"
            ),
            ConditionExpression="userId = :userId AND s3Key = :source",
            ExpressionAttributeNames={"#status": "status"},
            ExpressionAttributeValues=to_item(
                {
                    ":processed": PROCESSED,
                    ":key": key,
                    ":now": timestamp(now),
                    ":userId": self.user_id,
                    ":source": image.s3_key,
                }
            ),
        )

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
            answer: Any = self.client.batch_get_item(RequestItems=request)
            yield from answer["Responses"].get(table, [])
            request = answer.get("UnprocessedKeys", {})
            if not request:
                return
            # The SDK repeats a call that was refused, but not the part of one.
            self.sleep(self.jitter() * _BACKOFF_SECONDS * 2**attempt)
        raise KeysUnread(f"{table}: {_MAX_ATTEMPTS} attempts")

    def _transaction_key(self, image_id: str) -> dict[str, Any]:
        return to_item(
            {"userId": self.user_id, "transactionId": transaction_id(self.job_id, image_id)}
        )


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
    )
