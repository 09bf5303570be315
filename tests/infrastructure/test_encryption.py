"""Everything is encrypted, and a customer's key may be used where it is needed, and only there."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.infrastructure.conftest import EXISTING_KEY, IMPORTED, KEY
from tests.infrastructure.granted import of_role
from tests.infrastructure.template import Template, as_list

PAGE = Path(__file__).resolve().parents[2] / "docs" / "encryption.md"

#: The key of each variant that has one for all that the stack creates.
KEYS = {"encrypted": "<Encryption.Arn>", "keyed": EXISTING_KEY}

BUCKET_KEY, EARLIER_KEY = f"{KEY}bucket", f"{KEY}bucket-before"

TOPIC_KEY = "<NotificationsKey.Arn>"

#: What each action on data needs of the key of what it acts on. DynamoDB decrypts the table's key
#: in the caller's name, for writes too: the "Decrypt" event in
#: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html.
#: A part of an object is decrypted when parts are put together; functions write objects whole:
#: https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html#mpuAndPermissions.
#: SQS and SNS verify the data key that they got:
#: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html,
#: https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html. What reads executions needs:
#: https://docs.aws.amazon.com/step-functions/latest/dg/encryption-at-rest.html.
_NEEDED = {
    ("Decrypt",): (
        *("dynamodb:BatchGetItem", "dynamodb:BatchWriteItem", "dynamodb:DeleteItem"),
        *("dynamodb:GetItem", "dynamodb:PartiQLInsert", "dynamodb:PartiQLUpdate"),
        *("dynamodb:PutItem", "dynamodb:Query", "dynamodb:Scan", "dynamodb:UpdateItem"),
        *("s3:GetObject", "s3:GetObjectVersion", "s3:ListMultipartUploadParts"),
        *("states:DescribeExecution", "states:GetExecutionHistory"),
    ),
    ("GenerateDataKey",): ("s3:PutObject",),
    ("Decrypt", "GenerateDataKey"): ("sns:Publish", "sqs:SendMessage"),
    # They touch no encrypted data.
    (): (
        *("lambda:InvokeFunction", "logs:CreateLogStream", "logs:PutLogEvents"),
        *("s3:AbortMultipartUpload", "s3:DeleteObject", "s3:GetBucketNotification"),
        *("s3:GetObjectAnnotation", "s3:GetObjectTagging", "s3:ListBucket"),
        *("s3:PutBucketNotification", "s3:PutObjectAnnotation", "s3:PutObjectTagging"),
        *("bedrock:GetModelInvocationJob", "events:PutEvents", "states:DescribeMapRun"),
        *("states:ListExecutions", "states:ListMapRuns", "states:RedriveExecution"),
        *("states:StartExecution", "states:StopExecution"),
    ),
}
NEEDS = {action: needed for needed, actions in _NEEDED.items() for action in actions}


def _through_services(template: Template, role: str) -> set[tuple[str, str, str]]:
    """Key, service and action of each use of a key through a service."""
    found = set()
    for grant in of_role(template, role):
        if match := re.search(r'"kms:ViaService": "(\w+)\.eu-west-1\.amazonaws\.com"', str(grant)):
            assert '"kms:CallerAccount": "111122223333"' in grant.conditions
            found.add((grant.resource, match[1], grant.action.removeprefix("kms:")))
    return found


def _needed(
    template: Template, role: str, keys: Mapping[str, str]
) -> Iterator[tuple[str, str, str]]:
    """What a role's other grants need of the keys of resources, given by what ARNs begin with."""
    for grant in of_role(template, role):
        service = grant.action.split(":")[0]
        if service in {"kms", "xray"} or grant.resource == "*":
            continue
        # What the machine's own role needs for executions, it needs in another way: see below.
        if role == "WorkflowRole" and grant.action == "states:DescribeExecution":
            continue
        needed = NEEDS[grant.action]
        for resource, key in keys.items():
            if grant.resource.startswith(resource):
                yield from ((key, service, action) for action in needed)


