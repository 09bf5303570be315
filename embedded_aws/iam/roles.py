"""The permissions of the roles that AWS services assume when one calls another.

MiniStack checks the callers of its API, functions included, but not the calls of a state machine or
a rule. The modules that make such calls check them with `denial`.

https://docs.aws.amazon.com/step-functions/latest/dg/procedure-create-iam-role.html
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-identity-based.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from ministack import app
from ministack.core import iam_evaluator
from ministack.services import iam

from embedded_aws.iam import decisions

if TYPE_CHECKING:
    from collections.abc import Mapping


def denial(
    role_arn: str,
    action: str,
    resource_arn: str,
    service: str = "states",
    *,
    source_arn: str | None = None,
    context: Mapping[str, Any] | None = None,
) -> str | None:
    """The reason why a service acting by a role may not do something; None if it may.

    `service` is the first part of the service's principal. `source_arn` is the resource for which
    the service acts; without it the conditions about it in the role's trust are not checked.
    `context` has condition keys of the request, such as `s3:prefix`.

    Without authorization (AUTH=false) everything is allowed.
    """
    if not app.AUTH:
        return None
    if why := trust_denial(role_arn, service, source_arn=source_arn):
        return why
    account, name = _account_and_name(role_arn)
    session = f"arn:aws:sts::{account}:assumed-role/{name}/{service}"
    request = _request(session, "AssumedRole", account, action, resource_arn, context or {})
    limits = iam_evaluator._permissions_boundary(iam._roles, name, account)
    policies = iam_evaluator._gather_role_policies(name, account)
    result = iam_evaluator.evaluate(request, policies, *limits)
    kind = action.partition(":")[0]
    if found := iam_evaluator._resource_policy(kind, resource_arn):
        result = iam_evaluator.combine_resource_policy(
            result, request, *found, required=kind == "kms", limits=limits
        )
    if result.decision == "Allow":
        return None
    decisions.record.denied(
        name, action, resource_arn, request.service_context, without_policies=not policies
    )
    return (
        f"User: {request.principal_arn} is not authorized to perform: {action} on resource: "
        f"{resource_arn} {_because(result, action)}"
    )


def trust_denial(role_arn: str, service: str, *, source_arn: str | None = None) -> str | None:
    """The reason why a service may not assume a role; None if it may. Arguments as of `denial`."""
    if not app.AUTH:
        return None
    account, name = _account_and_name(role_arn)
    role = iam._roles.get_scoped(account, None, name)
    if _trusts(role or {}, role_arn, service, source_arn):
        return None
    return f"{service}.amazonaws.com is not authorized to assume the provided role: {role_arn}"


def service_denial(
    policy: str | Mapping[str, Any] | None,
    action: str,
    resource_arn: str,
    *,
    service: str,
    source_arn: str,
) -> str | None:
    """The reason why a resource's policy does not admit a service; None if it does.

    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html
    """
    if not app.AUTH:
        return None
    account = source_arn.split(":")[4]
    context = {
        "aws:SourceArn": source_arn,
        "aws:SourceAccount": account,
        "aws:SourceOwner": account,  # what a topic's default policy asks for
    }
    caller = f"{service}.amazonaws.com"
    request = _request(caller, "Service", account, action, resource_arn, context)
    document = dict(policy) if policy and not isinstance(policy, str) else policy
    result = iam_evaluator.evaluate_resource_policy(document, request, service=caller)
    if result.decision == "Allow":
        return None
    decisions.record.denied(
        caller, action, resource_arn, request.service_context, without_policies=not document
    )
    return (
        f"{caller} is not authorized to perform: {action} on resource: "
        f"{resource_arn} because no resource-based policy allows the {action} action"
    )


def _account_and_name(role_arn: str) -> tuple[str, str]:
    _, _, _, _, account, path = role_arn.split(":", 5)
    return account, path.rsplit("/", 1)[-1]


def _request(
    principal: str,
    kind: str,
    account: str,
    action: str,
    resource_arn: str,
    context: Mapping[str, Any],
) -> Any:
    """A call to decide about, as MiniStack's evaluation wants it."""
    return iam_evaluator.EvalContext(
        principal_arn=principal,
        principal_type=kind,
        principal_account=account,
        action=action,
        resource_arn=resource_arn,
        region=_region(resource_arn),
        secure_transport=True,
        service_context={key.lower(): value for key, value in context.items()},
    )


def _trusts(role: Mapping[str, Any], role_arn: str, service: str, source_arn: str | None) -> bool:
    """Whether a role lets a service assume it.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html
    """
    document = role.get("AssumeRolePolicyDocument") or {}
    if isinstance(document, str):
        document = json.loads(document)
    if source_arn is not None:
        denied = service_denial(
            document, "sts:AssumeRole", role_arn, service=service, source_arn=source_arn
        )
        return denied is None
    principal = f"{service}.amazonaws.com"
    statements = document.get("Statement", [])
    trusted = any(
        statement.get("Effect") == "Allow"
        and iam_evaluator._service_principal_matches(statement.get("Principal", {}), principal)
        for statement in (statements if isinstance(statements, list) else [statements])
    )
    if not trusted:
        decisions.record.denied(
            principal, "sts:AssumeRole", role_arn, without_policies=not document
        )
    return trusted


def _because(result: Any, action: str) -> str:
    if result.decision == "Deny":
        kind = "a resource-based" if result.resource_policy_arn else "an identity-based"
        return f"with an explicit deny in {kind} policy"
    return f"because no identity-based policy allows the {action} action"


def _region(arn: str) -> str:
    parts = arn.split(":")
    return (parts[3] if len(parts) > 3 else "") or "us-east-1"
