"""Queues of the tests that listen to services."""

import json
from collections.abc import Iterator
from typing import Any


def make_queue(sqs: Any, name: str, *, service: str) -> tuple[str, str]:
    """A queue that a service may send to: its URL and its ARN."""
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    asked = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    arn = asked["Attributes"]["QueueArn"]
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": service},
        "Action": "sqs:SendMessage",
        "Resource": arn,
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    return url, arn


def taken(sqs: Any, url: str, *, wait_seconds: int = 0) -> Iterator[dict[str, Any]]:
    """The bodies of all messages that wait in a queue, which are taken out of it."""
    while messages := sqs.receive_message(
        QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=wait_seconds
    ).get("Messages"):
        for each in messages:
            sqs.delete_message(QueueUrl=url, ReceiptHandle=each["ReceiptHandle"])
            yield json.loads(each["Body"])