@pytest.mark.parametrize("variant", KEYS)
def test_everything_is_encrypted_with_the_key(request: pytest.FixtureRequest, variant: str) -> None:
    template: Template = request.getfixturevalue(variant)
    key = KEYS[variant]

    def keys(kind: str, *path: str) -> set[Any]:
        found = set()
        for properties in template.of_type(kind).values():
            value: Any = properties
            for part in path:
                value = value[part]
            found.add(value)
        return found

    assert keys("AWS::DynamoDB::Table", "SSESpecification", "KMSMasterKeyId") == {key}
    assert keys("AWS::SQS::Queue", "KmsMasterKeyId") == {key}
    assert keys("AWS::Logs::LogGroup", "KmsKeyId") == {key}
    assert keys("AWS::Lambda::Function", "KmsKeyArn") == {key}
    assert keys("AWS::SNS::Topic", "KmsMasterKeyId") == {TOPIC_KEY}
    bucket = template.one("AWS::S3::Bucket")["BucketEncryption"]
    assert bucket["ServerSideEncryptionConfiguration"] == [
        {
            "BucketKeyEnabled": True,
            "ServerSideEncryptionByDefault": {"KMSMasterKeyID": key, "SSEAlgorithm": "aws:kms"},
        }
    ]
    machine = template.one("AWS::StepFunctions::StateMachine")["EncryptionConfiguration"]
    assert machine == {
        "KmsDataKeyReusePeriodSeconds": 300,
        "KmsKeyId": key,
        "Type": "CUSTOMER_MANAGED_KMS_KEY",
    }


@pytest.mark.parametrize("variant", KEYS)
def test_each_role_may_use_the_key_for_what_it_does_and_nothing_else(
    request: pytest.FixtureRequest, variant: str
) -> None:
    template: Template = request.getfixturevalue(variant)
    key = KEYS[variant]
    keys = {
        "<Storage": key,
        "<OutcomeDeadLetters": key,
        "<NotificationsTopic>": TOPIC_KEY,
        "arn:aws:states:": key,
    }

    assert {role: _through_services(template, role) for role in template.roles} == {
        role: set(_needed(template, role, keys)) for role in template.roles
    }


def test_each_role_may_use_the_keys_of_what_is_imported(imported: Template) -> None:
    dynamodb = "arn:aws:dynamodb:eu-west-1:111122223333:table"
    keys = {
        "arn:aws:s3:::their-bucket": BUCKET_KEY,
        f"{dynamodb}/their-transactions": str(IMPORTED["transactionsTableKeyArn"]),
        f"{dynamodb}/their-jobs": str(IMPORTED["batchJobsTableKeyArn"]),
        f"{dynamodb}/their-images": str(IMPORTED["pendingImagesTableKeyArn"]),
        "<NotificationsTopic>": TOPIC_KEY,
    }
    needed = {role: set(_needed(imported, role, keys)) for role in imported.roles}
    # Objects that were written under an earlier key of the bucket are still read.
    for uses in needed.values():
        uses |= {
            (EARLIER_KEY, service, action)
            for key, service, action in uses
            if (key, action) == (BUCKET_KEY, "Decrypt")
        }
    # The key of migrated images, which is another than the bucket's.
    needed["WorkersMigrateImagesRole"] |= {
        (f"{KEY}images", "s3", "Decrypt"),
        (f"{KEY}images", "s3", "GenerateDataKey"),
    }

    assert {role: _through_services(imported, role) for role in imported.roles} == needed


@pytest.mark.parametrize("variant", KEYS)
def test_executions_and_their_map_runs_encrypt_themselves_and_their_logs(
    request: pytest.FixtureRequest, variant: str
) -> None:
    """Not through a service: with that condition no execution would start.

    https://docs.aws.amazon.com/step-functions/latest/dg/encryption-at-rest.html
    """
    template: Template = request.getfixturevalue(variant)
    machine = "arn:aws:states:eu-west-1:111122223333:stateMachine:BatchIngest"
    executions = [
        {"kms:EncryptionContext:aws:states:stateMachineArn": f"{machine}{map_run}"}
        for map_run in ("", "/LoadRanges", "/MigrateImages")
    ]
    logs = {"kms:EncryptionContext:SourceArn": "arn:aws:logs:eu-west-1:111122223333:*"}
    found = {
        (grant.action, grant.resource, grant.conditions)
        for grant in of_role(template, "WorkflowRole")
        if "EncryptionContext" in grant.conditions
    }

    assert found == {
        (f"kms:{action}", KEYS[variant], json.dumps({"StringEquals": condition}))
        for action, conditions in (
            ("Decrypt", executions),
            ("GenerateDataKey", [*executions, logs]),
        )
        for condition in conditions
    }


