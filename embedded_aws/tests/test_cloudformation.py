"""What CloudFormation refuses, and a layer that this machine cannot load."""

from __future__ import annotations

import io
import json
import zipfile
from typing import TYPE_CHECKING, Any

from embedded_aws.tests.conftest import eventually
from embedded_aws.tests.operations import allow, client, name

if TYPE_CHECKING:
    from embedded_aws.tests.conftest import Aws


def ended(aws: Aws, stack: str) -> str:
    """The status of a stack once nothing is in progress."""

    def status() -> str | None:
        (found,) = client(aws.endpoint, "cloudformation").describe_stacks(StackName=stack)["Stacks"]
        shown = str(found["StackStatus"])
        return None if shown.endswith("_IN_PROGRESS") else shown

    return str(eventually(status, f"{stack} ends"))


def created(aws: Aws, kind: str, properties: dict[str, Any]) -> str:
    """A stack with one resource; its ARN."""
    template = {"Resources": {"One": {"Type": kind, "Properties": properties}}}
    stack: str = client(aws.endpoint, "cloudformation").create_stack(
        StackName=name("stack"), TemplateBody=json.dumps(template)
    )["StackId"]
    return stack


def test_a_bucket_with_content_is_not_deleted(aws: Aws) -> None:
    """aws-resource-s3-bucket.html (CloudFormation): only an empty bucket can be deleted."""
    bucket, stacks = name("bucket"), client(aws.endpoint, "cloudformation")
    stack = created(
        aws,
        "AWS::S3::Bucket",
        {"BucketName": bucket, "VersioningConfiguration": {"Status": "Enabled"}},
    )
    assert ended(aws, stack) == "CREATE_COMPLETE"
    version = aws.s3.put_object(Bucket=bucket, Key="a", Body=b"1")["VersionId"]
    stacks.delete_stack(StackName=stack)
    assert ended(aws, stack) == "DELETE_FAILED"
    assert aws.s3.get_object(Bucket=bucket, Key="a")["Body"].read() == b"1"
    aws.s3.delete_object(Bucket=bucket, Key="a", VersionId=version)
    stacks.delete_stack(StackName=stack)
    assert ended(aws, stack) == "DELETE_COMPLETE"


def test_a_rule_with_too_complex_wildcards_is_not_created(aws: Aws) -> None:
    """The pattern is refused as the API refuses it."""
    pattern = {"detail": {"key": [{"wildcard": "*:*:*:*:*:event-bus/*"}]}}
    stack = created(aws, "AWS::Events::Rule", {"EventPattern": pattern})
    assert ended(aws, stack) == "ROLLBACK_COMPLETE"


def archive(files: dict[str, str]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        for path, content in files.items():
            file.writestr(path, content)
    return packed.getvalue()


def test_a_layer_for_another_processor_is_left_off_the_path(aws: Aws) -> None:
    """A layer is built for Lambda's processor and Python: here it would hide what works."""

    def layer(files: dict[str, str]) -> str:
        published = aws.functions.publish_layer_version(
            LayerName=name("layer"), Content={"ZipFile": archive(files)}
        )
        return str(published["LayerVersionArn"])

    native = "python/native.cpython-313-aarch64-linux-none.so"
    other = layer({"python/shadowed.py": "WHERE = 'another'", native: ""})
    plain = layer({"python/shadowed.py": "WHERE = 'plain'"})
    source = "import shadowed\ndef handler(event, context):\n    return shadowed.WHERE\n"
    made = name("function")
    aws.functions.create_function(
        FunctionName=made,
        Runtime="python3.13",
        Handler="code.handler",
        Role=aws.role(service="lambda.amazonaws.com", statements=[allow("logs:*")]),
        Code={"ZipFile": archive({"code.py": source})},
        Layers=[plain, other],  # the later one overrides
    )
    answer = aws.functions.invoke(FunctionName=made)
    assert json.loads(answer["Payload"].read()) == "plain"
