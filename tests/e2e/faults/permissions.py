"""Permissions of the rules, taken away for a while."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ops.model.deployment import Deployment


@contextmanager
def denied_to_trigger(deployed: Deployment) -> Iterator[None]:
    """The trigger's role may start nothing until the block ends."""
    iam = deployed.make_client("iam")
    pages = iam.get_paginator("list_roles").paginate()
    names = [role["RoleName"] for page in pages for role in page["Roles"]]
    (role,) = (name for name in names if "TriggerRole" in name)
    deny = {"Effect": "Deny", "Action": "states:StartExecution", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [deny]})
    iam.put_role_policy(RoleName=role, PolicyName="fault", PolicyDocument=document)
    try:
        yield
    finally:
        iam.delete_role_policy(RoleName=role, PolicyName="fault")


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
