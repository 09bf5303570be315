"""From an app to a stack: synthesis by content, assets, CloudFormation and its reasons."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from embedded_aws.tests.conftest import ACCOUNT, REGION, Aws, eventually
from embedded_aws.tests.operations import allow, client, document, name, queue, received, session
from local import synthesis
from local.deploy import deploy, outputs, revert_drift
from local.errors import DeploymentFailed, SynthesisFailed

if TYPE_CHECKING:
    from pathlib import Path

APP = """
import json, os, pathlib
out = pathlib.Path(os.environ["CDK_OUTDIR"])
out.mkdir()
(out / "manifest.json").write_text(os.environ["CDK_CONTEXT_JSON"])
"""
ASSETS = f"cdk-assets-{ACCOUNT}-{REGION}"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "app.py").write_text(APP)
    (tmp_path / "cdk.json").write_text(json.dumps({"context": {"a": 1, "b": 1}}))
    (tmp_path / "stacks").mkdir()
    (tmp_path / "stacks" / "stack.py").write_text("1")
    return tmp_path


class TestSynthesis:
    def test_happens_once_for_the_same_content(self, project: Path) -> None:
        first = synthesis.synthesize(project)
        (first / "mark").touch()
        assert (synthesis.synthesize(project) / "mark").exists()
        (project / "stacks" / "stack.py").write_text("2")
        assert synthesis.synthesize(project) != first

    def test_hands_the_context_on(self, project: Path) -> None:
        made = synthesis.synthesize(project, context={"b": 2})
        context = json.loads((made / "manifest.json").read_text())
        assert context["a"] == 1
        assert context["b"] == 2
        assert synthesis.synthesize(project, context={"b": 3}) != made

    def test_fails_with_the_words_of_the_app(self, project: Path) -> None:
        (project / "app.py").write_text("raise SystemExit('RANGE_BYTES is too small')")
        with pytest.raises(SynthesisFailed, match="RANGE_BYTES is too small"):
            synthesis.synthesize(project)


def assembly(folder: Path, stack: str, resources: dict[str, Any], **template: Any) -> Path:
    """A `cdk.out` folder with one stack and two assets, as the CDK writes one."""
    folder.mkdir(exist_ok=True)
    (folder / "code").mkdir(exist_ok=True)
    (folder / "code" / "index.py").write_text("def handler(event, context): return 'done'")
    text = json.dumps({"Resources": resources, **template})
    (folder / "stack.template.json").write_text(text)

    def file(path: str, packaging: str, key: str) -> dict[str, Any]:
        return {
            "source": {"path": path, "packaging": packaging},
            "destinations": {
                "here": {
                    "bucketName": "cdk-assets-${AWS::AccountId}-${AWS::Region}",
                    "objectKey": key,
                }
            },
        }

    files = {
        "template": file("stack.template.json", "file", f"{stack}.json"),
        "code": file("code", "zip", f"{stack}-code.zip"),
        "layer": file("code", "zip", f"{stack}-layer.zip"),
    }
    (folder / "stack.assets.json").write_text(json.dumps({"files": files}))
    artifacts = {
        "stack": {
            "type": "aws:cloudformation:stack",
            "properties": {"stackName": stack, "templateFile": "stack.template.json"},
        },
        "stack.assets": {
            "type": "cdk:asset-manifest",
            "properties": {"file": "stack.assets.json"},
        },
    }
    (folder / "manifest.json").write_text(json.dumps({"artifacts": artifacts}))
    return folder


QUEUE = {"Type": "AWS::SQS::Queue"}
URL = {"Url": {"Value": {"Ref": "Queue"}}}


def test_a_stack_stands_with_its_outputs(aws: Aws, tmp_path: Path) -> None:
    stack = name("stack")
    folder = assembly(tmp_path, stack, {"Queue": QUEUE}, Outputs=URL)
    deployed = deploy(folder, endpoint=aws.endpoint)
    assert deployed.changed
    client(aws.endpoint, "sqs").get_queue_attributes(QueueUrl=deployed.outputs["Url"])
    assert outputs(stack, endpoint=aws.endpoint) == deployed.outputs


def test_what_has_not_changed_is_not_deployed_again(aws: Aws, tmp_path: Path) -> None:
    stack = name("stack")
    folder = assembly(tmp_path, stack, {"Queue": QUEUE}, Outputs=URL)
    first = deploy(folder, endpoint=aws.endpoint)
    second = deploy(folder, endpoint=aws.endpoint)
    assert not second.changed
    assert second.outputs == first.outputs
    assembly(tmp_path, stack, {"Queue": QUEUE, "Other": QUEUE}, Outputs=URL)
    third = deploy(folder, endpoint=aws.endpoint)
    assert third.changed
    assert third.outputs == first.outputs


def test_what_was_changed_by_hand_is_put_back(aws: Aws, tmp_path: Path) -> None:
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/drift-aware-change-sets.html."""
    stack, rule = name("stack"), f"arn:aws:events:{REGION}:{ACCOUNT}:rule/one"
    role = aws.role(service="lambda.amazonaws.com", statements=[allow("logs:*")])
    role_name, policy_name = role.rpartition("/")[2], "made-by-the-stack"
    granted = json.loads(document(allow("s3:ListAllMyBuckets")))
    policy = {
        "Type": "AWS::IAM::Policy",
        "Properties": {
            "PolicyName": policy_name,
            "Roles": [role_name],
            "PolicyDocument": granted,
        },
    }
    function = {
        "Type": "AWS::Lambda::Function",
        "DependsOn": ["Policy"],
        "Properties": {
            "Runtime": "python3.13",
            "Handler": "index.handler",
            "Role": role,
            "MemorySize": 256,
            "Code": {"S3Bucket": ASSETS, "S3Key": f"{stack}-code.zip"},
        },
    }
    permission = {
        "Type": "AWS::Lambda::Permission",
        "Properties": {
            "Action": "lambda:InvokeFunction",
            "FunctionName": {"Ref": "Function"},
            "Principal": "events.amazonaws.com",
            "SourceArn": rule,
        },
    }
    resources = {"Policy": policy, "Function": function, "Permission": permission}
    named = {"Name": {"Value": {"Ref": "Function"}}}
    folder = assembly(tmp_path, stack, resources, Outputs=named)
    function_name = deploy(folder, endpoint=aws.endpoint).outputs["Name"]
    functions = client(aws.endpoint, "lambda")

    aws.iam.delete_role_policy(RoleName=role_name, PolicyName=policy_name)
    (statement,) = json.loads(functions.get_policy(FunctionName=function_name)["Policy"])[
        "Statement"
    ]
    functions.remove_permission(FunctionName=function_name, StatementId=statement["Sid"])
    functions.update_function_configuration(FunctionName=function_name, MemorySize=128)
    assert not deploy(folder, endpoint=aws.endpoint).changed

    assert revert_drift(folder, endpoint=aws.endpoint).outputs["Name"] == function_name
    found = aws.iam.get_role_policy(RoleName=role_name, PolicyName=policy_name)
    assert found["PolicyDocument"] == granted
    assert rule in functions.get_policy(FunctionName=function_name)["Policy"]
    described = functions.get_function_configuration(FunctionName=function_name)
    assert (described["MemorySize"], described.get("Description", "")) == (256, "")


