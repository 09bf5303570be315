"""A queue that is subscribed to the alarm topic: all that people are told, as it comes."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Self

from ops.model.deployment import Deployment
from tests.e2e.queues import make_queue, taken
from tests.e2e.waiting import eventually


@dataclass(frozen=True)
class Received:
    """A message as a subscriber gets it."""

    subject: str
    text: str

    @property
    def alarm(self) -> dict[str, Any]:
        """What an alarm says; nothing if it is no alarm's message."""
        try:
            body = json.loads(self.text)
        except ValueError:
            return {}
        return body if isinstance(body, dict) and "AlarmName" in body else {}

    @property
    def facts(self) -> dict[str, Any]:
        """The facts beside the text of a message about an execution; nothing if it is none."""
        at = self.text.find("\n{")
        if at < 0:
            return {}
        facts: dict[str, Any] = json.loads(self.text[at:])
        return facts


@dataclass
class Inbox:
    deployed: Deployment
    url: str
    messages: list[Received] = field(default_factory=list)

    @classmethod
    def subscribe(cls, deployed: Deployment) -> Self:
        url, arn = make_queue(deployed.sqs, "what-people-are-told", service="sns.amazonaws.com")
        topic = deployed.outputs["AlarmTopicArn"]
        deployed.make_client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
        return cls(deployed, url)

    def mark(self) -> int:
        """A position: what comes after it is new."""
        self.fetch()
        return len(self.messages)

    def fetch(self) -> None:
        for body in taken(self.deployed.sqs, self.url):
            self.messages.append(Received(body.get("Subject") or "", body["Message"]))

    def until(self, wanted: Callable[[Received], bool], what: str, *, since: int = 0) -> Received:
        """The first message of a kind, waited for."""

        def found() -> Received | None:
            self.fetch()
            return next(filter(wanted, self.messages[since:]), None)

        message: Received = eventually(found, f"a message says: {what}")
        return message

    def of_execution(self, arn: str) -> list[Received]:
        self.fetch()
        return [each for each in self.messages if each.facts.get("execution") == arn]

    def told(self, arn: str, outcome: str, *, redrives: int = 0) -> Received:
        """A message about an execution's outcome, waited for."""
        return self.until(
            lambda each: (
                each.facts.get("execution") == arn
                and each.facts["outcome"] == outcome
                and each.facts["redriveCount"] == redrives
            ),
            f"{arn} {outcome}",
        )

    def rang(self, name: str, state: str, *, since: int) -> Received:
        """An alarm's change to a state, waited for."""
        return self.until(
            lambda each: (
                each.alarm.get("AlarmName") == name and each.alarm["NewStateValue"] == state
            ),
            f"{name} {state}",
            since=since,
        )
