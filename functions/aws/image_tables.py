"""The tables that one job's images are in, and how patiently they are used."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


@dataclass(frozen=True)
class ImageTables:
    """The tables that one job's images are in.

    Attributes:
        client: One that accepts ready bodies for BatchExecuteStatement.
        job_id: The job that has the transactions: the root of a retry.
        user_id: The job's user; images of others are not touched.
    """

    client: "DynamoDBClient"
    pending_images: str
    transactions: str
    job_id: str
    user_id: str
    sleep: Callable[[float], None]
    jitter: Callable[[], float]

    def pause(self, attempt: int) -> None:
        """Wait before the next attempt: up to 0.1 s after attempt 0, then twice as long."""
        self.sleep(self.jitter() * 0.1 * 2**attempt)
