"""The record of decisions: by which grant a call was allowed, or that it was denied, and when."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from embedded_aws.tests.conftest import Aws, allow, eventually, unique
from embedded_aws.tests.operations import assumed, queue, received
from embedded_aws.tests.running import Decisions, Denial, Endpoint, Use
from embedded_aws.tests.test_eventbridge import Rule


@pytest.fixture
def case(aws: Aws) -> str:
    begun = unique("case")
    Decisions(aws.endpoint).begin(begun)
    return begun


@pytest.fixture
def bucket(aws: Aws, bucket: str) -> str:
    aws.s3.put_object(Bucket=bucket, Key="mine/a", Body=b"1")
    return bucket


def uses(aws: Aws, case: str) -> list[Use]:
    return [each for each in Decisions(aws.endpoint).uses() if each.case == case]


def denials(aws: Aws, case: str) -> list[Denial]:
    return [each for each in Decisions(aws.endpoint).denials() if each.case == case]


def role_of(endpoint: Endpoint) -> str:
    arn: str = endpoint.client("sts").get_caller_identity()["Arn"]
    return arn.split("/")[1]


def test_an_allowed_call_is_recorded_under_the_grant_that_allowed_it(
    aws: Aws, bucket: str, case: str
) -> None:
    mine, other = f"arn:aws:s3:::{bucket}/mine/*", f"arn:aws:s3:::{bucket}/other/*"
    caller = assumed(aws, allow(["s3:GetObject", "s3:PutObject"], [other, mine]))
    for _ in range(2):
        caller.client("s3").get_object(Bucket=bucket, Key="mine/a")
    (use,) = uses(aws, case)
    assert (use.principal, use.action, use.resource) == (role_of(caller), "s3:GetObject", mine)
    assert use.conditions == "{}"


def test_of_a_condition_with_several_values_the_one_that_was_met_is_recorded(
    aws: Aws, bucket: str, case: str
) -> None:
    prefixes = {"StringLike": {"s3:prefix": ["other/*", "mine/*"]}}
    caller = assumed(aws, allow("s3:ListBucket", f"arn:aws:s3:::{bucket}", Condition=prefixes))
    caller.client("s3").list_objects_v2(Bucket=bucket, Prefix="mine/")
    (use,) = uses(aws, case)
    assert use.conditions == '{"StringLike": {"s3:prefix": "mine/*"}}'


def test_a_denied_call_is_recorded_with_what_it_was_about(aws: Aws, bucket: str, case: str) -> None:
    caller = assumed(aws, allow("s3:PutObject", f"arn:aws:s3:::{bucket}/*"))
    with pytest.raises(ClientError, match="AccessDenied"):
        caller.client("s3").list_objects_v2(Bucket=bucket, Prefix="mine/")
    (denial,) = denials(aws, case)
    assert (denial.principal, denial.action) == (role_of(caller), "s3:ListBucket")
    assert denial.resource == f"arn:aws:s3:::{bucket}"
    assert denial.context["s3:prefix"] == "mine/"
    assert uses(aws, case) == []


@pytest.mark.parametrize("open_to", ["events.amazonaws.com", "sns.amazonaws.com"])
def test_a_service_that_a_resource_admits_or_not_is_recorded(
    aws: Aws, case: str, open_to: str
) -> None:
    url, arn = queue(aws, open_to=open_to)
    Rule(aws, arn).put()
    wanted = ("events.amazonaws.com", "sqs:SendMessage", arn)

    def seen(found: list[Any]) -> list[tuple[str, str, str]]:
        return [(each.principal, each.action, each.resource) for each in found]

    if open_to == "events.amazonaws.com":
        received(aws, url)
        assert seen(uses(aws, case)) == [wanted]
    else:
        eventually(lambda: denials(aws, case), "the rule is refused")
        assert seen(denials(aws, case)) == [wanted]


def test_the_root_of_the_account_is_not_recorded(aws: Aws, bucket: str, case: str) -> None:
    aws.s3.get_object(Bucket=bucket, Key="mine/a")
    assert uses(aws, case) == []


def test_of_a_denied_call_is_recorded_whether_its_role_had_a_policy(
    aws: Aws, bucket: str, case: str
) -> None:
    """A function outlives the deletion of its stack, and calls with a role that is stripped."""
    caller = assumed(aws, allow("s3:PutObject", f"arn:aws:s3:::{bucket}/*"))
    iam, role = aws.client("iam"), role_of(caller)
    for strip in (False, True):
        if strip:
            for policy in iam.list_role_policies(RoleName=role)["PolicyNames"]:
                iam.delete_role_policy(RoleName=role, PolicyName=policy)
        with pytest.raises(ClientError, match="AccessDenied"):
            caller.client("s3").get_object(Bucket=bucket, Key="mine/a")
    assert [each.without_policies for each in denials(aws, case)] == [False, True]
