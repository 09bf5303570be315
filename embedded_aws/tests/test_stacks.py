"""Stacks: resources as their template says, and what is not emulated fails by its name."""

import json
import re
from typing import Any

import pytest
from botocore.exceptions import ClientError

from embedded_aws.tests.conftest import (
    ACCOUNT,
    REGION,
    Aws,
    allow,
    document,
    eventually,
    only,
    trust,
    unique,
)
from embedded_aws.tests.operations import Stack, create_stack, heard, queue, session, settled_stack

QUEUE = {"Type": "AWS::SQS::Queue"}


def test_a_drift_aware_change_set_is_refused_by_name(aws: Aws) -> None:
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateChangeSet.html."""
    stack = create_stack(aws, {"Queue": QUEUE})
    with pytest.raises(ClientError, match="ingest local up --revert-drift"):
        aws.client("cloudformation").create_change_set(
            StackName=stack.arn,
            ChangeSetName="one",
            UsePreviousTemplate=True,
            DeploymentMode="REVERT_DRIFT",
        )


COMPLEX = {"detail": {"key": [{"wildcard": "*:*:*:*:*:event-bus/*"}]}}


@pytest.mark.parametrize(
    ("kind", "properties", "why"),
    [
        ("AWS::Kinesis::Stream", {}, "AWS::Kinesis::Stream are not emulated"),
        ("AWS::SQS::Queue", {"FifoQueue": True}, "FifoQueue of AWS::SQS::Queue is not emulated"),
        ("AWS::Events::Rule", {"EventPattern": COMPLEX}, "Rule is too complex"),
    ],
)
def test_what_is_not_emulated_fails_by_its_name(
    aws: Aws, kind: str, properties: dict[str, Any], why: str
) -> None:
    stack = create_stack(aws, {"One": {"Type": kind, "Properties": properties}})
    assert stack.status == "ROLLBACK_COMPLETE"
    assert why in stack.failures


def created(aws: Aws, kind: str, properties: dict[str, Any]) -> str:
    """Create a stack of one resource; the resource's physical id."""
    resources = {"One": {"Type": kind, "Properties": properties}}
    stack = create_stack(aws, resources, Outputs={"Id": {"Value": {"Ref": "One"}}})
    assert stack.status == "CREATE_COMPLETE", stack.failures
    return stack.outputs["Id"]


def test_a_bucket_with_content_is_not_deleted(aws: Aws) -> None:
    """aws-resource-s3-bucket.html (CloudFormation): only an empty bucket can be deleted."""
    bucket, stacks = unique("bucket"), aws.client("cloudformation")
    properties = {"BucketName": bucket, "VersioningConfiguration": {"Status": "Enabled"}}
    stack = create_stack(aws, {"One": {"Type": "AWS::S3::Bucket", "Properties": properties}})
    assert stack.status == "CREATE_COMPLETE"
    version = aws.s3.put_object(Bucket=bucket, Key="a", Body=b"1")["VersionId"]
    stacks.delete_stack(StackName=stack.arn)
    assert settled_stack(aws, stack.arn).status == "DELETE_FAILED"
    assert aws.s3.get_object(Bucket=bucket, Key="a")["Body"].read() == b"1"
    aws.s3.delete_object(Bucket=bucket, Key="a", VersionId=version)
    stacks.delete_stack(StackName=stack.arn)
    assert settled_stack(aws, stack.arn).status == "DELETE_COMPLETE"


def function_properties(role: str, source: str, **more: Any) -> dict[str, Any]:
    return {
        "Runtime": "python3.13",
        "Timeout": 300,
        "Handler": "index.handler",
        "Role": role,
        "Code": {"ZipFile": source},
        **more,
    }


TABLE = {
    "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
    "BillingMode": "PAY_PER_REQUEST",
}


