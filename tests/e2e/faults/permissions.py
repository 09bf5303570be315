"""Permissions, taken away for a while."""

import json
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from ops.model.deployment import Deployment


@contextmanager
def denied(deployed: Deployment, role: str, action: str) -> Iterator[None]:
    """A role, by a part of its name, may not do something until the block ends."""
    iam = deployed.make_client("iam")
    pages = iam.get_paginator("list_roles").paginate()
    names = [each["RoleName"] for page in pages for each in page["Roles"]]
    (name,) = (each for each in names if role in each)
    deny = {"Effect": "Deny", "Action": action, "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [deny]})
    iam.put_role_policy(RoleName=name, PolicyName="fault", PolicyDocument=document)
    try:
        yield
    finally:
        iam.delete_role_policy(RoleName=name, PolicyName="fault")


def denied_to_trigger(deployed: Deployment) -> AbstractContextManager[None]:
    """The trigger may start no execution until the block ends."""
    return denied(deployed, "TriggerRole", "states:StartExecution")


@contextmanager
def not_callable_by_rules(deployed: Deployment, function: str) -> Iterator[None]:
    """No rule may call a function, of that name or ARN, until the block ends."""
    client = deployed.make_client("lambda")
    policy: dict[str, Any] = json.loads(client.get_policy(FunctionName=function)["Policy"])
    for statement in policy["Statement"]:
        client.remove_permission(FunctionName=function, StatementId=statement["Sid"])
    try:
        yield
    finally:
        for statement in policy["Statement"]:
            client.add_permission(
                FunctionName=function,
                StatementId=statement["Sid"],
                Action=statement["Action"],
                Principal=statement["Principal"]["Service"],
                SourceArn=statement["Condition"]["ArnLike"]["AWS:SourceArn"],
            )
