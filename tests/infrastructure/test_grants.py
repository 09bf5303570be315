"""The grants of every role, written out: a change of a grant is a change of this file."""

import json
import re

import pytest

from tests.infrastructure.granted import to_services
from tests.infrastructure.template import Template, as_list

STATES = "arn:aws:states:eu-west-1:111122223333"
LEDGER = "<StorageLedger.Arn>"
JOBS = "<StorageBatchJobs.Arn>"
TRANSACTIONS = "<StorageTransactions.Arn>"
IMAGES = "<StoragePendingImages.Arn>"
BUCKET = "<StorageBucket.Arn>"
BATCH_OUTPUT = f"{BUCKET}/batch-output/*"
MANIFESTS = f"{BUCKET}/batch-output/*/manifest.json.out"
WORK = f"{BUCKET}/work/*"


def _listing(*prefixes: str) -> str:
    condition = json.dumps({"StringLike": {"s3:prefix": list(prefixes)}})
    return f"s3:ListBucket {BUCKET} {condition}"


def _through(service: str) -> str:
    return json.dumps(
        {
            "StringEquals": {
                "kms:CallerAccount": "111122223333",
                "kms:ViaService": f"{service}.eu-west-1.amazonaws.com",
            }
        }
    )


RECOMPUTE_JOB = {
    f"dynamodb:GetItem {JOBS}",
    f"dynamodb:UpdateItem {JOBS}",
    f"s3:GetObject {MANIFESTS}",
    _listing("batch-output/*"),
}
ANNOUNCE = {
    "events:PutEvents arn:aws:events:eu-west-1:111122223333:event-bus/default "
    + json.dumps({"StringEquals": {"events:source": "batch-ingest"}})
}
COUNT_BY_IMAGE = {
    f"s3:GetObject {BUCKET}/dead-letters/*",
    f"s3:GetObject {WORK}",
    _listing("dead-letters/*", "work/*"),
}
ASK_BEDROCK = {
    "bedrock:GetModelInvocationJob arn:aws:bedrock:eu-west-1:111122223333:model-invocation-job/*"
}
READ_RESULTS = {
    f"s3:GetObject {BATCH_OUTPUT}",
    f"s3:GetObjectVersion {BATCH_OUTPUT}",
    _listing("batch-output/*"),
}