class TestProperties:
    """What a template says of a resource is so."""

    def test_a_tables_time_to_live_and_backups(self, aws: Aws) -> None:
        """https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-dynamodb-table.html."""
        properties = {
            **TABLE,
            "TimeToLiveSpecification": {"AttributeName": "ttl", "Enabled": True},
            "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True},
        }
        table = created(aws, "AWS::DynamoDB::Table", properties)
        described = aws.dynamodb.describe_time_to_live(TableName=table)
        assert described["TimeToLiveDescription"]["AttributeName"] == "ttl"
        backups = aws.dynamodb.describe_continuous_backups(TableName=table)
        recovery = backups["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"]
        assert recovery["PointInTimeRecoveryStatus"] == "ENABLED"

    def test_a_buckets_lifecycle(self, aws: Aws) -> None:
        """https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-s3-bucket.html."""
        rule = {"Id": "old", "Prefix": "work/", "Status": "Enabled", "ExpirationInDays": 30}
        properties = {"LifecycleConfiguration": {"Rules": [rule]}}
        bucket = created(aws, "AWS::S3::Bucket", properties)
        found = aws.s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
        assert [each["Expiration"]["Days"] for each in found] == [30]
        assert found[0]["Filter"]["Prefix"] == "work/"

    def test_a_roles_permissions_boundary(self, aws: Aws) -> None:
        """https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html."""
        boundary = aws.iam.create_policy(
            PolicyName=unique("boundary"), PolicyDocument=document(allow("s3:ListAllMyBuckets"))
        )["Policy"]["Arn"]
        everything = {"PolicyName": "all", "PolicyDocument": json.loads(document(allow("*")))}
        properties = {
            "AssumeRolePolicyDocument": json.loads(document(trust({"AWS": ACCOUNT}))),
            "PermissionsBoundary": boundary,
            "Policies": [everything],
        }
        role = created(aws, "AWS::IAM::Role", properties)
        described = aws.iam.get_role(RoleName=role)["Role"]
        assert described["PermissionsBoundary"]["PermissionsBoundaryArn"] == boundary
        limited = session(aws, described["Arn"])
        limited.client("s3").list_buckets()
        with pytest.raises(ClientError, match="AccessDenied"):
            limited.client("dynamodb").list_tables()

    def test_a_functions_dead_letters(self, aws: Aws) -> None:
        """https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html."""
        url, arn = queue(aws)
        source = "def handler(event, context): raise ValueError('no')"
        role, letters = aws.role("lambda", allow("*")), {"TargetArn": arn}
        properties = function_properties(role, source, DeadLetterConfig=letters)
        function = created(aws, "AWS::Lambda::Function", properties)
        aws.functions.invoke(
            FunctionName=function, InvocationType="Event", Payload=b'{"number": 1}'
        )
        assert heard(aws, url) == {"number": 1}


KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/00000000-0000-4000-8000-000000000000"


