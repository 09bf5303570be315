"""Update expressions that DynamoDB refuses; PartiQL: its statements, and the permission of each.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.UpdateExpressions.html
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-reference.html
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-iam.html
"""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from embedded_aws.tests.conftest import ACCOUNT, REGION, Aws, allow, refused, unique
from embedded_aws.tests.operations import assumed, create_table


@pytest.fixture(scope="module")
def table(aws: Aws) -> str:
    return create_table(aws)


@pytest.mark.parametrize(
    ("expression", "why"),
    [
        ("SET", 'Syntax error; token: "<EOF>"'),
        ("SET a = :v REMOVE", 'Syntax error; token: "<EOF>"'),
        ("SET a = :v REMOVE a", "Two document paths overlap"),
        ("SET a = :v, a = :v", "Two document paths overlap"),
        ("SET m = :v REMOVE m.a", "Two document paths overlap"),
        ("SET a = :v SET b = :v", 'The "SET" section can only be used once'),
    ],
)
def test_is_refused_and_changes_nothing(aws: Aws, table: str, expression: str, why: str) -> None:
    key = {"pk": {"S": unique("key")}}
    aws.dynamodb.put_item(TableName=table, Item={**key, "m": {"M": {"a": {"N": "1"}}}})
    values = {"ExpressionAttributeValues": {":v": {"N": "2"}}} if ":v" in expression else {}
    call = aws.dynamodb.update_item
    error = refused(call, TableName=table, Key=key, UpdateExpression=expression, **values)
    assert error["Code"] == "ValidationException"
    assert why in error["Message"]
    kept = aws.dynamodb.get_item(TableName=table, Key=key)["Item"]
    assert kept == {**key, "m": {"M": {"a": {"N": "1"}}}}


def test_paths_next_to_each_other_are_no_overlap(aws: Aws, table: str) -> None:
    key = {"pk": {"S": unique("key")}}
    aws.dynamodb.put_item(TableName=table, Item={**key, "m": {"M": {"a": {"N": "1"}}}})
    changed = aws.dynamodb.update_item(
        TableName=table,
        Key=key,
        UpdateExpression="SET m.b = :v, n = :v REMOVE m.a",
        ExpressionAttributeValues={":v": {"N": "2"}},
        ReturnValues="ALL_NEW",
    )["Attributes"]
    assert changed == {**key, "m": {"M": {"b": {"N": "2"}}}, "n": {"N": "2"}}


@pytest.fixture
def rows(aws: Aws) -> str:
    created = create_table(aws)
    for key, version in (("old", {"N": "1"}), ("edited", {"N": "2"}), ("unversioned", None)):
        item = {"pk": {"S": key}, "other": {"S": "o"}} | ({"version": version} if version else {})
        aws.dynamodb.put_item(TableName=created, Item=item)
    return created


def _insert(table: str, key: str) -> dict[str, Any]:
    text = f"INSERT INTO \"{table}\" VALUE {{'pk': ?, 'version': ?}}"
    return {"Statement": text, "Parameters": [{"S": key}, {"N": "1"}]}


def _update(table: str, key: str) -> dict[str, Any]:
    changes = 'SET "date" = ? REMOVE "other" WHERE "pk" = ? AND NOT "version" > ?'
    return {
        "Statement": f'UPDATE "{table}" {changes}',
        "Parameters": [{"S": "new"}, {"S": key}, {"N": "1"}],
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    }


def test_statements_of_a_batch_succeed_and_fail_alone(aws: Aws, rows: str) -> None:
    keys = ("old", "edited", "absent", "unversioned")
    statements: Any = [_update(rows, key) for key in keys]
    statements += [_insert(rows, key) for key in ("old", "new")]
    responses: Any = aws.dynamodb.batch_execute_statement(Statements=statements)["Responses"]
    errors = [each.get("Error", {}).get("Code") for each in responses]
    failed = "ConditionalCheckFailed"
    assert errors == [None, failed, failed, None, "DuplicateItem", None]
    assert [("Item" in each.get("Error", {})) for each in responses[1:3]] == [True, False]
    items = aws.dynamodb.scan(TableName=rows)["Items"]
    assert {item["pk"]["S"]: item.get("date") for item in items} == {
        "old": {"S": "new"},
        "unversioned": {"S": "new"},
        "edited": None,
        "new": None,
    }


@pytest.mark.parametrize(("allowed", "denied"), [("Insert", "Update"), ("Update", "Insert")])
def test_each_statement_needs_the_permission_of_its_kind(
    aws: Aws, rows: str, allowed: str, denied: str
) -> None:
    arn = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{rows}"
    by = assumed(aws, allow(f"dynamodb:PartiQL{allowed}", arn)).client("dynamodb")
    statements = {"Insert": _insert(rows, "new"), "Update": _update(rows, "old")}
    by.batch_execute_statement(Statements=[statements[allowed]])
    with pytest.raises(ClientError, match=f"PartiQL{denied}"):
        by.batch_execute_statement(Statements=[statements[denied]])
    with pytest.raises(ClientError, match=f"PartiQL{denied}"):
        by.batch_execute_statement(Statements=list(statements.values()))
