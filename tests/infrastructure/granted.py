"""Every permission that a template gives, one by one: to its roles, and to services."""

import itertools
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tests.infrastructure.template import Template, as_list

_HERE = re.compile(r"arn:aws:(states|logs):[a-z0-9-]+:\d{12}:")
_IMPORTED = {
    "arn:aws:s3:::their-bucket": "StorageBucket",
    **{
        f"arn:aws:dynamodb:eu-west-1:111122223333:table/their-{name}": f"Storage{table}"
        for name, table in {
            "images": "PendingImages",
            "jobs": "BatchJobs",
            "transactions": "Transactions",
        }.items()
    },
}
_UNTOLD = {"aws:SourceAccount", "kms:CallerAccount", "s3:prefix"}
_REFERENCE = re.compile(r"<(\w+?)(?:\.Arn)?>")


@dataclass(frozen=True)
class Granted:
    """One action on one resource, under conditions of one value each.

    Attributes:
        holder: A role of the template, or the service that its resource's policy lets in.
        conditions: As JSON; empty without any.
    """

    holder: str
    action: str
    resource: str
    conditions: str = ""

    def __str__(self) -> str:
        return " ".join(part for part in (self.action, self.resource, self.conditions) if part)

    @property
    def who(self) -> str:
        """`LoadSegment` of `WorkersLoadSegmentRole`."""
        return self.holder.removeprefix("Workers").removesuffix("Role")

    @property
    def where(self) -> str:
        """The resource in the words of the template; of an imported one, its stand-in's."""
        shown = _REFERENCE.sub(r"\1", _HERE.sub("", self.resource))
        for imported, created in _IMPORTED.items():
            shown = shown.replace(imported, created)
        return f"{shown}, keys {self._prefix}" if self._prefix else shown

    @property
    def under(self) -> str:
        """The conditions in words: `kms:ViaService s3.eu-west-1.amazonaws.com`."""
        found: dict[str, dict[str, str]] = json.loads(self.conditions or "{}")
        named = [(key, value) for keys in found.values() for key, value in keys.items()]
        return ", ".join(f"{key} {value}" for key, value in named if key not in _UNTOLD)

    @property
    def row(self) -> tuple[str, str, str]:
        """By what a page names it."""
        return self.who, self.action, self.where

    @property
    def _prefix(self) -> str:
        found: dict[str, dict[str, str]] = json.loads(self.conditions or "{}")
        return found.get("StringLike", {}).get("s3:prefix", "")


def to_roles(template: Template) -> list[Granted]:
    """What the template's own roles may do, in the order of its statements."""
    return [granted for role in sorted(template.roles) for granted in of_role(template, role)]


def of_role(template: Template, role: str) -> Iterator[Granted]:
    return single(role, template.statements(role))


def to_services(template: Template) -> list[Granted]:
    """Whom the policies of queues, topics, keys and functions let in without a role."""
    policies: list[tuple[str, Mapping[str, Any]]] = [
        *template.of_type("AWS::SQS::QueuePolicy").items(),
        *template.of_type("AWS::SNS::TopicPolicy").items(),
    ]
    documents = [policy["PolicyDocument"]["Statement"] for _, policy in policies]
    keys = [
        [{**statement, "Resource": f"<{name}.Arn>"} for statement in key["KeyPolicy"]["Statement"]]
        for name, key in template.of_type("AWS::KMS::Key").items()
    ]
    functions = [
        [_of_permission(each)] for each in template.of_type("AWS::Lambda::Permission").values()
    ]
    return [
        granted
        for statement in itertools.chain(*documents, *keys, *functions)
        if statement["Effect"] == "Allow" and "Service" in statement["Principal"]
        for granted in single(str(statement["Principal"]["Service"]), [statement])
    ]


def _of_permission(permission: Mapping[str, Any]) -> dict[str, Any]:
    """A function's permission as the statement that Lambda makes of it."""
    return {
        "Effect": "Allow",
        "Principal": {"Service": permission["Principal"]},
        "Action": permission["Action"],
        "Resource": permission["FunctionName"],
        "Condition": {"ArnLike": {"AWS:SourceArn": permission["SourceArn"]}},
    }


def single(holder: str, statements: list[dict[str, Any]]) -> Iterator[Granted]:
    """Take statements apart: one action, one resource, one value of each condition."""
    for statement in statements:
        assert statement["Effect"] == "Allow"
        for action in as_list(statement["Action"]):
            for resource in as_list(statement["Resource"]):
                for conditions in _single_values(statement.get("Condition", {})):
                    yield Granted(holder, action, resource, conditions)


def _single_values(conditions: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    named = [
        (op, key, as_list(value)) for op, keys in conditions.items() for key, value in keys.items()
    ]
    for chosen in itertools.product(*(values for _, _, values in named)):
        found: dict[str, dict[str, Any]] = {}
        for (operator, key, _), value in zip(named, chosen, strict=True):
            found.setdefault(operator, {})[key] = value
        yield json.dumps(found, sort_keys=True) if found else ""
