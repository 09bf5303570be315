"""A dead-letter queue of EventBridge or Lambda: events that were not delivered, and why.

Such queues cannot be redriven by SQS: the messages are events, to be given to their target again.
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ops.model.starting import members

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from mypy_boto3_sqs import SQSClient

VISIBILITY_SECONDS = 120
"""How long a message is invisible to others: as long as reading all of them may take."""
_BATCH = 10
_WHY = (
    # EventBridge's, then Lambda's:
    # https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
    ("ERROR_CODE", "ERROR_MESSAGE"),
    ("ErrorCode", "ErrorMessage"),
)


@dataclass(frozen=True)
class Undelivered:
    """An event that was not delivered.

    Attributes:
        receipt: By which it is removed or put back.
        body: The event, as it was to be delivered.
        reason: Why it was given up, in AWS's words.
    """

    receipt: str
    body: str
    reason: str

    @property
    def event(self) -> Mapping[str, Any]:
        """The event's members; empty where the message is not an event."""
        return members(self.body)


@dataclass(frozen=True)
class DeadQueue:
    """The queue."""

    sqs: SQSClient
    url: str

    def read(self) -> Iterator[Undelivered]:
        """Receive every message, which makes it invisible for a while; none is removed."""
        while messages := self._receive():
            for message in messages:
                yield Undelivered(message["ReceiptHandle"], message["Body"], _reason(message))

    def put_back(self, events: Iterable[Undelivered]) -> None:
        """Make them visible again at once."""
        for each in events:
            self.sqs.change_message_visibility(
                QueueUrl=self.url, ReceiptHandle=each.receipt, VisibilityTimeout=0
            )

    def remove(self, event: Undelivered) -> None:
        """Delete a message whose event was delivered."""
        self.sqs.delete_message(QueueUrl=self.url, ReceiptHandle=event.receipt)

    def _receive(self) -> list[Any]:
        answer = self.sqs.receive_message(
            QueueUrl=self.url,
            MaxNumberOfMessages=_BATCH,
            MessageAttributeNames=["All"],
            VisibilityTimeout=VISIBILITY_SECONDS,
            WaitTimeSeconds=1,  # asks all of the queue's servers, not some
        )
        return list(answer.get("Messages", []))


def _reason(message: Mapping[str, Any]) -> str:
    attributes = message.get("MessageAttributes", {})
    said = {name: each.get("StringValue", "") for name, each in attributes.items()}
    words = (said.get(name, "") for names in _WHY for name in names)
    return ": ".join(filter(None, words))
