"""PartiQL statements, as far as this system writes them, by the requests they stand for.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-reference.html
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

_INSERT = re.compile(r'INSERT INTO "(?P<table>[^"]+)" VALUE \{[^{}]+\}')
_UPDATE = re.compile(
    r'UPDATE "(?P<table>[^"]+)"(?P<sets>( SET "\w+" = :p\d+)+)(?P<removes>( REMOVE "\w+")*)'
    r" WHERE (?P<where>.+)"
)
_Keys = Mapping[str, tuple[str, ...]]


def execute(client: Any, statements: Sequence[Any], *, keys: _Keys) -> list[dict[str, Any]]:
    """Answer BatchExecuteStatement: each statement by PutItem or UpdateItem, for itself.

    Args:
        client: Of DynamoDB.
        statements: At most 25, on different items.
        keys: Key attributes by table.
    """
    assert 1 <= len(statements) <= 25
    requests = [_read(each["Statement"], each["Parameters"], keys) for each in statements]
    items = [request.get("Key") or request["Item"] for request in requests]
    written = {
        tuple(item[name]["S"] for name in keys[r["TableName"]])
        for r, item in zip(requests, items, strict=True)
    }
    assert len(written) == len(statements)
    return [_carry_out(client, request) for request in requests]


def _carry_out(client: Any, request: dict[str, Any]) -> dict[str, Any]:
    answer = {"TableName": request["TableName"]}
    inserts = "Item" in request
    write = client.put_item if inserts else client.update_item
    try:
        write(**request, ReturnValuesOnConditionCheckFailure="ALL_OLD")
    except client.exceptions.ConditionalCheckFailedException as error:
        if inserts:
            return {**answer, "Error": {"Code": "DuplicateItem", "Message": "m"}}
        found = {"Item": error.response["Item"]} if "Item" in error.response else {}
        return {**answer, "Error": {"Code": "ConditionalCheckFailed", "Message": "m", **found}}
    return answer


def _read(text: str, parameters: Sequence[Any], keys: _Keys) -> dict[str, Any]:
    values = {f":p{number}": value for number, value in enumerate(parameters)}
    references = iter(values)
    text = re.sub(r"\?", lambda _: next(references), text)
    assert next(references, None) is None
    if inserted := _INSERT.fullmatch(text):
        return {
            "TableName": inserted["table"],
            "Item": {name: values[value] for name, value in re.findall(r"'(\w+)': (:p\d+)", text)},
            "ConditionExpression": f"attribute_not_exists({keys[inserted['table']][0]})",
        }
    updated = _UPDATE.fullmatch(text)
    assert updated, text
    # The key comes first, and whole: a condition has to name one item.
    named = re.findall(r'"(\w+)" = (:p\d+)', updated["where"])[: len(keys[updated["table"]])]
    assert tuple(name for name, _ in named) == keys[updated["table"]], text
    update = " ".join(
        f"{section} " + updated[group].replace(f" {section} ", ", ").removeprefix(", ")
        for section, group in (("SET", "sets"), ("REMOVE", "removes"))
        if updated[group]
    )
    used = f"{update} {updated['where']}"
    return {
        "TableName": updated["table"],
        "Key": {name: values[value] for name, value in named},
        "UpdateExpression": re.sub(r'"(\w+)"', r"#\1", update),
        "ConditionExpression": re.sub(r'"(\w+)"', r"#\1", updated["where"]),
        "ExpressionAttributeNames": {f"#{n}": n for n in re.findall(r'"(\w+)"', used)},
        "ExpressionAttributeValues": values,
    }
