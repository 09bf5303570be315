"""What holds for all grants; docs/generated/grants.md has each (test_grants_page)."""

import json
import re

from tests.infrastructure.documented import DOCUMENTED
from tests.infrastructure.granted import of_role, to_roles, to_services
from tests.infrastructure.template import Template, as_list

STATES = "arn:aws:states:eu-west-1:111122223333"

#: Actions that AWS gives no resource to:
#: https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html and
#: https://docs.aws.amazon.com/xray/latest/devguide/security_iam_id-based-policy-examples.html
WITHOUT_RESOURCE = {
    action
    for each in DOCUMENTED
    if each.needed in {"Step Functions logs of executions", "traces of executions"}
    for action in each.actions
}


def test_status_events_are_put_under_the_product_s_own_name_alone(template: Template) -> None:
    found = {each.conditions for each in to_roles(template) if each.action == "events:PutEvents"}
    assert found == {json.dumps({"StringEquals": {"events:source": "batch-ingest"}})}


def test_no_action_is_a_wildcard(template: Template) -> None:
    assert not [str(grant) for grant in to_roles(template) if "*" in grant.action]


def test_only_what_has_no_resource_is_granted_on_all(template: Template) -> None:
    for grant in to_roles(template):
        assert grant.resource != "*" or grant.action in WITHOUT_RESOURCE


def test_objects_are_granted_by_prefix_and_lists_by_condition(template: Template) -> None:
    for grant in to_roles(template):
        if grant.action == "s3:ListBucket":
            assert "s3:prefix" in grant.conditions
        elif grant.action.startswith("s3:") and "BucketNotification" not in grant.action:
            assert re.search(r"/(batch-output|dead-letters|processed|uploads|work)/", str(grant))


def test_services_assume_their_roles_for_this_account_alone(template: Template) -> None:
    trusts = {
        name: role["AssumeRolePolicyDocument"]["Statement"][0]
        for name, role in template.of_type("AWS::IAM::Role").items()
    }

    machine = trusts["WorkflowRole"]
    assert machine["Principal"] == {"Service": "states.amazonaws.com"}
    assert machine["Condition"] == {
        "StringEquals": {"aws:SourceAccount": "111122223333"},
        "ArnLike": {"aws:SourceArn": f"{STATES}:stateMachine:BatchIngest*"},
    }
    trigger = trusts["WorkflowTriggerRole"]
    assert trigger["Principal"] == {"Service": "events.amazonaws.com"}
    assert trigger["Condition"] == {
        "StringEquals": {"aws:SourceAccount": "111122223333"},
        "ArnEquals": {
            "aws:SourceArn": [
                "arn:aws:events:eu-west-1:111122223333:rule/BatchIngest-results",
                "arn:aws:events:eu-west-1:111122223333:rule/BatchIngest-ended-jobs",
            ]
        },
    }


def test_functions_roles_are_lambda_s_to_assume(template: Template) -> None:
    """Who may give a role to a function is decided by iam:PassRole.

    https://docs.aws.amazon.com/lambda/latest/dg/permissions-source-function-arn.html: for these
    roles Lambda knows no condition on the source.
    """
    for name, role in template.of_type("AWS::IAM::Role").items():
        if name.startswith("Workers"):
            (statement,) = role["AssumeRolePolicyDocument"]["Statement"]
            assert statement["Principal"] == {"Service": "lambda.amazonaws.com"}


def test_no_role_has_a_policy_of_others(template: Template) -> None:
    for role in template.of_type("AWS::IAM::Role").values():
        assert "ManagedPolicyArns" not in role


def test_cdk_s_function_may_write_the_notifications_of_the_imported_bucket_alone(
    imported: Template,
) -> None:
    function = imported.one("AWS::Lambda::Function", "BucketNotificationsHandler")
    role = "StorageEventBridgeSwitchRole"

    assert function["Role"] == f"<{role}.Arn>"
    assert set(map(str, of_role(imported, role))) == {
        "logs:CreateLogStream <StorageEventBridgeSwitchLogs.Arn>",
        "logs:PutLogEvents <StorageEventBridgeSwitchLogs.Arn>",
        "s3:GetBucketNotification arn:aws:s3:::their-bucket",
        "s3:PutBucketNotification arn:aws:s3:::their-bucket",
    }


def test_imported_resources_are_granted_by_their_names(imported: Template) -> None:
    grants = set(map(str, of_role(imported, "WorkersResolveJobRole")))

    jobs = "arn:aws:dynamodb:eu-west-1:111122223333:table/their-jobs"
    assert f"dynamodb:Query {jobs}/index/jobIdIndex" in grants
    assert "s3:GetObject arn:aws:s3:::their-bucket/batch-output/*" in grants


def test_every_role_has_the_permissions_boundary(imported: Template) -> None:
    boundaries = {
        role.get("PermissionsBoundary") for role in imported.of_type("AWS::IAM::Role").values()
    }

    assert boundaries == {"arn:aws:iam::111122223333:policy/boundary"}


def test_resources_admit_services_for_this_account_alone(template: Template) -> None:
    """Queues, topic, functions and keys: on whose behalf a service comes must be known."""
    contexts = {
        f"kms:encryptioncontext:aws:{each}" for each in ("logs:arn", "sns:topicarn", "sqs:arn")
    }
    here = {"aws:sourcearn", "aws:sourceaccount", *contexts}
    for granted in to_services(template):
        # Log delivery is documented without a condition:
        # https://docs.aws.amazon.com/step-functions/latest/dg/encryption-at-rest.html
        if granted.holder != "delivery.logs.amazonaws.com":
            conditions = json.loads(granted.conditions or "{}")
            keys = {key.lower() for each in conditions.values() for key in each}
            assert keys & here, granted


def test_only_the_account_has_its_keys_whole(template: Template) -> None:
    """All other statements that let anybody in name their actions.

    https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html
    """
    account = {"AWS": "arn:aws:iam::111122223333:root"}
    keys = [key["KeyPolicy"]["Statement"] for key in template.of_type("AWS::KMS::Key").values()]
    wild = [
        (statement["Principal"], statement["Action"])
        for statements in (*template.resource_policies, *keys)
        for statement in statements
        if statement["Effect"] == "Allow" and "*" in "".join(as_list(statement["Action"]))
    ]

    assert all(each == (account, "kms:*") for each in wild), wild
