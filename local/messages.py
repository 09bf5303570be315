"""What was published to the topics of an embedded AWS."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from local.owner import ask

if TYPE_CHECKING:
    from local.endpoint import Endpoint


@dataclass(frozen=True)
class Message:
    """A message as it was published.

    Attributes:
        number: Rises with each message; from 1 after each start.
        at: When, ISO 8601 in UTC.
        topic: Its ARN.
    """

    number: int
    at: str
    topic: str
    subject: str
    text: str


def read_messages(endpoint: Endpoint, *, topic: str, after: int = 0) -> list[Message]:
    """The latest messages of a topic (its ARN) after that of a number, oldest first."""
    found = (Message(**each) for each in ask(endpoint, "messages", "GET")["messages"])
    return [each for each in found if each.topic == topic and each.number > after]