#: Beside logging and tracing, which all functions may.
FUNCTIONS = {
    "ResolveJob": {f"dynamodb:Query {JOBS}/index/jobIdIndex", *READ_RESULTS},
    "PlanRanges": {
        f"dynamodb:GetItem {LEDGER}",
        f"dynamodb:Query {LEDGER}",
        f"dynamodb:UpdateItem {LEDGER}",
        f"dynamodb:GetItem {JOBS}",
        f"dynamodb:UpdateItem {JOBS}",
        f"s3:PutObject {WORK}",
        *READ_RESULTS,
    },
    "LoadSegment": {
        f"dynamodb:GetItem {JOBS}",
        f"dynamodb:DeleteItem {LEDGER}",
        f"dynamodb:GetItem {LEDGER}",
        f"dynamodb:PutItem {LEDGER}",
        f"dynamodb:Query {LEDGER}",
        f"dynamodb:BatchWriteItem {TRANSACTIONS}",
        f"dynamodb:PartiQLInsert {TRANSACTIONS}",
        f"dynamodb:PartiQLUpdate {TRANSACTIONS}",
        f"s3:PutObject {BUCKET}/dead-letters/*",
        f"s3:PutObject {WORK}",
        *READ_RESULTS,
    },
    "VerifyLoad": {
        f"dynamodb:GetItem {LEDGER}",
        f"dynamodb:Query {LEDGER}",
        f"dynamodb:UpdateItem {LEDGER}",
        f"s3:PutObject {WORK}",
    },
    "MigrateImages": {
        f"dynamodb:GetItem {JOBS}",
        f"dynamodb:DeleteItem {LEDGER}",
        f"dynamodb:GetItem {LEDGER}",
        f"dynamodb:PutItem {LEDGER}",
        f"dynamodb:Query {LEDGER}",
        f"dynamodb:BatchGetItem {IMAGES}",
        f"dynamodb:PartiQLUpdate {IMAGES}",
        f"dynamodb:BatchGetItem {TRANSACTIONS}",
        f"dynamodb:PartiQLUpdate {TRANSACTIONS}",
        f"s3:GetObject {WORK}",
        f"s3:DeleteObject {BUCKET}/uploads/*",
        f"s3:GetObject {BUCKET}/uploads/*",
        f"s3:GetObjectAnnotation {BUCKET}/uploads/*",
        f"s3:GetObjectTagging {BUCKET}/uploads/*",
        f"s3:GetObject {BUCKET}/processed/*",
        f"s3:PutObject {BUCKET}/processed/*",
        f"s3:PutObjectAnnotation {BUCKET}/processed/*",
        f"s3:PutObjectTagging {BUCKET}/processed/*",
        _listing("processed/*", "uploads/*", "work/*"),
    },
    "VerifyMigration": {
        f"dynamodb:GetItem {LEDGER}",
        f"dynamodb:Query {LEDGER}",
        f"s3:GetObject {WORK}",
        f"s3:PutObject {WORK}",
        _listing("work/*"),
    },
    "SettleJob": {
        f"dynamodb:GetItem {LEDGER}",
        f"dynamodb:Query {JOBS}/index/jobIdIndex",
        f"dynamodb:Query {LEDGER}",
        f"dynamodb:UpdateItem {LEDGER}",
        *RECOMPUTE_JOB,
        *ANNOUNCE,
        *COUNT_BY_IMAGE,
        *ASK_BEDROCK,
    },
    "RecordOutcome": {
        f"dynamodb:GetItem {LEDGER}",
        f"dynamodb:Query {JOBS}/index/jobIdIndex",
        f"dynamodb:Query {LEDGER}",
        f"dynamodb:UpdateItem {LEDGER}",
        f"states:DescribeExecution {STATES}:execution:BatchIngest:*",
        f"states:DescribeExecution {STATES}:execution:BatchIngest/LoadRanges:*",
        f"states:DescribeExecution {STATES}:execution:BatchIngest/MigrateImages:*",
        f"states:GetExecutionHistory {STATES}:execution:BatchIngest:*",
        f"states:ListMapRuns {STATES}:execution:BatchIngest:*",
        f"states:DescribeMapRun {STATES}:mapRun:BatchIngest/LoadRanges:*",
        f"states:DescribeMapRun {STATES}:mapRun:BatchIngest/MigrateImages:*",
        f"states:ListExecutions {STATES}:mapRun:BatchIngest/LoadRanges:*",
        f"states:ListExecutions {STATES}:mapRun:BatchIngest/MigrateImages:*",
        "sns:Publish <NotificationsTopic>",
        f"kms:Decrypt <NotificationsKey.Arn> {_through('sns')}",
        f"kms:GenerateDataKey <NotificationsKey.Arn> {_through('sns')}",
        "sqs:SendMessage <OutcomeDeadLetters.Arn>",
        *RECOMPUTE_JOB,
        *ANNOUNCE,
        *COUNT_BY_IMAGE,
    },
    "FindStuckJobs": {
        f"dynamodb:GetItem {LEDGER}",
        f"dynamodb:Query {JOBS}/index/jobIdIndex",
        f"dynamodb:Query {LEDGER}",
        *RECOMPUTE_JOB,
        f"dynamodb:Scan {JOBS}",
        f"dynamodb:UpdateItem {LEDGER}",
        *ANNOUNCE,
        *COUNT_BY_IMAGE,
        *ASK_BEDROCK,
    },
}

TASKS = (
    "ResolveJob",
    "PlanRanges",
    "LoadSegment",
    "VerifyLoad",
    "MigrateImages",
    "VerifyMigration",
    "SettleJob",
)

STATE_MACHINE = {
    *(f"lambda:InvokeFunction <Workers{task}Function.Arn>" for task in TASKS),
    f"dynamodb:GetItem {LEDGER}",
    f"dynamodb:UpdateItem {LEDGER}",
    f"s3:AbortMultipartUpload {WORK}",
    f"s3:GetObject {WORK}",
    f"s3:ListMultipartUploadParts {WORK}",
    f"s3:PutObject {WORK}",
    f"states:StartExecution {STATES}:stateMachine:BatchIngest",
    f"states:DescribeExecution {STATES}:execution:BatchIngest:*",
    f"states:StopExecution {STATES}:execution:BatchIngest:*",
    f"states:RedriveExecution {STATES}:execution:BatchIngest/LoadRanges:*",
    f"states:RedriveExecution {STATES}:execution:BatchIngest/MigrateImages:*",
}

