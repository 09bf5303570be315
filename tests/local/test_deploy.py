"""From an app to a stack: synthesis by content, assets, and CloudFormation's reasons."""

import json
from pathlib import Path
from typing import Any

import pytest

from embedded_aws.tests.conftest import ACCOUNT, REGION, Aws, allow, document, unique
from local import synthesis
from local.deploy import deploy, outputs, revert_drift
from local.errors import DeploymentFailed, SynthesisFailed

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


def function(stack: str, role: str, **more: Any) -> dict[str, Any]:
    code = {"S3Bucket": ASSETS, "S3Key": f"{stack}-code.zip"}
    properties = {"Runtime": "python3.13", "Timeout": 300, "Handler": "index.handler"}
    return {
        "Type": "AWS::Lambda::Function",
        "Properties": {**properties, "Role": role, "Code": code, **more},
    }


QUEUE = {"Type": "AWS::SQS::Queue"}
URL = {"Url": {"Value": {"Ref": "Queue"}}}
NAME = {"Name": {"Value": {"Ref": "Function"}}}


def test_a_stack_stands_with_its_outputs(aws: Aws, tmp_path: Path) -> None:
    stack = unique("stack")
    folder = assembly(tmp_path, stack, {"Queue": QUEUE}, Outputs=URL)
    deployed = deploy(folder, endpoint=aws.endpoint)
    assert deployed.changed
    aws.client("sqs").get_queue_attributes(QueueUrl=deployed.outputs["Url"])
    assert outputs(stack, endpoint=aws.endpoint) == deployed.outputs


def test_what_has_not_changed_is_not_deployed_again(aws: Aws, tmp_path: Path) -> None:
    stack = unique("stack")
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
    stack, rule = unique("stack"), f"arn:aws:events:{REGION}:{ACCOUNT}:rule/one"
    role = aws.role("lambda", allow("logs:*"))
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
    permission = {
        "Type": "AWS::Lambda::Permission",
        "Properties": {
            "Action": "lambda:InvokeFunction",
            "FunctionName": {"Ref": "Function"},
            "Principal": "events.amazonaws.com",
            "SourceArn": rule,
        },
    }
    resources = {
        "Policy": policy,
        "Function": {**function(stack, role, MemorySize=256), "DependsOn": ["Policy"]},
        "Permission": permission,
    }
    folder = assembly(tmp_path, stack, resources, Outputs=NAME)
    function_name = deploy(folder, endpoint=aws.endpoint).outputs["Name"]
    functions = aws.client("lambda")

    aws.iam.delete_role_policy(RoleName=role_name, PolicyName=policy_name)
    (statement,) = json.loads(functions.get_policy(FunctionName=function_name)["Policy"])[
        "Statement"
    ]
    functions.remove_permission(FunctionName=function_name, StatementId=statement["Sid"])
    functions.update_function_configuration(FunctionName=function_name, MemorySize=128)
    assert not deploy(folder, endpoint=aws.endpoint).changed

    reverted = revert_drift(folder, endpoint=aws.endpoint)
    assert reverted.outputs["Name"] == function_name
    assert reverted.put_back == (
        f"function {function_name}",
        f"permissions of function {function_name}",
        f"policy {policy_name} of role {role_name}",
    )
    assert not revert_drift(folder, endpoint=aws.endpoint).put_back
    found = aws.iam.get_role_policy(RoleName=role_name, PolicyName=policy_name)
    assert found["PolicyDocument"] == granted
    assert rule in functions.get_policy(FunctionName=function_name)["Policy"]
    described = functions.get_function_configuration(FunctionName=function_name)
    assert (described["MemorySize"], described.get("Description", "")) == (256, "")


def test_a_large_template_goes_by_its_address(aws: Aws, tmp_path: Path) -> None:
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html."""
    metadata = {"Padding": "x" * 60_000}
    folder = assembly(tmp_path, unique("stack"), {"Queue": QUEUE}, Metadata=metadata, Outputs=URL)
    assert deploy(folder, endpoint=aws.endpoint).outputs["Url"]


def test_code_is_published_and_the_content_of_layers_is_not(aws: Aws, tmp_path: Path) -> None:
    stack = unique("stack")
    role = aws.role("lambda", allow("logs:*"))
    layer = {
        "Type": "AWS::Lambda::LayerVersion",
        "Properties": {"Content": {"S3Bucket": ASSETS, "S3Key": f"{stack}-layer.zip"}},
    }
    resources = {"Function": function(stack, role, Layers=[{"Ref": "Layer"}]), "Layer": layer}
    folder = assembly(tmp_path, stack, resources, Outputs=NAME)
    deployed = deploy(folder, endpoint=aws.endpoint)
    answer = aws.functions.invoke(FunctionName=deployed.outputs["Name"])
    assert json.loads(answer["Payload"].read()) == "done"
    published = aws.s3.get_object(Bucket=ASSETS, Key=f"{stack}-layer.zip")["Body"].read()
    assert b"index.py" not in published


def test_a_first_deployment_that_failed_can_be_repeated(aws: Aws, tmp_path: Path) -> None:
    stack = unique("stack")
    folder = assembly(tmp_path, stack, {"Stream": {"Type": "AWS::Kinesis::Stream"}})
    with pytest.raises(DeploymentFailed):
        deploy(folder, endpoint=aws.endpoint)
    assembly(tmp_path, stack, {"Queue": QUEUE}, Outputs=URL)
    assert deploy(folder, endpoint=aws.endpoint).changed