def test_a_drift_aware_change_set_is_refused_by_name(aws: Aws, tmp_path: Path) -> None:
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateChangeSet.html."""
    stack = name("stack")
    deploy(assembly(tmp_path, stack, {"Queue": QUEUE}, Outputs=URL), endpoint=aws.endpoint)
    with pytest.raises(ClientError, match="ingest local up --revert-drift"):
        client(aws.endpoint, "cloudformation").create_change_set(
            StackName=stack,
            ChangeSetName="one",
            UsePreviousTemplate=True,
            DeploymentMode="REVERT_DRIFT",
        )


def test_a_large_template_goes_by_its_address(aws: Aws, tmp_path: Path) -> None:
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html."""
    metadata = {"Padding": "x" * 60_000}
    folder = assembly(tmp_path, name("stack"), {"Queue": QUEUE}, Metadata=metadata, Outputs=URL)
    assert deploy(folder, endpoint=aws.endpoint).outputs["Url"]


def test_code_is_published_and_the_content_of_layers_is_not(aws: Aws, tmp_path: Path) -> None:
    stack = name("stack")
    role = aws.role(service="lambda.amazonaws.com", statements=[allow("logs:*")])
    function = {
        "Type": "AWS::Lambda::Function",
        "Properties": {
            "Runtime": "python3.13",
            "Handler": "index.handler",
            "Role": role,
            "Code": {"S3Bucket": ASSETS, "S3Key": f"{stack}-code.zip"},
            "Layers": [{"Ref": "Layer"}],
        },
    }
    layer = {
        "Type": "AWS::Lambda::LayerVersion",
        "Properties": {"Content": {"S3Bucket": ASSETS, "S3Key": f"{stack}-layer.zip"}},
    }
    resources = {"Function": function, "Layer": layer}
    names = {"Name": {"Value": {"Ref": "Function"}}}
    folder = assembly(tmp_path, stack, resources, Outputs=names)
    deployed = deploy(folder, endpoint=aws.endpoint)
    answer = aws.functions.invoke(FunctionName=deployed.outputs["Name"])
    assert json.loads(answer["Payload"].read()) == "done"
    assert (
        b"index.py" not in aws.s3.get_object(Bucket=ASSETS, Key=f"{stack}-layer.zip")["Body"].read()
    )