def test_the_page_says_what_the_policy_of_an_existing_key_must_admit(encrypted: Template) -> None:
    (block,) = re.findall(r"```json\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    text = block.replace("REGION", "eu-west-1").replace("ACCOUNT", "111122223333")
    policy = encrypted.one("AWS::KMS::Key", "Encryption")["KeyPolicy"]
    services = [each for each in policy["Statement"] if "Service" in each["Principal"]]

    assert json.loads(text.replace("STACK", "BatchIngest")) == services
    assert len(services) == 3


def test_an_existing_key_is_used_as_it_is(keyed: Template) -> None:
    assert list(keyed.of_type("AWS::KMS::Key")) == ["NotificationsKey"]


def test_keys_rotate_and_production_keeps_the_one_that_data_depends_on(encrypted: Template) -> None:
    assert all(key["EnableKeyRotation"] for key in encrypted.of_type("AWS::KMS::Key").values())
    assert encrypted.resources["Encryption"]["DeletionPolicy"] == "Retain"


def test_without_a_customer_s_key_everything_is_encrypted_all_the_same(created: Template) -> None:
    """Tables, logs, environments and executions are, by their services, without being asked."""
    bucket = created.one("AWS::S3::Bucket")["BucketEncryption"]

    assert bucket["ServerSideEncryptionConfiguration"] == [
        {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
    ]
    for queue in created.of_type("AWS::SQS::Queue").values():
        assert queue["SqsManagedSseEnabled"] is True
    assert created.one("AWS::SNS::Topic")["KmsMasterKeyId"] == TOPIC_KEY


def test_bucket_queues_and_topic_refuse_requests_without_tls(template: Template) -> None:
    policies = template.resource_policies
    buckets = len(template.of_type("AWS::S3::Bucket"))

    assert len(policies) == 3 + buckets
    for statements in policies:
        denied = [each for each in statements if each["Effect"] == "Deny"]
        assert {"Bool": {"aws:SecureTransport": "false"}} in [each["Condition"] for each in denied]
        assert all(each["Principal"] == {"AWS": "*"} or each["Principal"] == "*" for each in denied)


def test_nothing_is_open_to_the_public(template: Template) -> None:
    admitted = [
        each
        for statements in template.resource_policies
        for each in statements
        if each["Effect"] == "Allow"
    ]

    assert admitted
    for statement in admitted:
        assert "*" not in [
            value for each in statement["Principal"].values() for value in as_list(each)
        ]


def _uses(template: Template, key: str, service: str) -> list[tuple[Any, Any]]:
    """What a service may do with a key, and under which condition."""
    policy = template.one("AWS::KMS::Key", key)["KeyPolicy"]["Statement"]
    admitted = [s for s in policy if s["Principal"] == {"Service": f"{service}.amazonaws.com"}]
    return [(s["Action"], s["Condition"]) for s in admitted]


def _for_resources_of_the_stack(context: str, service: str) -> tuple[list[str], Any]:
    resources = f"arn:aws:{service}:eu-west-1:111122223333:BatchIngest-*"
    condition = {"ArnLike": {f"kms:EncryptionContext:aws:{context}": resources}}
    return ["kms:Decrypt", "kms:GenerateDataKey"], condition


def test_the_topic_has_a_key_that_alarms_may_use(template: Template) -> None:
    uses = _uses(template, "Notifications", "cloudwatch")
    assert uses == [_for_resources_of_the_stack("sns:topicArn", "sns")]


def test_rules_may_put_events_into_the_encrypted_dead_letter_queues(encrypted: Template) -> None:
    uses = _uses(encrypted, "Encryption", "events")
    assert uses == [_for_resources_of_the_stack("sqs:arn", "sqs")]
