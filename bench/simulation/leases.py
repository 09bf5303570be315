"""The rows that `functions.aws.writing.budget_lease` reads and writes, in memory."""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any


@dataclass
class LeaseTable:
    """As much of DynamoDB as leases ask."""

    rows: dict[str, dict[str, Any]] = field(default_factory=lambda: defaultdict(dict))

    def get_paginator(self, _operation: str) -> "LeaseTable":
        """Pages of Query."""
        return self

    def paginate(self, **request: Any) -> list[dict[str, Any]]:
        """One page."""
        return [self.query(**request)]

    def query(self, **request: Any) -> dict[str, Any]:
        """The leases of a user."""
        values = request["ExpressionAttributeValues"]
        rows, prefix = self.rows[values[":pk"]["S"]], values[":prefix"]["S"]
        return {"Items": [row for key, row in rows.items() if key.startswith(prefix)]}

    def put_item(self, **request: Any) -> None:
        """Write a lease."""
        item = request["Item"]
        self.rows[item["pk"]["S"]][item["sk"]["S"]] = item

    def delete_item(self, **request: Any) -> None:
        """Give a lease back."""
        key = request["Key"]
        self.rows[key["pk"]["S"]].pop(key["sk"]["S"], None)
