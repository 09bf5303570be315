"""Dead-letter queues: a message that was received is hidden until it is made visible."""

# ruff: noqa: N803 - the arguments are named by AWS
from dataclasses import dataclass, field
from typing import Any


@dataclass
class MemoryQueues:
    """Any queues, each with the same messages.

    Attributes:
        bodies: Of the messages.
        attributes: Of each message.
        hidden: Queue and number of messages that are not received again.
    """

    bodies: list[str] = field(default_factory=list)
    attributes: dict[str, Any] = field(default_factory=dict)
    hidden: set[tuple[str, str]] = field(default_factory=set)

    def get_queue_url(self, *, QueueName: str) -> dict[str, Any]:
        return {"QueueUrl": f"https://{QueueName}"}

    def receive_message(self, *, QueueUrl: str, **_: Any) -> dict[str, Any]:
        messages = [
            {"ReceiptHandle": str(number), "Body": body, "MessageAttributes": self.attributes}
            for number, body in enumerate(self.bodies)
            if (QueueUrl, str(number)) not in self.hidden
        ]
        self.hidden |= {(QueueUrl, str(each["ReceiptHandle"])) for each in messages}
        return {"Messages": messages}

    def change_message_visibility(
        self, *, QueueUrl: str, ReceiptHandle: str, VisibilityTimeout: int
    ) -> None:
        assert VisibilityTimeout == 0
        self.hidden.remove((QueueUrl, ReceiptHandle))

    def delete_message(self, *, QueueUrl: str, ReceiptHandle: str) -> None:
        assert (QueueUrl, ReceiptHandle) in self.hidden