#: Actions that AWS gives no resource to:
#: https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html and
#: https://docs.aws.amazon.com/xray/latest/devguide/security_iam_id-based-policy-examples.html
WITHOUT_RESOURCE = {
    "logs:CreateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:DescribeLogGroups",
    "logs:DescribeResourcePolicies",
    "logs:GetLogDelivery",
    "logs:ListLogDeliveries",
    "logs:PutResourcePolicy",
    "logs:UpdateLogDelivery",
    "xray:GetSamplingRules",
    "xray:GetSamplingTargets",
    "xray:PutTelemetryRecords",
    "xray:PutTraceSegments",
}


def _own_grants(template: Template, role: str) -> set[str]:
    return {
        str(grant)
        for grant in template.grants(role)
        if grant.action.split(":")[0] not in {"logs", "xray"}
    }


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_may_do_what_it_does_and_nothing_else(created: Template, function: str) -> None:
    assert _own_grants(created, f"Workers{function}Role") == FUNCTIONS[function]


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_logs_into_its_own_group_and_traces(created: Template, function: str) -> None:
    grants = {
        str(grant)
        for grant in created.grants(f"Workers{function}Role")
        if grant.action.split(":")[0] in {"logs", "xray"}
    }

    assert grants == {
        f"logs:CreateLogStream <Workers{function}Logs.Arn>",
        f"logs:PutLogEvents <Workers{function}Logs.Arn>",
        "xray:PutTelemetryRecords *",
        "xray:PutTraceSegments *",
    }


def test_the_state_machine_may_run_its_definition_its_maps_and_their_redrive(
    created: Template,
) -> None:
    assert _own_grants(created, "WorkflowRole") == STATE_MACHINE


def test_the_trigger_may_start_this_state_machine(created: Template) -> None:
    assert _own_grants(created, "WorkflowTriggerRole") == {
        "states:StartExecution <WorkflowStateMachine>"
    }


def test_there_are_no_other_roles(created: Template) -> None:
    functions = [f"Workers{function}Role" for function in FUNCTIONS]

    assert sorted(created.roles) == sorted([*functions, "WorkflowRole", "WorkflowTriggerRole"])


def test_no_action_is_a_wildcard(template: Template) -> None:
    for role in template.roles:
        for grant in template.grants(role):
            assert "*" not in grant.action


def test_only_what_has_no_resource_is_granted_on_all(template: Template) -> None:
    for role in template.roles:
        for grant in template.grants(role):
            assert grant.resource != "*" or grant.action in WITHOUT_RESOURCE


def test_objects_are_granted_by_prefix_and_lists_by_condition(template: Template) -> None:
    for role in template.roles:
        for grant in template.grants(role):
            if grant.action == "s3:ListBucket":
                assert "s3:prefix" in grant.conditions
            elif grant.action.startswith("s3:") and "BucketNotification" not in grant.action:
                assert re.search(
                    r"/(batch-output|dead-letters|processed|uploads|work)/", str(grant)
                )


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
    assert {str(grant) for grant in imported.grants(role)} == {
        "logs:CreateLogStream <StorageEventBridgeSwitchLogs.Arn>",
        "logs:PutLogEvents <StorageEventBridgeSwitchLogs.Arn>",
        "s3:GetBucketNotification arn:aws:s3:::their-bucket",
        "s3:PutBucketNotification arn:aws:s3:::their-bucket",
    }


def test_imported_resources_are_granted_by_their_names(imported: Template) -> None:
    grants = _own_grants(imported, "WorkersResolveJobRole")

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
    kinds = ("SQS::QueuePolicy", "SNS::TopicPolicy", "S3::BucketPolicy")
    policies = [
        *(p["PolicyDocument"] for kind in kinds for p in template.of_type(f"AWS::{kind}").values()),
        *(key["KeyPolicy"] for key in template.of_type("AWS::KMS::Key").values()),
    ]
    wild = [
        (statement["Principal"], statement["Action"])
        for policy in policies
        for statement in policy["Statement"]
        if statement["Effect"] == "Allow" and "*" in "".join(as_list(statement["Action"]))
    ]

    assert all(each == (account, "kms:*") for each in wild), wild
