"""Delivery of an event to its target, with the permissions that this needs.

To start a state machine, the target's role needs the permission; functions, queues and topics need
a policy of their own.
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-identity-based.html
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html
Error codes: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html
"""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any

from ministack.services import lambda_svc, sns, sqs

from embedded_aws.core.api import ApiError
from embedded_aws.iam import roles
from embedded_aws.lambda_ import invocations
from embedded_aws.sqs import queues
from embedded_aws.stepfunctions import executions, store

if TYPE_CHECKING:
    from collections.abc import Callable

SERVICES = ("states", "lambda", "sqs", "sns")
"""The services to which rules deliver here."""

_SUPPORTED = frozenset(
    {
        "Arn", "DeadLetterConfig", "Id", "Input", "InputPath", "InputTransformer",
        "RetryPolicy", "RoleArn",
    }
)  # fmt: skip

Target = dict[str, Any]


class NotDelivered(Exception):  # noqa: N818 - reads as what it is
    """A target did not take an event, and would not take it a second time."""

    def __init__(self, code: str, message: str) -> None:
        self.code, self.message = code, message
        super().__init__(f"{code}: {message}")


def unsupported(target: Target) -> str | None:
    """The part of a target that is not emulated, in a sentence; None if all is."""
    service = str(target.get("Arn", "")).split(":")[2:3]
    if service and service[0] not in SERVICES:
        return f"targets of {service[0]} are not emulated, only of {', '.join(SERVICES)}"
    if unknown := sorted(target.keys() - _SUPPORTED):
        return f"the target property {', '.join(unknown)} is not emulated"
    return None


def send(target: Target, payload: str, rule_arn: str) -> None:
    """Send an event to its target.

    Raises:
        NotDelivered: the target does not exist, denies the call, or refuses the event.
    """
    arn = target["Arn"]
    hand_over: Callable[[], None] = {
        "states": partial(_start_execution, target, payload, rule_arn),
        "lambda": partial(_invoke_function, arn, payload, rule_arn),
        "sqs": partial(send_message, arn, payload, rule_arn),
        "sns": partial(_publish, arn, payload, rule_arn),
    }[arn.split(":")[2]]
    hand_over()


def _start_execution(target: Target, payload: str, rule_arn: str) -> None:
    arn = target["Arn"]
    if arn not in store.machines:
        raise _missing(arn)
    role = target.get("RoleArn") or ""
    if not role:
        raise NotDelivered("NO_PERMISSIONS", "the target has no role")
    _require(roles.denial(role, "states:StartExecution", arn, "events", source_arn=rule_arn))
    try:
        executions.start({"stateMachineArn": arn, "input": payload})
    except ApiError as error:
        raise NotDelivered("SDK_CLIENT_ERROR", str(error)) from None


def _invoke_function(arn: str, payload: str, rule_arn: str) -> None:
    function = invocations.find(arn)
    if function is None:
        raise _missing(arn)
    policy, _ = lambda_svc.function_policy_for_arn(arn) or (None, None)
    _require_policy(policy, "lambda:InvokeFunction", arn, rule_arn)
    function.invoke_later(json.loads(payload))


def _publish(arn: str, payload: str, rule_arn: str) -> None:
    found = sns.topic_policy_for_arn(arn)
    if found is None:
        raise _missing(arn)
    _require_policy(found[0], "sns:Publish", arn, rule_arn)
    sns.publish_internal(arn, payload, "")


def send_message(
    arn: str, body: str, rule_arn: str, attributes: dict[str, str] | None = None
) -> None:
    """Put an event, or a report about it, into a queue whose policy admits the rule."""
    if not queues.exists(arn):
        raise _missing(arn)
    policy, _ = sqs.queue_policy_for_arn(arn) or (None, None)
    _require_policy(policy, "sqs:SendMessage", arn, rule_arn)
    queues.send(arn, body, attributes or {})


def _require_policy(policy: Any, action: str, arn: str, rule_arn: str) -> None:
    _require(roles.service_denial(policy, action, arn, service="events", source_arn=rule_arn))


def _require(denial: str | None) -> None:
    if denial:
        raise NotDelivered("NO_PERMISSIONS", denial)


def _missing(arn: str) -> NotDelivered:
    return NotDelivered("RESOURCE_NOT_FOUND", f"{arn} does not exist")
