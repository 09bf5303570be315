"""Every extension of MiniStack, in the order of their installation, and the APIs besides AWS's.

A new service is a folder of this package; a module of it that changes MiniStack has
`install()` and is named once here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from embedded_aws.bedrock import api as bedrock_api
from embedded_aws.bedrock import jobs, rules
from embedded_aws.bedrock import permissions as bedrock_permissions
from embedded_aws.cloudformation import stacks, state_machines
from embedded_aws.cloudwatch import alarms, emf, metrics
from embedded_aws.dynamodb import statements, update_expressions
from embedded_aws.events import eventbridge, put_events
from embedded_aws.faults import gateway
from embedded_aws.iam import decisions, request_context, signatures, wildcards
from embedded_aws.lambda_ import (
    async_failures,
    capacity,
    invocations,
    layers,
    updates,
    worker_script,
    workers,
)
from embedded_aws.s3 import conditions, copies, events, permissions, ranges
from embedded_aws.sns import messages
from embedded_aws.stepfunctions import api

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import ModuleType

    from embedded_aws.core.asgi import Api

_EXTENSIONS: tuple[ModuleType, ...] = (
    decisions,
    wildcards,
    request_context,
    signatures,
    # S3
    permissions,
    conditions,
    copies,
    ranges,
    events,
    # DynamoDB
    update_expressions,
    statements,
    # EventBridge, CloudWatch, SNS
    eventbridge,
    put_events,
    metrics,
    emf,
    async_failures,
    alarms,
    messages,
    # CloudFormation
    stacks,
    state_machines,
    # Lambda
    worker_script,
    workers,
    layers,
    updates,
    invocations,
    capacity,
    # Step Functions
    api,
    # Bedrock
    bedrock_permissions,
    jobs,
    bedrock_api,
    gateway,
)

APIS: Mapping[str, Api] = {
    "bedrock": rules.api,
    "decisions": decisions.api,
    "messages": messages.api,
}
"""By their names under /_embedded/; `faults` has one too."""


def install() -> None:
    """Put every extension in place."""
    for module in _EXTENSIONS:
        module.install()
