"""PartiQL statements, as far as this system writes them, by the requests they stand for.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-reference.html
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

_INSERT = re.compile(r'INSERT INTO "(?P<table>[^"]+)" VALUE \{(?P<values>[^{}]+)\}')
_VALUE = re.compile(r"'(\w+)': \?")
_UPDATE = re.compile(
    r'UPDATE "(?P<table>[^"]+)"(?P<sets>( SET "\w+" = \?)+)(?P<removes>( REMOVE "\w+")*)'
    r' WHERE "(?P<pk>\w+)" = \? AND "(?P<sk>\w+)" = \? AND (?P<condition>.+)'
)
_NAME = re.compile(r'"(\w+)"')


def execute(client: Any, statements: Sequence[Any]) -> list[dict[str, Any]]:
    """Answer BatchExecuteStatement: each statement by PutItem or UpdateItem, for itself."""
    assert 1 <= len(statements) <= 25
    requests = [_read(each["Statement"], each["Parameters"]) for each in statements]
    keys = [tuple(key["S"] for key in request.key.values()) for request in requests]
    assert len(keys) == len(set(keys))
    return [each.run(client) for each in requests]


@dataclass(frozen=True)
class _Request:
    operation: str
    key: dict[str, Any]
    request: dict[str, Any]

    def run(self, client: Any) -> dict[str, Any]:
        table = self.request["TableName"]
        try:
            getattr(client, self.operation)(**self.request)
        except ClientError as error:
            if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                raise
        else:
            return {"TableName": table}
        if self.operation == "put_item":
            return {"TableName": table, "Error": {"Code": "DuplicateItem", "Message": "m"}}
        found = client.get_item(TableName=table, Key=self.key, ConsistentRead=True)
        failed = {"Code": "ConditionalCheckFailed", "Message": "m"}
        item = {"Item": found["Item"]} if "Item" in found else {}
        return {"TableName": table, "Error": {**failed, **item}}


def _read(text: str, parameters: Sequence[Any]) -> _Request:
    assert text.count("?") == len(parameters)
    if inserted := _INSERT.fullmatch(text):
        item = dict(zip(_VALUE.findall(inserted["values"]), parameters, strict=True))
        key = {name: item[name] for name in ("userId", "transactionId")}
        condition = "attribute_not_exists(userId)"
        return _Request(
            "put_item",
            key,
            {"TableName": inserted["table"], "Item": item, "ConditionExpression": condition},
        )
    updated = _UPDATE.fullmatch(text)
    assert updated, text
    sets, removes = _NAME.findall(updated["sets"]), _NAME.findall(updated["removes"])
    names = [*sets, updated["pk"], updated["sk"]]
    key = dict(zip(names[len(sets) :], parameters[len(sets) : len(names)], strict=True))
    values = {f":set{at}": value for at, value in enumerate(parameters[: len(sets)])}
    condition = _NAME.sub(r"#\1", updated["condition"])
    for at, value in enumerate(parameters[len(names) :]):
        condition = condition.replace("?", f":if{at}", 1)
        values[f":if{at}"] = value
    compared = re.findall(r"#(\w+)", condition)
    expression = "SET " + ", ".join(f"#{name} = :set{at}" for at, name in enumerate(sets))
    if removes:
        expression += " REMOVE " + ", ".join(f"#{name}" for name in removes)
    return _Request(
        "update_item",
        key,
        {
            "TableName": updated["table"],
            "Key": key,
            "UpdateExpression": expression,
            "ConditionExpression": f"attribute_exists({updated['pk']}) AND {condition}",
            "ExpressionAttributeNames": {f"#{n}": n for n in (*sets, *removes, *compared)},
            "ExpressionAttributeValues": values,
        },
    )
