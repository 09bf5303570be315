"""The whole product in another CDK app, in a folder of its own, with a bucket that exists."""

import json
import os
import re
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import stacks
from functions.domain.jobs import JobStatus
from functions.domain.status_events import DETAIL_TYPE, SOURCE

_ROOT = Path(stacks.__file__).parent.parent

_APP = """
from stacks.node import use_locked_node

use_locked_node()

from aws_cdk import App, Stack
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_lambda as lambda_
from stacks import BatchIngest, Settings

app = App(outdir="cdk.out", context={"aws:cdk:bundling-stacks": []})
stack = Stack(app, "Books")
BatchIngest(stack, "Receipts", settings=Settings(bucket_name="receipts-of-ours"))


class Consumer(Stack):
    def __init__(self):
        super().__init__(app, "Consumer")
        code = lambda_.Code.from_inline("def handler(event, context): pass")
        my_function = lambda_.Function(
            self, "F", code=code, handler="index.handler", runtime=lambda_.Runtime.PYTHON_3_13
        )
CONSUMER


Consumer()
app.synth()
"""


def _consumer() -> str:
    """The example of the page."""
    page = (_ROOT / "docs" / "events.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"^```python\n(.*?)^```", page, re.DOTALL | re.MULTILINE)
    return textwrap.indent(block, " " * 8)


def test_three_lines_put_it_into_an_app_of_their_own_and_ten_consume_its_events(
    tmp_path: Path,
) -> None:
    (tmp_path / "app.py").write_text(_APP.replace("CONSUMER", _consumer()))
    subprocess.run(
        [sys.executable, "app.py"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(_ROOT)},
        check=True,
        timeout=900,
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
    _consumes_what_is_announced(
        json.loads((tmp_path / "cdk.out/Consumer.template.json").read_text())
    )


def _consumes_what_is_announced(template: dict[str, Any]) -> None:
    (rule,) = (
        resource["Properties"]
        for resource in template["Resources"].values()
        if resource["Type"] == "AWS::Events::Rule"
    )
    assert rule["EventPattern"] == {
        "source": [SOURCE],
        "detail-type": [DETAIL_TYPE],
        "detail": {"status": [JobStatus.COMPLETED, JobStatus.PARTIALLY_COMPLETED]},
    }
    assert rule["State"] == "ENABLED"
    assert len(rule["Targets"]) == 1
