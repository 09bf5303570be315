"""What a deployed stack is made of."""

from collections.abc import Iterator
from dataclasses import dataclass

from ops.model.deployment import Deployment
from tests.infrastructure.template import HASH


@dataclass(frozen=True)
class StackResource:
    """A resource of the stack.

    Attributes:
        logical: Its name in the template, without the hash that CDK appends.
        physical: Its name in the account, or its ARN or URL.
        kind: As CloudFormation calls it, `AWS::IAM::Role`.
    """

    logical: str
    physical: str
    kind: str


def stack_resources(deployed: Deployment) -> Iterator[StackResource]:
    pages = deployed.make_client("cloudformation").get_paginator("list_stack_resources")
    for page in pages.paginate(StackName=deployed.stack):
        for each in page["StackResourceSummaries"]:
            yield StackResource(
                HASH.sub("", each["LogicalResourceId"]),
                each["PhysicalResourceId"],
                each["ResourceType"],
            )
