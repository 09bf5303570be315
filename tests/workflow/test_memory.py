"""The memory's S3 and DynamoDB answer like moto's, call by call, for the calls that are made.

moto's S3 ignores the conditions of a copy, so these are held against the embedded AWS elsewhere.
"""

from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from functions.domain.attribute_values import to_item
from tests.workflow.memory.dynamodb import MemoryDynamoDB
from tests.workflow.memory.s3 import MemoryS3


@pytest.fixture(scope="module")
def moto() -> Iterator[tuple[Any, Any]]:
    with pytest.MonkeyPatch.context() as patch, mock_aws():
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            patch.setenv(name, "test")
        s3 = boto3.client("s3", region_name="us-east-1")
        dynamodb = boto3.client("dynamodb", region_name="us-east-1")
        s3.create_bucket(Bucket="bucket")
        dynamodb.create_table(
            TableName="rows",
            BillingMode="PAY_PER_REQUEST",
            KeySchema=[
                {"AttributeName": "pk", "KeyType": "HASH"},
                {"AttributeName": "sk", "KeyType": "RANGE"},
            ],
            AttributeDefinitions=[
                {"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")
            ],
        )
        yield s3, dynamodb


def _answer(call: Callable[[], Any], wanted: tuple[str, ...]) -> Any:
    try:
        answer = call()
    except ClientError as error:
        return error.response["Error"]["Code"]
    return {name: answer[name] for name in wanted if name in answer}


S3_CALLS: list[tuple[str, dict[str, Any], tuple[str, ...]]] = [
    ("head_object", {"Key": "a"}, ()),
    ("get_object", {"Key": "a"}, ()),
    ("copy_object", {"Key": "b", "CopySource": {"Bucket": "bucket", "Key": "a"}}, ()),
    ("delete_object", {"Key": "a"}, ()),
    ("delete_object", {"Key": "a", "IfMatch": '"x"'}, ()),
    ("put_object", {"Key": "a", "Body": b"1", "ContentType": "image/x"}, ("ETag",)),
    ("head_object", {"Key": "a"}, ("ETag", "ContentLength", "ContentType")),
    ("head_object", {"Key": "a", "IfMatch": '"x"'}, ()),
    ("get_object", {"Key": "a", "IfMatch": '"x"'}, ()),
    ("delete_object", {"Key": "a", "IfMatch": '"x"'}, ()),
    ("copy_object", {"Key": "b", "CopySource": {"Bucket": "bucket", "Key": "a"}}, ()),
    ("head_object", {"Key": "b"}, ("ETag", "ContentLength", "ContentType")),
    ("delete_object", {"Key": "a", "IfMatch": '"c4ca4238a0b923820dcc509a6f75849b"'}, ()),
    ("head_object", {"Key": "a"}, ()),
    ("get_object", {"Key": "b", "Range": "bytes=0-0"}, ("ETag", "ContentRange")),
]


def test_s3_answers_like_moto(moto: tuple[Any, Any]) -> None:
    memory = MemoryS3()
    for method, request, wanted in S3_CALLS:
        expected = _answer(lambda: getattr(moto[0], method)(Bucket="bucket", **request), wanted)  # noqa: B023
        found = _answer(lambda: getattr(memory, method)(Bucket="bucket", **request), wanted)  # noqa: B023
        assert found == expected, (method, request)


_KEY = {"pk": "p", "sk": "s#1"}
_NAMES = {"#state": "state"}
CONDITIONS = [
    "attribute_exists(pk)",
    "attribute_not_exists(pk) OR n <= :one",
    "nowhere <> :one",
    "NOT_THERE = :one",
    "#state = :done AND (n < :one OR n = :one)",
    "#state <> :done AND n <= :one",
    "m.deep = :one",
    "attribute_not_exists(m.elsewhere)",
    "begins_with(#state, :done)",
]


def test_dynamodb_answers_like_moto(moto: tuple[Any, Any]) -> None:
    memory = MemoryDynamoDB(rows=("pk", "sk"))
    values = to_item({":one": 1, ":done": "done", ":m": {"deep": 1}})

    def used(expression: str) -> dict[str, Any]:
        return {
            "ExpressionAttributeValues": {k: v for k, v in values.items() if k in expression},
            "ExpressionAttributeNames": {k: v for k, v in _NAMES.items() if k in expression},
        }

    update = "SET n = if_not_exists(n, :one), #state = :done, m = :m REMOVE gone"
    count = "SET n = if_not_exists(n, :one) + :one"
    for expression in (update, count):
        request = {"UpdateExpression": expression, **used(expression)}
        if not request["ExpressionAttributeNames"]:
            del request["ExpressionAttributeNames"]
        for condition in [None, *CONDITIONS]:
            whole = dict(request)
            if condition:
                both = f"{expression} {condition}"
                whole |= {k: v for k, v in used(both).items() if v}
                whole["ConditionExpression"] = condition
            answers = [
                _answer(
                    lambda: client.update_item(  # noqa: B023
                        TableName="rows",
                        Key=to_item(_KEY),
                        ReturnValues="ALL_NEW",
                        **whole,  # noqa: B023
                    ),
                    ("Attributes",),
                )
                for client in (moto[1], memory)
            ]
            assert answers[1] == answers[0], (expression, condition)
    asked: dict[str, Any] = {
        "TableName": "rows",
        "KeyConditionExpression": "pk = :pk AND begins_with(sk, :prefix)",
        "ExpressionAttributeValues": {":pk": {"S": "p"}, ":prefix": {"S": "s#"}},
    }
    assert memory.query(**asked)["Items"] == moto[1].query(**asked)["Items"]
