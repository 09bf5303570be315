"""The whole product in another CDK app, in a folder of its own, with a bucket that exists."""

import json
import os
import subprocess
import sys
from pathlib import Path

import stacks

_APP = """
from stacks.node import use_locked_node

use_locked_node()

from aws_cdk import App, Stack
from stacks import BatchIngest, Settings

app = App(outdir="cdk.out", context={"aws:cdk:bundling-stacks": []})
stack = Stack(app, "Books")
BatchIngest(stack, "Receipts", settings=Settings(bucket_name="receipts-of-ours"))
app.synth()
"""


def test_three_lines_put_it_into_an_app_of_their_own(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(_APP)
    root = Path(stacks.__file__).parent.parent
    subprocess.run(
        [sys.executable, "app.py"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(root)},
        check=True,
        timeout=300,
    )
    template = json.loads((tmp_path / "cdk.out/Books.template.json").read_text())
    kinds = [resource["Type"] for resource in template["Resources"].values()]
    assert kinds.count("AWS::StepFunctions::StateMachine") == 1
    assert "AWS::S3::Bucket" not in kinds
    assert template["Outputs"]["BucketName"]["Value"] == "receipts-of-ours"
    assert "StateMachineArn" in template["Outputs"]
    functions = {
        resource["Properties"]["Code"]["S3Key"]
        for resource in template["Resources"].values()
        if resource["Type"] == "AWS::Lambda::Function" and "S3Key" in resource["Properties"]["Code"]
    }
    assert functions, "the functions' code is an asset"
    names = [
        resource["Properties"]["StateMachineName"]
        for resource in template["Resources"].values()
        if resource["Type"] == "AWS::StepFunctions::StateMachine"
    ]
    assert names == ["Books"]
