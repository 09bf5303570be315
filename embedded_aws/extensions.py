"""Every extension of MiniStack, in the order in which they are installed.

A new service is a folder here; each of its extension modules has `install()` and `TOUCHES`, and is
named once in `_EXTENSIONS`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from embedded_aws.bedrock import api as bedrock_api
from embedded_aws.bedrock import input_files, jobs, runs, state_events
from embedded_aws.bedrock import permissions as bedrock_permissions
from embedded_aws.cloudformation import stacks
from embedded_aws.cloudwatch import alarms, emf, metrics
from embedded_aws.core import scope
from embedded_aws.events import eventbridge
from embedded_aws.faults import gateway
from embedded_aws.iam import decisions, request_context, roles
from embedded_aws.lambda_ import async_failures, errors, updates, worker_script, workers
from embedded_aws.s3 import copies, events, permissions, ranges
from embedded_aws.sqs import queues
from embedded_aws.stepfunctions import api, execution_views, saved_state, starting, status_events
from embedded_aws.stepfunctions.definitions import definitions
from embedded_aws.stepfunctions.maps import map_runs

if TYPE_CHECKING:
    from types import ModuleType

_EXTENSIONS: tuple[ModuleType, ...] = (
    decisions,
    request_context,
    # S3
    permissions,
    copies,
    ranges,
    events,
    # EventBridge, CloudWatch
    eventbridge,
    metrics,
    emf,
    async_failures,
    alarms,
    # CloudFormation
    stacks,
    # Lambda
    worker_script,
    workers,
    updates,
    errors,
    # Step Functions
    definitions,
    starting,
    execution_views,
    status_events,
    map_runs,
    saved_state,
    api,
    # Bedrock
    bedrock_permissions,
    jobs,
    bedrock_api,
    gateway,
)

TOUCHES: tuple[str, ...] = tuple(
    touch
    for module in (scope, queues, roles, input_files, runs, state_events, *_EXTENSIONS)
    for touch in module.TOUCHES
)
"""Every private name of MiniStack that is replaced, called or read."""


def install() -> None:
    """Put every extension in place."""
    for module in _EXTENSIONS:
        module.install()
