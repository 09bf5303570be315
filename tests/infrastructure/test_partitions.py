"""One template serves every partition: nothing in it names one.

In another partition, an ARN of the partition `aws` is refused by IAM, or fails every execution:
https://github.com/aws/aws-cdk/issues/4597.
"""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.infrastructure.conftest import IMPORTED, VARIANTS
from tests.infrastructure.template import IRELAND, Template

PARTITIONS = {
    "aws": ("eu-west-1", "amazonaws.com"),
    "aws-cn": ("cn-north-1", "amazonaws.com.cn"),
    "aws-eusc": ("eusc-de-east-1", "amazonaws.eu"),
    "aws-us-gov": ("us-gov-west-1", "amazonaws.com"),
}
"""A Region of each, and what its endpoints end with: botocore's `partitions.json`."""

GIVEN = [
    each
    for value in IMPORTED.values()
    for each in (value if isinstance(value, list) else [str(value)])
]
"""What settings name."""


@pytest.fixture(params=["created", "imported", "encrypted"])
def folder(request: pytest.FixtureRequest, synthesized: Callable[..., Path]) -> Path:
    return synthesized(request.param, **VARIANTS[request.param])


@pytest.mark.parametrize("partition", PARTITIONS)
def test_every_arn_is_of_the_partition_that_it_is_deployed_to(folder: Path, partition: str) -> None:
    region, suffix = PARTITIONS[partition]
    template = Template(
        folder / "BatchIngest.template.json",
        IRELAND | {"AWS::Partition": partition, "AWS::Region": region, "AWS::URLSuffix": suffix},
    )
    text = json.dumps([template.outputs, template.resources])
    for given in GIVEN:  # the settings' own ARNs
        text = text.replace(given, "")
    machine = template.one("AWS::StepFunctions::StateMachine")
    definition = machine["DefinitionString"]
    for name, value in machine["DefinitionSubstitutions"].items():
        definition = definition.replace(f"${{{name}}}", value)

    arns = re.findall(r"arn:([\w-]+):", text + definition)
    assert set(arns) == {partition}
    assert set(re.findall(r'"Resource": "(arn:[\w-]+:states):', definition)) == {
        f"arn:{partition}:states"
    }
    assert not re.findall(r"arn:\$", definition)
    if suffix != "amazonaws.com":
        via = re.findall(r'"kms:ViaService": "([^"]+)"', text)
        assert all(each.endswith(f".{region}.{suffix}") for each in via)


def test_the_template_itself_names_no_partition(folder: Path) -> None:
    text = (folder / "BatchIngest.template.json").read_text()
    for given in GIVEN:
        text = text.replace(given, "")
    assert "arn:aws" not in text
