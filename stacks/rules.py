"""Rules of the default event bus, all of which try to deliver an event as long as they can."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from aws_cdk import Duration
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from constructs import Construct

from stacks import names

# EventBridge's own limits: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-retry-policy.html
_MAX_AGE = Duration.hours(24)
_MAX_ATTEMPTS = 185

to_function = partial(targets.LambdaFunction, max_event_age=_MAX_AGE, retry_attempts=_MAX_ATTEMPTS)
to_state_machine = partial(
    targets.SfnStateMachine, max_event_age=_MAX_AGE, retry_attempts=_MAX_ATTEMPTS
)


def rule(
    scope: Construct,
    construct_id: str,
    *,
    name: str,
    description: str,
    source: str,
    detail_type: str,
    detail: Mapping[str, Any],
    target: events.IRuleTarget,
) -> events.Rule:
    """Make a rule that sends events of one type to a target; its name begins with the stack's."""
    return events.Rule(
        scope,
        construct_id,
        rule_name=names.rule_name(scope, name),
        description=description,
        event_pattern=events.EventPattern(
            source=[source], detail_type=[detail_type], detail=detail
        ),
        targets=[target],
    )