class TestKeys:
    """A customer-managed key in a template is the one that each service tells back."""

    def test_of_a_function(self, aws: Aws) -> None:
        """https://docs.aws.amazon.com/lambda/latest/api/API_GetFunctionConfiguration.html."""
        properties = function_properties(
            aws.role("lambda", allow("logs:*")),
            "def handler(event, context): return 1",
            Environment={"Variables": {"A": "b"}},
            KmsKeyArn=KEY,
        )
        function = created(aws, "AWS::Lambda::Function", properties)
        found = aws.functions.get_function_configuration(FunctionName=function)
        assert (found["KMSKeyArn"], found["Environment"]["Variables"]) == (KEY, {"A": "b"})
        assert json.loads(aws.functions.invoke(FunctionName=function)["Payload"].read()) == 1

    def test_of_a_table(self, aws: Aws) -> None:
        """https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_SSEDescription.html."""
        encryption = {"KMSMasterKeyId": KEY, "SSEEnabled": True, "SSEType": "KMS"}
        table = created(aws, "AWS::DynamoDB::Table", {**TABLE, "SSESpecification": encryption})
        assert aws.dynamodb.describe_table(TableName=table)["Table"]["SSEDescription"] == {
            "KMSMasterKeyArn": KEY,
            "SSEType": "KMS",
            "Status": "ENABLED",
        }

    def test_of_a_queue(self, aws: Aws) -> None:
        """https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_GetQueueAttributes.html."""
        url = created(aws, "AWS::SQS::Queue", {"KmsMasterKeyId": KEY})
        found = aws.client("sqs").get_queue_attributes(
            QueueUrl=url, AttributeNames=["KmsMasterKeyId"]
        )
        assert found["Attributes"] == {"KmsMasterKeyId": KEY}

    def test_of_a_topic(self, aws: Aws) -> None:
        """https://docs.aws.amazon.com/sns/latest/api/API_GetTopicAttributes.html."""
        arn = created(aws, "AWS::SNS::Topic", {"KmsMasterKeyId": KEY})
        found = aws.client("sns").get_topic_attributes(TopicArn=arn)["Attributes"]
        assert found["KmsMasterKeyId"] == KEY

    def test_of_a_bucket(self, aws: Aws) -> None:
        """https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketEncryption.html."""
        default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": KEY}
        rule = {"ServerSideEncryptionByDefault": default, "BucketKeyEnabled": True}
        properties = {"BucketEncryption": {"ServerSideEncryptionConfiguration": [rule]}}
        bucket = created(aws, "AWS::S3::Bucket", properties)
        found = aws.s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]
        assert found["Rules"] == [
            {"ApplyServerSideEncryptionByDefault": default, "BucketKeyEnabled": True}
        ]

    def test_of_a_state_machine(self, aws: Aws) -> None:
        """https://docs.aws.amazon.com/step-functions/latest/apireference/API_DescribeStateMachine.html."""
        definition = only({"Type": "Succeed"})
        properties = {
            "DefinitionString": json.dumps(definition),
            "EncryptionConfiguration": {
                "KmsKeyId": KEY,
                "KmsDataKeyReusePeriodSeconds": 300,
                "Type": "CUSTOMER_MANAGED_KMS_KEY",
            },
            "RoleArn": aws.everything,
        }
        arn = created(aws, "AWS::StepFunctions::StateMachine", properties)
        found = aws.states.describe_state_machine(stateMachineArn=arn)
        assert found["encryptionConfiguration"] == {
            "kmsKeyId": KEY,
            "kmsDataKeyReusePeriodSeconds": 300,
            "type": "CUSTOMER_MANAGED_KMS_KEY",
        }


CUSTOM = """
import json, urllib.request
import boto3

def handler(event, context):
    answer = {name: event[name] for name in ("StackId", "RequestId", "LogicalResourceId")}
    answer |= {"PhysicalResourceId": "one", "Status": "SUCCESS"}
    try:
        bucket = event["ResourceProperties"]["Bucket"]
        boto3.client("s3").put_object(Bucket=bucket, Key=event["RequestType"], Body=b"1")
    except Exception as error:
        answer |= {"Status": "FAILED", "Reason": str(error)}
    request = urllib.request.Request(
        event["ResponseURL"], data=json.dumps(answer).encode(), method="PUT"
    )
    urllib.request.urlopen(request)
"""


class TestCustomResources:
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-custom-resources-lambda.html."""

    def create(self, aws: Aws, bucket: str, action: str) -> Stack:
        function = {
            "Type": "AWS::Lambda::Function",
            "Properties": function_properties(aws.role("lambda", allow(action)), CUSTOM),
        }
        properties = {"ServiceToken": {"Fn::GetAtt": ["Function", "Arn"]}, "Bucket": bucket}
        custom = {"Type": "AWS::CloudFormation::CustomResource", "Properties": properties}
        return create_stack(aws, {"Function": function, "Custom": custom})

    def test_their_function_is_called_with_its_role(self, aws: Aws, bucket: str) -> None:
        stack = self.create(aws, bucket, "s3:PutObject")
        aws.client("cloudformation").delete_stack(StackName=stack.arn)

        def called() -> list[str]:
            listed = aws.s3.list_objects_v2(Bucket=bucket)["Contents"]
            return [each["Key"] for each in listed]

        eventually(lambda: called() == ["Create", "Delete"], "it is called for both")

    def test_what_it_may_not_fails_the_deployment(self, aws: Aws, bucket: str) -> None:
        failures = self.create(aws, bucket, "s3:GetObject").failures
        assert re.search(r"Custom: .*AccessDenied", failures)
