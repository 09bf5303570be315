"""Tables of DynamoDB: conditional writes, consistent reads, queries.

MiniStack's functions read the expressions; here, each expression is parsed once.
"""

# ruff: noqa: N803 - the arguments are named by AWS
import copy
import functools
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ministack.services import dynamodb

from functions.aws.runtime.request_bodies import BODY
from tests.workflow.memory.errors import Exceptions, refusal, repeated
from tests.workflow.memory.statements import execute

Item = dict[str, dict[str, Any]]
"""Its values are never changed in place, so that a copy of the dictionary is a copy of the item."""


@functools.cache
def _tokens(condition: str) -> Any:
    tokens = dynamodb._tokenize(condition)
    assert dynamodb._check_reserved_keyword_usage(tokens) is None, condition
    assert dynamodb._condition_syntax_error(condition, "") is None, condition
    return tokens


@functools.cache
def _sections(update: str) -> list[tuple[str, Any]]:
    """SET, REMOVE and ADD, each with its parts."""
    words = re.split(r"\b(SET|REMOVE|ADD) ", update)[1:]
    return [
        (section, dynamodb._split_by_comma(dynamodb._tokenize(parts)[:-1]))
        for section, parts in zip(words[::2], words[1::2], strict=True)
    ]


def _references(request: Mapping[str, Any]) -> tuple[Any, Any]:
    names = request.get("ExpressionAttributeNames", {})
    return request.get("ExpressionAttributeValues", {}), names


def _holds(condition: str, item: Item, request: Mapping[str, Any]) -> bool:
    return bool(dynamodb._ExprEval(_tokens(condition), item, *_references(request)).evaluate())


def _updated(update: str, item: Item, request: Mapping[str, Any]) -> Item:
    values, names = _references(request)
    changed = dict(item)
    for section, parts in _sections(update):
        for part in parts:
            path = dynamodb._parse_path_from_tokens(part, names)
            if section == "SET":
                assert [kind for kind, _ in part[1:2]] == ["EQ"], update
                changed[path[0]] = dynamodb._eval_set_value(part[2:], item, values, names)
            elif section == "REMOVE":
                changed |= copy.deepcopy({k: v for k, v in changed.items() if k == path[0]})
                dynamodb._remove_at_path(changed, path)
            else:
                dynamodb._apply_add(changed, part, values, names, set())
    return changed


class MemoryDynamoDB:
    """The client's methods that are used."""

    exceptions = Exceptions()

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
        self._refusals[parameters] = repeated(code, times)

    def _refusal_of(self, parameters: Sequence[Any]) -> str | None:
        """The error of a statement, if it is to be refused."""
        texts = {each.get("S") for each in parameters}
        met = (codes for wanted, codes in self._refusals.items() if texts.issuperset(wanted))
        return next((code for codes in met for code in codes), None)

    def put_item(self, *, TableName: str, Item: Item, **request: Any) -> dict[str, Any]:
        self._check(TableName, Item, "PutItem", request)
        self.tables[TableName][self._key(TableName, Item)] = dict(Item)
        return {}

    def get_item(self, *, TableName: str, Key: Item, **_request: Any) -> dict[str, Any]:
        found = self.tables[TableName].get(self._key(TableName, Key))
        return {"Item": dict(found)} if found is not None else {}

    def delete_item(self, *, TableName: str, Key: Item) -> dict[str, Any]:
        self.tables[TableName].pop(self._key(TableName, Key), None)
        return {}

    def update_item(self, *, TableName: str, Key: Item, **request: Any) -> dict[str, Any]:
        found = self._check(TableName, Key, "UpdateItem", request)
        # With nothing there, an update makes the item from its key.
        changed = _updated(request["UpdateExpression"], found or Key, request)
        self.tables[TableName][self._key(TableName, Key)] = changed
        return {"Attributes": dict(changed)} if request.get("ReturnValues") == "ALL_NEW" else {}

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
        return {"Responses": {table: items}, "UnprocessedKeys": left}

    def query(self, *, TableName: str, **request: Any) -> dict[str, Any]:
        met = [
            dict(item)
            for _, item in sorted(self.tables[TableName].items())
            if _holds(request["KeyConditionExpression"], item, request)
        ]
        return {"Items": met[: request.get("Limit", len(met))]}

    def scan(self, *, TableName: str, **request: Any) -> dict[str, Any]:
        """A page of two items, before the filter."""
        found = sorted(self.tables[TableName].items())
        if start := request.get("ExclusiveStartKey"):
            found = [(key, item) for key, item in found if key > self._key(TableName, start)]
        page = [item for _, item in found[:2]]
        met = [item for item in page if _holds(request["FilterExpression"], item, request)]
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
        if condition and not _holds(condition, found or {}, request):
            error = refusal("ConditionalCheckFailedException", operation)
            if found and request.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD":
                error.response["Item"] = dict(found)  # type: ignore[typeddict-unknown-key]
            raise error
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
