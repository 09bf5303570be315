"""Messages that services of the embedded AWS send to queues."""

from __future__ import annotations

import contextvars
from typing import TYPE_CHECKING

from ministack.core import iam_evaluator
from ministack.core.arn import parse_arn
from ministack.services import sqs

from embedded_aws.core.scope import acting_in

if TYPE_CHECKING:
    from collections.abc import Mapping


_NUMBERS = frozenset({"ErrorCode"})
"""Attributes that are numbers (Lambda guide, "invocation-async-retain-records")."""


def exists(arn: str) -> bool:
    """Whether there is such a queue."""
    return sqs._queue_by_arn(arn) is not None


def send(arn: str, body: str, attributes: Mapping[str, str]) -> None:
    """Put a message into a queue that exists; the caller checks the permission."""
    url = sqs._queue_by_arn(arn)["url"]
    message = {
        "QueueUrl": url,
        "MessageBody": body,
        "MessageAttributes": {
            name: {"DataType": "Number" if name in _NUMBERS else "String", "StringValue": value}
            for name, value in attributes.items()
        },
    }
    spec = parse_arn(arn)

    def act() -> None:
        with acting_in(spec.account_id, spec.region):
            # Services use TLS; a queue that enforces it would deny them otherwise.
            iam_evaluator.pin_request_origin("127.0.0.1", True)  # noqa: FBT003 - MiniStack's
            sqs._act_send_message(message, url)

    # In an empty context: the service sends the message, not the caller of the present request.
    contextvars.Context().run(act)
