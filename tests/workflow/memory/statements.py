"""PartiQL statements, as far as this system writes them, by the requests they stand for.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-reference.html
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

_INSERT = re.compile(r'INSERT INTO "(?P<table>[^"]+)" VALUE \{(?P<values>[^{}]+)\}')
_VALUE = re.compile(r"'(\w+)': \?")
_UPDATE = re.compile(
    r'UPDATE "(?P<table>[^"]+)"(?P<sets>( SET "\w+" = \?)+)(?P<removes>( REMOVE "\w+")*)'
    r" WHERE (?P<where>.+)"
)
_NAME = re.compile(r'"(\w+)"')


def execute(
    client: Any, statements: Sequence[Any], *, keys: Mapping[str, tuple[str, ...]]
) -> list[dict[str, Any]]:
    """Answer BatchExecuteStatement: each statement by PutItem or UpdateItem, for itself.

    Args:
        client: Of DynamoDB.
        statements: At most 25, on different items.
        keys: Key attributes by table.
    """
    assert 1 <= len(statements) <= 25
    requests = [_read(each["Statement"], each["Parameters"], keys=keys) for each in statements]
    written = [tuple(key["S"] for key in request.key.values()) for request in requests]
    assert len(written) == len(set(written))
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


def _read(text: str, parameters: Sequence[Any], *, keys: Mapping[str, tuple[str, ...]]) -> _Request:
    assert text.count("?") == len(parameters)
    if inserted := _INSERT.fullmatch(text):
        item = dict(zip(_VALUE.findall(inserted["values"]), parameters, strict=True))
        key = {name: item[name] for name in keys[inserted["table"]]}
        condition = "attribute_not_exists(userId)"
        return _Request(
            "put_item",
            key,
            {"TableName": inserted["table"], "Item": item, "ConditionExpression": condition},
        )
    updated = _UPDATE.fullmatch(text)
    assert updated, text
    names = keys[updated["table"]]
    sets, removes = _NAME.findall(updated["sets"]), _NAME.findall(updated["removes"])
    # The key comes first, and whole: a condition has to name one item.
    keyed = " AND ".join(f'"{name}" = ?' for name in names)
    assert updated["where"].startswith(keyed), text
    rest = updated["where"].removeprefix(keyed).removeprefix(" AND ")
    count = len(sets) + len(names)
    key = dict(zip(names, parameters[len(sets) : count], strict=True))
    values = {f":set{at}": value for at, value in enumerate(parameters[: len(sets)])}
    condition = _NAME.sub(r"#\1", rest)
    for at, value in enumerate(parameters[count:]):
        condition = condition.replace("?", f":if{at}", 1)
        values[f":if{at}"] = value
    there = f"attribute_exists({names[0]})"
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
            "ConditionExpression": " AND ".join(filter(None, [there, condition])),
            "ExpressionAttributeNames": {f"#{n}": n for n in (*sets, *removes, *compared)},
            "ExpressionAttributeValues": values,
        },
    )
