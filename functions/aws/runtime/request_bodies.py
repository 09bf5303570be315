"""Hands ready-made request bodies to the SDK.

Validating and serializing a BatchWriteItem of 25 items costs the SDK three times the processor
time of sending it. A body that is already JSON is passed among the parameters, taken out of
them by the event `provide-client-params`, and set by `before-call`: both are documented
extension points (https://docs.aws.amazon.com/boto3/latest/guide/events.html). Signing,
credentials, endpoints and connections stay the SDK's.
"""

from collections.abc import MutableMapping
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

BODY: Final = "ReadyBody"
"""Name of the parameter that carries the body."""


def accept_ready_bodies(client: "DynamoDBClient", operation: str) -> None:
    """Let calls of an operation pass their body as the parameter `ReadyBody`.

    If an SDK does not emit these events, the calls fail: without the body, their parameters are not
    a valid request.
    """
    events = client.meta.events
    events.register(f"provide-client-params.dynamodb.{operation}", _take)
    events.register(f"before-call.dynamodb.{operation}", _set)


def _take(params: dict[str, Any], context: MutableMapping[str, Any], **_: Any) -> None:
    if BODY in params:
        context[BODY] = params.pop(BODY)


def _set(params: dict[str, Any], context: MutableMapping[str, Any], **_: Any) -> None:
    if BODY in context:
        params["body"] = context.pop(BODY)
