"""PartiQL: what statements of a batch do, and the permission that each needs.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-reference.html
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-iam.html
"""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from embedded_aws.tests.conftest import ACCOUNT, REGION, Aws, allow
from embedded_aws.tests.operations import assumed, create_table


@pytest.fixture
def table(aws: Aws) -> str:
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


def test_statements_of_a_batch_succeed_and_fail_alone(aws: Aws, table: str) -> None:
    keys = ("old", "edited", "absent", "unversioned")
    statements: Any = [_update(table, key) for key in keys]
    statements += [_insert(table, key) for key in ("old", "new")]
    responses: Any = aws.dynamodb.batch_execute_statement(Statements=statements)["Responses"]
    errors = [each.get("Error", {}).get("Code") for each in responses]
    failed = "ConditionalCheckFailed"
    assert errors == [None, failed, failed, None, "DuplicateItem", None]
    assert [("Item" in each.get("Error", {})) for each in responses[1:3]] == [True, False]
    items = aws.dynamodb.scan(TableName=table)["Items"]
    assert {item["pk"]["S"]: item.get("date") for item in items} == {
        "old": {"S": "new"},
        "unversioned": {"S": "new"},
        "edited": None,
        "new": None,
    }


@pytest.mark.parametrize(("allowed", "denied"), [("Insert", "Update"), ("Update", "Insert")])
def test_each_statement_needs_the_permission_of_its_kind(
    aws: Aws, table: str, allowed: str, denied: str
) -> None:
    arn = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{table}"
    by = assumed(aws, allow(f"dynamodb:PartiQL{allowed}", arn)).client("dynamodb")
    statements = {"Insert": _insert(table, "new"), "Update": _update(table, "old")}
    by.batch_execute_statement(Statements=[statements[allowed]])
    with pytest.raises(ClientError, match=f"PartiQL{denied}"):
        by.batch_execute_statement(Statements=[statements[denied]])
    with pytest.raises(ClientError, match=f"PartiQL{denied}"):
        by.batch_execute_statement(Statements=list(statements.values()))
