"""A queue that is subscribed to the alarm topic: all that people are told, as it comes."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Self

from ops.model.deployment import Deployment

SECONDS = 300.0


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
    """The subscription."""

    deployed: Deployment
    url: str
    messages: list[Received] = field(default_factory=list)

    @classmethod
    def subscribe(cls, deployed: Deployment) -> Self:
        sns, sqs = deployed.make_client("sns"), deployed.sqs
        url = sqs.create_queue(QueueName="what-people-are-told")["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"][
            "QueueArn"
        ]
        statement = {
            "Effect": "Allow",
            "Principal": {"Service": "sns.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": arn,
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
        sns.subscribe(TopicArn=deployed.outputs["AlarmTopicArn"], Protocol="sqs", Endpoint=arn)
        return cls(deployed, url)

    def mark(self) -> int:
        """A position: what comes after it is new."""
        self.fetch()
        return len(self.messages)

    def fetch(self) -> None:
        """Take in what has come."""
        while True:
            answer = self.deployed.sqs.receive_message(QueueUrl=self.url, MaxNumberOfMessages=10)
            batch = answer.get("Messages", [])
            for each in batch:
                body = json.loads(each["Body"])
                self.messages.append(Received(body.get("Subject") or "", body["Message"]))
                self.deployed.sqs.delete_message(
                    QueueUrl=self.url, ReceiptHandle=each["ReceiptHandle"]
                )
            if not batch:
                return

    def until(self, wanted: Callable[[Received], bool], what: str, *, since: int = 0) -> Received:
        """The first message of a kind, waited for."""
        deadline = time.monotonic() + SECONDS
        while True:
            self.fetch()
            for each in self.messages[since:]:
                if wanted(each):
                    return each
            assert time.monotonic() < deadline, f"nobody was told: {what}"
            time.sleep(0.05)

    def of_execution(self, arn: str) -> list[Received]:
        """All that was said of an execution."""
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
