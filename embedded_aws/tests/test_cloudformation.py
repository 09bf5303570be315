"""What CloudFormation refuses, and a layer that this machine cannot load."""

import io
import json
import zipfile

from embedded_aws.tests.conftest import Aws, allow, unique
from embedded_aws.tests.operations import create_stack, settled_stack


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


def test_a_rule_with_too_complex_wildcards_is_not_created(aws: Aws) -> None:
    """The pattern is refused as the API refuses it."""
    pattern = {"detail": {"key": [{"wildcard": "*:*:*:*:*:event-bus/*"}]}}
    rule = {"Type": "AWS::Events::Rule", "Properties": {"EventPattern": pattern}}
    assert create_stack(aws, {"One": rule}).status == "ROLLBACK_COMPLETE"


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
            LayerName=unique("layer"), Content={"ZipFile": archive(files)}
        )
        return str(published["LayerVersionArn"])

    native = "python/native.cpython-313-aarch64-linux-none.so"
    other = layer({"python/shadowed.py": "WHERE = 'another'", native: ""})
    plain = layer({"python/shadowed.py": "WHERE = 'plain'"})
    source = "import shadowed\ndef handler(event, context):\n    return shadowed.WHERE\n"
    made = unique("function")
    aws.functions.create_function(
        FunctionName=made,
        Runtime="python3.13",
        Timeout=300,
        Handler="code.handler",
        Role=aws.role("lambda", allow("logs:*")),
        Code={"ZipFile": archive({"code.py": source})},
        Layers=[plain, other],  # the later one overrides
    )
    answer = aws.functions.invoke(FunctionName=made)
    assert json.loads(answer["Payload"].read()) == "plain"