def test_a_type_that_is_not_emulated_fails_by_its_name(aws: Aws, tmp_path: Path) -> None:
    resources = {"Queue": QUEUE, "Stream": {"Type": "AWS::Kinesis::Stream"}}
    folder = assembly(tmp_path, name("stack"), resources)
    with pytest.raises(DeploymentFailed, match="AWS::Kinesis::Stream are not emulated"):
        deploy(folder, endpoint=aws.endpoint)


def test_a_first_deployment_that_failed_can_be_repeated(aws: Aws, tmp_path: Path) -> None:
    stack = name("stack")
    folder = assembly(tmp_path, stack, {"Stream": {"Type": "AWS::Kinesis::Stream"}})
    with pytest.raises(DeploymentFailed):
        deploy(folder, endpoint=aws.endpoint)
    assembly(tmp_path, stack, {"Queue": QUEUE}, Outputs=URL)
    assert deploy(folder, endpoint=aws.endpoint).changed


def test_a_property_that_is_not_emulated_fails_by_its_name(aws: Aws, tmp_path: Path) -> None:
    queue = {"Type": "AWS::SQS::Queue", "Properties": {"FifoQueue": True}}
    folder = assembly(tmp_path, name("stack"), {"Queue": queue})
    with pytest.raises(DeploymentFailed, match="FifoQueue of AWS::SQS::Queue is not emulated"):
        deploy(folder, endpoint=aws.endpoint)


