"""Services that the policies of queues, topics and functions let in, and may shut out."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from embedded_aws.iam.uses import Denial, Use
from ops.model.deployment import Deployment
from tests.e2e.faults.permissions import not_callable_by_rules
from tests.e2e.grants.stack_resources import stack_resources
from tests.infrastructure.granted import Granted, to_services
from tests.infrastructure.template import Template


@dataclass(frozen=True)
class Admission:
    """A service that a resource's own policy lets in.

    Attributes:
        granted: In the words of the template.
        resource: The resource's ARN.
    """

    granted: Granted
    resource: str

    def allowed(self, use: Use) -> bool:
        """Whether it is the grant that allowed calls."""
        wanted = (self.granted.holder, self.granted.action, self.resource)
        return (use.principal, use.action, use.resource) == wanted

    def is_missed_by(self, denial: Denial) -> bool:
        """Whether a call was denied for want of it."""
        wanted = (self.granted.holder, self.granted.action, self.resource)
        return (denial.principal, denial.action, denial.resource) == wanted

    def removed(self, deployed: Deployment) -> AbstractContextManager[None]:
        """Take it out of the resource's policy until the block ends."""
        kind = self.resource.split(":")[2]
        removals: dict[str, Callable[[Deployment, str], AbstractContextManager[None]]] = {
            "lambda": not_callable_by_rules,
            "sns": _without_topic_statement,
            "sqs": _without_queue_statement,
        }
        return removals[kind](deployed, self.resource)


def admissions_of(deployed: Deployment, template: Path) -> list[Admission]:
    """Every service that the stack lets in; those that use keys are not checked here."""
    arns = _arns(deployed)
    return [
        Admission(granted, arns[granted.where])
        for granted in to_services(Template(template))
        if not granted.action.startswith("kms:")
    ]


def _arns(deployed: Deployment) -> dict[str, str]:
    account = deployed.state_machine.split(":")[4]
    services = {
        "AWS::Lambda::Function": ("lambda", "function:"),
        "AWS::SNS::Topic": ("sns", ""),
        "AWS::SQS::Queue": ("sqs", ""),
    }
    found = {}
    for each in stack_resources(deployed):
        if each.kind in services:
            service, kind = services[each.kind]
            name = re.split("[:/]", each.physical)[-1]
            found[each.logical] = f"arn:aws:{service}:{deployed.region}:{account}:{kind}{name}"
    return found


@contextmanager
def _without_topic_statement(deployed: Deployment, arn: str) -> Iterator[None]:
    client = deployed.make_client("sns")
    before = client.get_topic_attributes(TopicArn=arn)["Attributes"]["Policy"]

    def put(policy: str) -> None:
        client.set_topic_attributes(TopicArn=arn, AttributeName="Policy", AttributeValue=policy)

    put(_without_services(before))
    try:
        yield
    finally:
        put(before)


@contextmanager
def _without_queue_statement(deployed: Deployment, arn: str) -> Iterator[None]:
    client = deployed.sqs
    url = client.get_queue_url(QueueName=arn.rsplit(":", 1)[-1])["QueueUrl"]
    asked = client.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"])
    before = asked["Attributes"]["Policy"]
    client.set_queue_attributes(QueueUrl=url, Attributes={"Policy": _without_services(before)})
    try:
        yield
    finally:
        client.set_queue_attributes(QueueUrl=url, Attributes={"Policy": before})


def _without_services(policy: str) -> str:
    document: dict[str, Any] = json.loads(policy)
    kept = [
        each
        for each in document["Statement"]
        if each["Effect"] == "Deny" or "Service" not in each["Principal"]
    ]
    return json.dumps({**document, "Statement": kept})
