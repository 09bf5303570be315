"""Names that are needed before the resource that bears them exists.

The state machine's role must name the machine (a distributed map starts executions of it), while
the machine waits for its role: only a name that is known beforehand keeps that from being a circle.
So does a rule with the role that it assumes.
"""

from aws_cdk import ArnFormat, Stack
from constructs import Construct


def state_machine_name(scope: Construct) -> str:
    """Name of the state machine: the stack's, which no other stack here can have."""
    return Stack.of(scope).stack_name


def state_machine_arn(scope: Construct) -> str:
    """ARN of the state machine."""
    return _states_arn(scope, "stateMachine", state_machine_name(scope))


def executions_arn(scope: Construct, *, label: str = "") -> str:
    """ARN pattern of the machine's executions, or of the children of the map with that label.

    A child's ARN is `execution:MACHINE/LABEL:ID`, which `execution:MACHINE:*` does not match.
    """
    return _states_arn(scope, "execution", f"{_labelled(scope, label)}:*")


def map_runs_arn(scope: Construct, *, label: str) -> str:
    """ARN pattern of the runs of the map with that label."""
    return _states_arn(scope, "mapRun", f"{_labelled(scope, label)}:*")


def rule_name(scope: Construct, purpose: str) -> str:
    """Name of an EventBridge rule."""
    return f"{Stack.of(scope).stack_name}-{purpose}"


def rule_arn(scope: Construct, purpose: str) -> str:
    """ARN of an EventBridge rule on the default bus."""
    return Stack.of(scope).format_arn(
        service="events", resource="rule", resource_name=rule_name(scope, purpose)
    )


def batch_jobs_arn(scope: Construct) -> str:
    """ARN pattern of the account's batch inference jobs."""
    return Stack.of(scope).format_arn(
        service="bedrock", resource="model-invocation-job", resource_name="*"
    )


def batch_models_arns(scope: Construct) -> list[str]:
    """ARN patterns of what a batch inference job can invoke.

    https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonbedrock.html
    """
    stack = Stack.of(scope)
    foundation = stack.format_arn(
        service="bedrock", account="", resource="foundation-model", resource_name="*"
    )
    owned = [
        stack.format_arn(service="bedrock", resource=kind, resource_name="*")
        for kind in ("custom-model", "inference-profile")
    ]
    return [foundation, *owned]


def _labelled(scope: Construct, label: str) -> str:
    return f"{state_machine_name(scope)}/{label}" if label else state_machine_name(scope)


def _states_arn(scope: Construct, resource: str, name: str) -> str:
    return Stack.of(scope).format_arn(
        service="states",
        resource=resource,
        resource_name=name,
        arn_format=ArnFormat.COLON_RESOURCE_NAME,
    )