class TestProperties:
    """What a template says of a resource is so."""

    def deploy(self, aws: Aws, folder: Path, kind: str, properties: dict[str, Any]) -> str:
        """Deploy one resource; its physical id."""
        resources = {"One": {"Type": kind, "Properties": properties}}
        reference = {"Id": {"Value": {"Ref": "One"}}}
        made = assembly(folder, name("stack"), resources, Outputs=reference)
        return deploy(made, endpoint=aws.endpoint).outputs["Id"]

    def test_a_tables_time_to_live_and_backups(self, aws: Aws, tmp_path: Path) -> None:
        """https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-dynamodb-table.html."""
        properties = {
            "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
            "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
            "BillingMode": "PAY_PER_REQUEST",
            "TimeToLiveSpecification": {"AttributeName": "ttl", "Enabled": True},
            "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True},
        }
        table = self.deploy(aws, tmp_path, "AWS::DynamoDB::Table", properties)
        described = aws.dynamodb.describe_time_to_live(TableName=table)
        assert described["TimeToLiveDescription"]["AttributeName"] == "ttl"
        backups = aws.dynamodb.describe_continuous_backups(TableName=table)
        recovery = backups["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"]
        assert recovery["PointInTimeRecoveryStatus"] == "ENABLED"

    def test_a_buckets_lifecycle(self, aws: Aws, tmp_path: Path) -> None:
        """https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-s3-bucket.html."""
        rule = {"Id": "old", "Prefix": "work/", "Status": "Enabled", "ExpirationInDays": 30}
        properties = {"LifecycleConfiguration": {"Rules": [rule]}}
        bucket = self.deploy(aws, tmp_path, "AWS::S3::Bucket", properties)
        found = aws.s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
        assert [each["Expiration"]["Days"] for each in found] == [30]
        assert found[0]["Filter"]["Prefix"] == "work/"

    def test_a_roles_permissions_boundary(self, aws: Aws, tmp_path: Path) -> None:
        """https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html."""
        boundary = aws.iam.create_policy(
            PolicyName=name("boundary"), PolicyDocument=document(allow("s3:ListAllMyBuckets"))
        )["Policy"]["Arn"]
        trust = {"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "sts:AssumeRole"}
        everything = {"PolicyName": "all", "PolicyDocument": json.loads(document(allow("*")))}
        properties = {
            "AssumeRolePolicyDocument": json.loads(document(trust)),
            "PermissionsBoundary": boundary,
            "Policies": [everything],
        }
        role = self.deploy(aws, tmp_path, "AWS::IAM::Role", properties)
        described = aws.iam.get_role(RoleName=role)["Role"]
        assert described["PermissionsBoundary"]["PermissionsBoundaryArn"] == boundary
        limited = session(aws, described["Arn"])
        limited.client("s3").list_buckets()
        with pytest.raises(ClientError, match="AccessDenied"):
            limited.client("dynamodb").list_tables()

    def test_a_functions_dead_letters(self, aws: Aws, tmp_path: Path) -> None:
        """https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html."""
        url, arn = queue(aws)
        role = aws.role(service="lambda.amazonaws.com", statements=[allow("*")])
        source = "def handler(event, context): raise ValueError('no')"
        properties = {
            "Runtime": "python3.13",
            "Handler": "index.handler",
            "Role": role,
            "Code": {"ZipFile": source},
            "DeadLetterConfig": {"TargetArn": arn},
        }
        function = self.deploy(aws, tmp_path, "AWS::Lambda::Function", properties)
        aws.functions.invoke(
            FunctionName=function, InvocationType="Event", Payload=b'{"number": 1}'
        )
        assert json.loads(received(aws, url)["Body"]) == {"number": 1}


KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/00000000-0000-4000-8000-000000000000"


class TestKeys:
    """A customer-managed key in a template is the one that each service tells back."""

    def deploy(self, aws: Aws, folder: Path, kind: str, properties: dict[str, Any]) -> str:
        return TestProperties().deploy(aws, folder, kind, properties)

    def test_of_a_function(self, aws: Aws, tmp_path: Path) -> None:
        """https://docs.aws.amazon.com/lambda/latest/api/API_GetFunctionConfiguration.html."""
        role = aws.role(service="lambda.amazonaws.com", statements=[allow("logs:*")])
        properties = {
            "Runtime": "python3.13",
            "Handler": "index.handler",
            "Role": role,
            "Code": {"ZipFile": "def handler(event, context): return 1"},
            "Environment": {"Variables": {"A": "b"}},
            "KmsKeyArn": KEY,
        }
        function = self.deploy(aws, tmp_path, "AWS::Lambda::Function", properties)
        found = aws.functions.get_function_configuration(FunctionName=function)
        assert (found["KMSKeyArn"], found["Environment"]["Variables"]) == (KEY, {"A": "b"})
        assert json.loads(aws.functions.invoke(FunctionName=function)["Payload"].read()) == 1

    def test_of_a_table(self, aws: Aws, tmp_path: Path) -> None:
        """https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_SSEDescription.html."""
        properties = {
            "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
            "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
            "BillingMode": "PAY_PER_REQUEST",
            "SSESpecification": {"KMSMasterKeyId": KEY, "SSEEnabled": True, "SSEType": "KMS"},
        }
        table = self.deploy(aws, tmp_path, "AWS::DynamoDB::Table", properties)
        assert aws.dynamodb.describe_table(TableName=table)["Table"]["SSEDescription"] == {
            "KMSMasterKeyArn": KEY,
            "SSEType": "KMS",
            "Status": "ENABLED",
        }

    def test_of_a_queue(self, aws: Aws, tmp_path: Path) -> None:
        """https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_GetQueueAttributes.html."""
        url = self.deploy(aws, tmp_path, "AWS::SQS::Queue", {"KmsMasterKeyId": KEY})
        found = client(aws.endpoint, "sqs").get_queue_attributes(
            QueueUrl=url, AttributeNames=["KmsMasterKeyId"]
        )
        assert found["Attributes"] == {"KmsMasterKeyId": KEY}

    def test_of_a_topic(self, aws: Aws, tmp_path: Path) -> None:
        """https://docs.aws.amazon.com/sns/latest/api/API_GetTopicAttributes.html."""
        arn = self.deploy(aws, tmp_path, "AWS::SNS::Topic", {"KmsMasterKeyId": KEY})
        found = client(aws.endpoint, "sns").get_topic_attributes(TopicArn=arn)["Attributes"]
        assert found["KmsMasterKeyId"] == KEY

    def test_of_a_bucket(self, aws: Aws, tmp_path: Path) -> None:
        """https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketEncryption.html."""
        default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": KEY}
        rule = {"ServerSideEncryptionByDefault": default, "BucketKeyEnabled": True}
        properties = {"BucketEncryption": {"ServerSideEncryptionConfiguration": [rule]}}
        bucket = self.deploy(aws, tmp_path, "AWS::S3::Bucket", properties)
        found = aws.s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]
        assert found["Rules"] == [
            {"ApplyServerSideEncryptionByDefault": default, "BucketKeyEnabled": True}
        ]

    def test_of_a_state_machine(self, aws: Aws, tmp_path: Path, role: str) -> None:
        """https://docs.aws.amazon.com/step-functions/latest/apireference/API_DescribeStateMachine.html."""
        definition = {"StartAt": "Done", "States": {"Done": {"Type": "Succeed"}}}
        properties = {
            "DefinitionString": json.dumps(definition),
            "EncryptionConfiguration": {
                "KmsKeyId": KEY,
                "KmsDataKeyReusePeriodSeconds": 300,
                "Type": "CUSTOMER_MANAGED_KMS_KEY",
            },
            "RoleArn": role,
        }
        arn = self.deploy(aws, tmp_path, "AWS::StepFunctions::StateMachine", properties)
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

    @pytest.fixture
    def bucket(self, aws: Aws) -> str:
        created = name("bucket")
        aws.s3.create_bucket(Bucket=created)
        return created

    def deploy(self, aws: Aws, folder: Path, stack: str, bucket: str, action: str) -> None:
        function = {
            "Type": "AWS::Lambda::Function",
            "Properties": {
                "Runtime": "python3.13",
                "Handler": "index.handler",
                "Role": aws.role(service="lambda.amazonaws.com", statements=[allow(action)]),
                "Code": {"ZipFile": CUSTOM},
            },
        }
        custom = {
            "Type": "AWS::CloudFormation::CustomResource",
            "Properties": {
                "ServiceToken": {"Fn::GetAtt": ["Function", "Arn"]},
                "Bucket": bucket,
            },
        }
        resources = {"Function": function, "Custom": custom}
        deploy(assembly(folder, stack, resources), endpoint=aws.endpoint)

    def test_their_function_is_called_with_its_role(
        self, aws: Aws, tmp_path: Path, bucket: str
    ) -> None:
        stack = name("stack")
        self.deploy(aws, tmp_path, stack, bucket, "s3:PutObject")
        client(aws.endpoint, "cloudformation").delete_stack(StackName=stack)

        def called() -> list[str]:
            listed = aws.s3.list_objects_v2(Bucket=bucket)["Contents"]
            return [each["Key"] for each in listed]

        eventually(lambda: called() == ["Create", "Delete"], "it is called for both")

    def test_what_it_may_not_fails_the_deployment(
        self, aws: Aws, tmp_path: Path, bucket: str
    ) -> None:
        with pytest.raises(DeploymentFailed, match=r"Custom .*AccessDenied"):
            self.deploy(aws, tmp_path, name("stack"), bucket, "s3:GetObject")
