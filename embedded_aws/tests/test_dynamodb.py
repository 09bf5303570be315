"""Update expressions that DynamoDB refuses.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.UpdateExpressions.html
"""

import pytest

from embedded_aws.tests.conftest import Aws, refused, unique
from embedded_aws.tests.operations import create_table


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
