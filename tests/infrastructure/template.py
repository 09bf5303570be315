"""Reads a synthesized template the way a person would: names instead of intrinsic functions."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

HASH = re.compile(r"[0-9A-F]{8}$")

#: Pseudo parameters as they are in the tests' account.
IRELAND = {
    "AWS::AccountId": "111122223333",
    "AWS::Partition": "aws",
    "AWS::Region": "eu-west-1",
    "AWS::URLSuffix": "amazonaws.com",
}


class Template:
    """A template whose references are replaced by the logical ids without their hashes.

    `{"Fn::GetAtt": ["StorageLedger5E7CB2E3", "Arn"]}` becomes `<StorageLedger.Arn>`.
    """

    def __init__(self, path: Path, pseudo_parameters: Mapping[str, str] = IRELAND) -> None:
        self.path = path
        document = json.loads(path.read_text(encoding="utf-8"))
        self.outputs: dict[str, Any] = _resolve(document["Outputs"], pseudo_parameters)
        self.resources: dict[str, dict[str, Any]] = {
            HASH.sub("", name): _resolve(resource, pseudo_parameters)
            for name, resource in document["Resources"].items()
        }

    def of_type(self, kind: str) -> dict[str, dict[str, Any]]:
        """Properties of the resources of a type, by their names."""
        return {
            name: resource.get("Properties", {})
            for name, resource in self.resources.items()
            if resource["Type"] == kind
        }

    def one(self, kind: str, name: str = "") -> dict[str, Any]:
        """Properties of the only resource of a type whose name contains `name`."""
        found = {key: value for key, value in self.of_type(kind).items() if name in key}
        assert len(found) == 1, f"{kind} {name}: {list(found)}"
        return next(iter(found.values()))

    def statements(self, role: str) -> list[dict[str, Any]]:
        """Statements of the policies that are attached to a role."""
        policies = self.of_type("AWS::IAM::Policy").values()
        return [
            statement
            for policy in policies
            if f"<{role}>" in policy["Roles"]
            for statement in policy["PolicyDocument"]["Statement"]
        ]

    @property
    def alarms(self) -> list[dict[str, Any]]:
        """Properties of all alarms, the composite one among them."""
        kinds = ("AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm")
        return [alarm for kind in kinds for alarm in self.of_type(kind).values()]

    @property
    def resource_policies(self) -> list[list[dict[str, Any]]]:
        """The statements of the policy of each bucket, queue and topic."""
        kinds = ("AWS::S3::BucketPolicy", "AWS::SQS::QueuePolicy", "AWS::SNS::TopicPolicy")
        return [
            policy["PolicyDocument"]["Statement"]
            for kind in kinds
            for policy in self.of_type(kind).values()
        ]

    @property
    def roles(self) -> list[str]:
        return list(self.of_type("AWS::IAM::Role"))


def as_list(value: Any) -> list[Any]:
    """A policy's way of leaving out the brackets of a list of one."""
    return value if isinstance(value, list) else [value]


def _resolve(value: Any, pseudo: Mapping[str, str]) -> Any:
    if isinstance(value, list):
        return [_resolve(item, pseudo) for item in value]
    if not isinstance(value, dict):
        return value
    if set(value) == {"Ref"}:
        name = value["Ref"]
        return pseudo.get(name) or f"<{HASH.sub('', name)}>"
    if set(value) == {"Fn::GetAtt"}:
        name, attribute = value["Fn::GetAtt"]
        return f"<{HASH.sub('', name)}.{attribute}>"
    if set(value) == {"Fn::Join"}:
        separator, parts = value["Fn::Join"]
        return str(separator).join(str(_resolve(part, pseudo)) for part in parts)
    return {key: _resolve(item, pseudo) for key, item in value.items()}
