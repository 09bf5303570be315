"""How far a search over something large has come: a run continues where the last one stopped."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from functions.aws.dynamodb import read_item
from functions.domain.attribute_values import Item, to_item
from functions.domain.timestamps import parse_timestamp, timestamp

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


@dataclass(frozen=True)
class Cursor:
    """How far a pass over everything has come.

    Attributes:
        after: The last place that was searched; None at the beginning.
        began: When the pass began (UTC).
    """

    after: Mapping[str, Any] | None
    began: datetime

    def hours_behind(self, now: datetime) -> float:
        """How long ago the pass began, unless it begins now."""
        return 0.0 if self.after is None else (now - self.began).total_seconds() / 3600


@dataclass(frozen=True)
class SearchCursors:
    """The ledger's rows `search#{name}` / `cursor`, and `search#stuck` / `jobs`."""

    client: "DynamoDBClient"
    table: str

    def read(self, name: str, *, now: datetime) -> Cursor:
        """The cursor of a search; a new pass if none is under way."""
        row = read_item(self.client, self.table, _key(name))
        if row is None or row.get("after") is None:
            return Cursor(None, now)
        return Cursor(row["after"], parse_timestamp(row["began"]))

    def write(self, name: str, cursor: Cursor) -> None:
        """Store the cursor of a search."""
        values: dict[str, object] = {":began": timestamp(cursor.began), ":after": cursor.after}
        item = to_item(values)
        item.setdefault(":after", {"NULL": True})
        self.client.update_item(
            TableName=self.table,
            Key=_key(name),
            UpdateExpression="SET began = :began, #after = :after",
            ExpressionAttributeNames={"#after": "after"},
            ExpressionAttributeValues=item,
        )

    def stuck(self) -> dict[str, str]:
        """The stuck jobs that are known, each with the folder of its objects."""
        row = read_item(self.client, self.table, _STUCK)
        return dict(row.get("jobs", {})) if row else {}

    def write_stuck(self, jobs: Mapping[str, str]) -> None:
        """Store the stuck jobs that are known."""
        self.client.update_item(
            TableName=self.table,
            Key=_STUCK,
            UpdateExpression="SET jobs = :jobs",
            ExpressionAttributeValues=to_item({":jobs": dict(jobs)}),
        )


def _key(name: str) -> Item:
    return to_item({"pk": f"search#{name}", "sk": "cursor"})


_STUCK: Final = to_item({"pk": "search#stuck", "sk": "jobs"})
