"""Tables of DynamoDB: conditional writes, consistent reads, queries."""

# ruff: noqa: N803 - the arguments are named by AWS
import copy
import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from functions.aws.runtime.request_bodies import BODY
from tests.workflow.memory.errors import refusal
from tests.workflow.memory.expressions import Expression, Item
from tests.workflow.memory.statements import execute


class MemoryDynamoDB:
    """The client's methods that are used."""

    def __init__(self, **keys: tuple[str, ...]) -> None:
        """Make tables.

        Args:
            keys: Key attributes by table.
        """
        self.keys = keys
        self.tables: dict[str, dict[tuple[str, ...], Item]] = {name: {} for name in keys}
        #: How many keys of a batch are answered at once.
        self.batch_size = 100
        self._refusals: dict[tuple[str, ...], Iterator[str]] = {}

    def refuse(self, *parameters: str, code: str, times: int | None = None) -> None:
        """Answer a statement that has all of these parameters with an error, or so many times."""
        codes = itertools.repeat(code) if times is None else itertools.repeat(code, times)
        self._refusals[parameters] = codes

    def _refusal_of(self, parameters: Sequence[Any]) -> str | None:
        """The error of a statement, if it is to be refused."""
        texts = {each.get("S") for each in parameters}
        met = (codes for wanted, codes in self._refusals.items() if texts.issuperset(wanted))
        return next((code for codes in met for code in codes), None)

    def put_item(self, *, TableName: str, Item: Item, **request: Any) -> dict[str, Any]:
        self._check(TableName, Item, "PutItem", request)
        self.tables[TableName][self._key(TableName, Item)] = copy.deepcopy(Item)
        return {}

    def get_item(self, *, TableName: str, Key: Item, **_request: Any) -> dict[str, Any]:
        found = self.tables[TableName].get(self._key(TableName, Key))
        return {"Item": copy.deepcopy(found)} if found is not None else {}

    def delete_item(self, *, TableName: str, Key: Item) -> dict[str, Any]:
        self.tables[TableName].pop(self._key(TableName, Key), None)
        return {}

    def update_item(self, *, TableName: str, Key: Item, **request: Any) -> dict[str, Any]:
        found = self._check(TableName, Key, "UpdateItem", request)
        # With nothing there, an update makes the item from its key.
        expression = request.get("UpdateExpression", "")
        changed = Expression(expression, found or dict(Key), request).updated()
        self.tables[TableName][self._key(TableName, Key)] = copy.deepcopy(changed)
        return {"Attributes": changed} if request.get("ReturnValues") == "ALL_NEW" else {}

    def batch_write_item(self, **request: Any) -> dict[str, Any]:
        ((table, puts),) = json.loads(request[BODY])["RequestItems"].items()
        keys = [self._key(table, put["PutRequest"]["Item"]) for put in puts]
        assert 1 <= len(keys) == len(set(keys)) <= 25
        for put in puts:
            self.put_item(TableName=table, Item=put["PutRequest"]["Item"])
        return {"UnprocessedItems": {}}

    def batch_execute_statement(self, **request: Any) -> dict[str, Any]:
        statements = json.loads(request[BODY])["Statements"]
        refused = [self._refusal_of(each["Parameters"]) for each in statements]
        taken = [each for each, code in zip(statements, refused, strict=True) if not code]
        answers = iter(execute(self, taken, keys=self.keys) if taken else ())
        return {
            "Responses": [
                {"Error": {"Code": code, "Message": "m"}} if code else next(answers)
                for code in refused
            ]
        }

    def batch_get_item(self, *, RequestItems: Mapping[str, Any]) -> dict[str, Any]:
        ((table, request),) = RequestItems.items()
        asked = [self._key(table, key) for key in request["Keys"]]
        assert 1 <= len(asked) == len(set(asked)) <= 100
        answered, rest = request["Keys"][: self.batch_size], request["Keys"][self.batch_size :]
        wanted = set(request["ExpressionAttributeNames"].values())
        found = (self.tables[table].get(self._key(table, key)) for key in answered)
        items = [{k: v for k, v in item.items() if k in wanted} for item in found if item]
        left = {table: {**request, "Keys": rest}} if rest else {}
        return {"Responses": {table: copy.deepcopy(items)}, "UnprocessedKeys": left}

    def query(self, *, TableName: str, **request: Any) -> dict[str, Any]:
        met = [
            copy.deepcopy(item)
            for _, item in sorted(self.tables[TableName].items())
            if Expression(request["KeyConditionExpression"], item, request).holds()
        ]
        return {"Items": met[: request.get("Limit", len(met))]}

    def scan(self, *, TableName: str, **request: Any) -> dict[str, Any]:
        """A page of two items, before the filter."""
        found = sorted(self.tables[TableName].items())
        if start := request.get("ExclusiveStartKey"):
            found = [(key, item) for key, item in found if key > self._key(TableName, start)]
        page = [item for _, item in found[:2]]
        met = [
            copy.deepcopy(item)
            for item in page
            if Expression(request["FilterExpression"], item, request).holds()
        ]
        last = {name: page[-1][name] for name in self.keys[TableName]} if found[2:] else None
        shown = [
            {k: v for k, v in item.items() if k != "ingestState" or "unannounced" in v.get("M", {})}
            for item in met
        ]
        return {"Items": shown, **({"LastEvaluatedKey": last} if last else {})}

    def get_paginator(self, operation: str) -> "Pages":
        assert operation == "query"
        return Pages(self)

    def _check(
        self, table: str, keyed: Item, operation: str, request: Mapping[str, Any]
    ) -> Item | None:
        found = self.tables[table].get(self._key(table, keyed))
        condition = request.get("ConditionExpression")
        if condition and not Expression(condition, found or {}, request).holds():
            raise refusal("ConditionalCheckFailedException", operation)
        return found

    def _key(self, table: str, item: Item) -> tuple[str, ...]:
        return tuple(item[name]["S"] for name in self.keys[table])


@dataclass(frozen=True)
class Pages:
    """The paginator of query, two items a page."""

    client: MemoryDynamoDB

    def paginate(self, **request: Any) -> Iterator[dict[str, Any]]:
        items = self.client.query(**request)["Items"]
        for start in range(0, max(len(items), 1), 2):
            yield {"Items": items[start : start + 2]}
