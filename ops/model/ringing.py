"""Alarms that ring, and undelivered events."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from datetime import datetime

    from ops.model.deployment import Deployment


_MORE: Final = re.compile(r" (?:Cure|Runbook): ")


@dataclass(frozen=True)
class RingingAlarm:
    """An alarm of the stack in the state ALARM.

    Attributes:
        name: Without the stack's name, as the runbook has it.
        meaning: Of its description, without the cure and the address of its page in the runbook.
        since: When it began to ring.
    """

    name: str
    meaning: str
    since: datetime


def read_ringing(deployed: Deployment) -> tuple[RingingAlarm, ...]:
    """The stack's alarms that ring, the newest first; one call a hundred of them."""
    prefix = f"{deployed.stack}-"
    pages = deployed.cloudwatch.get_paginator("describe_alarms").paginate(
        AlarmNamePrefix=prefix, StateValue="ALARM"
    )
    found = [
        RingingAlarm(
            name=alarm["AlarmName"].removeprefix(prefix),
            meaning=_MORE.split(alarm.get("AlarmDescription", ""))[0],
            since=alarm["StateUpdatedTimestamp"],
        )
        for page in pages
        for alarm in page["MetricAlarms"]
    ]
    return tuple(sorted(found, key=lambda each: each.since, reverse=True))


def count_undelivered(deployed: Deployment) -> int:
    """Events that wait in the dead-letter queue of the trigger, about."""
    answer = deployed.sqs.get_queue_attributes(
        QueueUrl=deployed.outputs["TriggerDeadLetterQueueUrl"],
        AttributeNames=["ApproximateNumberOfMessages"],
    )
    return int(answer["Attributes"]["ApproximateNumberOfMessages"])
