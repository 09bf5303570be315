"""Revert changes made by hand, as `cdk deploy --revert-drift` does on AWS.

CloudFormation compares templates, not resources: a policy that was changed by hand stays changed as
long as the template is the same. So a template in which every policy, permission and function
differs is deployed first, and then the real one. Between the two, rules may not call functions.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/drift-aware-change-sets.html
"""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from local.endpoint import Endpoint

_MARK = "PutBack"
_OF_A_FUNCTION: Final = (
    "CodeSha256",
    "Environment",
    "Handler",
    "Layers",
    "MemorySize",
    "Role",
    "Runtime",
    "Timeout",
)


def disturbed(template: Mapping[str, Any]) -> dict[str, Any]:
    """The template with changed text, and the same meaning, wherever drift can be reverted."""
    other = copy.deepcopy(dict(template))
    for resource in other["Resources"].values():
        properties = resource.get("Properties", {})
        if "PolicyDocument" in properties:
            properties["PolicyDocument"]["Statement"][0]["Sid"] = _MARK
        elif resource["Type"] == "AWS::Lambda::Function":
            properties["Description"] = _MARK
    other["Resources"] = {
        name: resource
        for name, resource in other["Resources"].items()
        if resource["Type"] != "AWS::Lambda::Permission"
    }
    return other


def snapshot(endpoint: Endpoint, stack: str) -> dict[str, object]:
    """What drift can change in a stack, by a name for people: policies, functions, permissions."""
    lambdas = endpoint.client("lambda")
    found: dict[str, object] = {}
    resources = endpoint.client("cloudformation").describe_stack_resources(StackName=stack)
    ids: dict[str, list[str]] = {}
    for each in resources["StackResources"]:
        ids.setdefault(each["ResourceType"], []).append(each["PhysicalResourceId"])
    roles = set(ids.get("AWS::IAM::Role", ()))
    for name in ids.get("AWS::Lambda::Function", ()):
        try:
            described = lambdas.get_function_configuration(FunctionName=name)
        except lambdas.exceptions.ResourceNotFoundException:
            continue  # it was removed by hand
        roles.add(described["Role"].rpartition("/")[2])
        found[f"function {name}"] = {each: described.get(each) for each in _OF_A_FUNCTION}
        found[f"permissions of function {name}"] = _permissions(lambdas, name)
    return found | _policies(endpoint.client("iam"), roles)


def _permissions(lambdas: Any, function: str) -> list[str]:
    try:
        policy = lambdas.get_policy(FunctionName=function)["Policy"]
    except lambdas.exceptions.ResourceNotFoundException:
        return []
    statements = json.loads(policy)["Statement"]
    return sorted(json.dumps(each | {"Sid": ""}, sort_keys=True) for each in statements)


def _policies(iam: Any, roles: Iterable[str]) -> dict[str, object]:
    found = {}
    for role in sorted(roles):
        try:
            names = iam.list_role_policies(RoleName=role)["PolicyNames"]
        except iam.exceptions.NoSuchEntityException:
            continue  # it was removed by hand
        for name in names:
            policy = iam.get_role_policy(RoleName=role, PolicyName=name)
            found[f"policy {name} of role {role}"] = policy["PolicyDocument"]
    return found


def differences(before: Mapping[str, object], after: Mapping[str, object]) -> tuple[str, ...]:
    """Names of what differs, is missing, or was added by hand."""
    return tuple(name for name in sorted({*before, *after}) if before.get(name) != after.get(name))
