"""Who may do what: with authorization on, which is the default, every caller is checked.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
The state machine's role is held in the tests of its integrations, the rules' in
test_eventbridge.py, the additional rights of S3 in test_s3.py.
"""

import json
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from embedded_aws.tests.conftest import ACCOUNT, REGION, Aws, allow
from embedded_aws.tests.operations import assumed

PUT = """
import boto3

def handler(event, context):
    boto3.client("s3").put_object(Bucket=event["bucket"], Key="a", Body=b"1")
    return "put"
"""


def test_credentials_that_were_never_issued_are_refused(aws: Aws) -> None:
    stranger = replace(aws.endpoint, access_key_id="AKIAEXAMPLE")
    with pytest.raises(ClientError, match=r"security token|InvalidClientTokenId|InvalidAccessKey"):
        stranger.client("dynamodb").list_tables()


def test_the_root_of_the_account_may_do_everything(aws: Aws) -> None:
    identity = aws.client("sts").get_caller_identity()
    assert identity["Arn"].endswith(":root")


def test_a_role_may_do_what_is_allowed_and_nothing_else(aws: Aws, bucket: str) -> None:
    s3 = assumed(aws, allow("s3:PutObject", f"arn:aws:s3:::{bucket}/mine/*")).client("s3")
    s3.put_object(Bucket=bucket, Key="mine/a", Body=b"1")
    for denied in ("other/a", "mine"):
        with pytest.raises(ClientError, match="AccessDenied"):
            s3.put_object(Bucket=bucket, Key=denied, Body=b"1")


def test_a_wildcard_stands_for_every_character_of_a_key(aws: Aws, bucket: str) -> None:
    s3 = assumed(aws, allow("s3:PutObject", f"arn:aws:s3:::{bucket}/a*z")).client("s3")
    s3.put_object(Bucket=bucket, Key="a\n领収書 z", Body=b"1")
    with pytest.raises(ClientError, match="AccessDenied"):
        s3.put_object(Bucket=bucket, Key="az\n", Body=b"1")


def test_a_denial_wins(aws: Aws, bucket: str) -> None:
    arn = f"arn:aws:s3:::{bucket}/*"
    denial = {"Effect": "Deny", "Action": "s3:PutObject", "Resource": arn}
    s3 = assumed(aws, allow("s3:*", arn), denial).client("s3")
    with pytest.raises(ClientError, match="AccessDenied"):
        s3.put_object(Bucket=bucket, Key="a", Body=b"1")


def test_what_is_done_to_a_map_run_is_allowed_on_the_map_run(aws: Aws) -> None:
    """https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsstepfunctions.html."""
    runs = f"arn:aws:states:{REGION}:{ACCOUNT}:mapRun:machine/Label"
    states = assumed(aws, allow("states:DescribeMapRun", f"{runs}:*")).client("stepfunctions")
    with pytest.raises(ClientError, match="ResourceNotFound"):
        states.describe_map_run(mapRunArn=f"{runs}:none")
    with pytest.raises(ClientError, match="AccessDenied"):
        states.describe_map_run(mapRunArn=f"{runs}Other:none")


@pytest.mark.parametrize("may", [True, False])
def test_a_function_acts_with_its_role(aws: Aws, bucket: str, may: bool) -> None:
    """https://docs.aws.amazon.com/lambda/latest/dg/lambda-intro-execution-role.html."""
    function = aws.function(source=PUT)
    role = aws.functions.get_function_configuration(FunctionName=function)["Role"]
    if may:
        aws.set_policy(role, allow("*"))
    answer = aws.functions.invoke(
        FunctionName=function, Payload=json.dumps({"bucket": bucket}).encode()
    )
    result: Any = json.loads(answer["Payload"].read())
    if may:
        assert result == "put"
    else:
        assert "AccessDenied" in result["errorMessage"]
