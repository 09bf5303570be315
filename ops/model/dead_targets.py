"""Targets of undelivered events: the state machine and RecordOutcome."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from functions.domain.bedrock_event import JobStateChange
from functions.domain.errors import EventInvalid
from functions.domain.inputs import read_event
from ops.model.dead_queue import DeadQueue
from ops.model.starting import key_of, members, start_execution

if TYPE_CHECKING:
    from ops.model.dead_queue import Undelivered
    from ops.model.deployment import Deployment


class StillUndeliverable(Exception):  # noqa: N818 - what became of a second attempt
    """What `send` raises: the target refused the event again."""


@dataclass(frozen=True)
class Results:
    """Results objects that were created: the state machine, which starts an execution for each."""

    deployed: Deployment
    queue: DeadQueue
    name: str = "results"

    @classmethod
    def of(cls, deployed: Deployment) -> Results:
        """With the dead-letter queue of the trigger."""
        return cls(deployed, DeadQueue(deployed.sqs, deployed.outputs["TriggerDeadLetterQueueUrl"]))

    def subject(self, event: Undelivered) -> dict[str, str]:
        """The object that arrived, or the job that ended, and whose it is."""
        if (ended := _ended(event)) is not None:
            return {"job": ended.job_id, "about": f"{ended.detail.status} at Bedrock"}
        key = key_of(event.event)
        return {"job": self.deployed.job_of(key), "about": key}

    def send(self, event: Undelivered) -> str:
        """Start its execution. Its name comes from the event, so that twice starts one."""
        name = f"resent-{hashlib.sha256(event.body.encode()).hexdigest()[:40]}"
        try:
            start_execution(self.deployed, name, event.body)
        except ClientError as error:
            raise StillUndeliverable(str(error)) from error
        return self.deployed.execution_arn(name)


@dataclass(frozen=True)
class Outcomes:
    """Ends of executions: RecordOutcome, which marks the job and publishes a message."""

    deployed: Deployment
    queue: DeadQueue
    function: str
    name: str = "outcomes"

    @classmethod
    def of(cls, deployed: Deployment) -> Outcomes:
        """With the function and the dead-letter queue of the rule for outcomes."""
        rule = f"{deployed.stack}-outcomes"
        events = deployed.make_client("events")
        (target,) = events.list_targets_by_rule(Rule=rule)["Targets"]
        queue = target["DeadLetterConfig"]["Arn"].rpartition(":")[2]
        url = deployed.sqs.get_queue_url(QueueName=queue)["QueueUrl"]
        return cls(deployed, DeadQueue(deployed.sqs, url), target["Arn"])

    def subject(self, event: Undelivered) -> dict[str, str]:
        """The execution that ended and the job it worked on, or the job that was settled."""
        detail = event.event.get("detail")
        detail = detail if isinstance(detail, dict) else {}
        key = key_of(members(str(detail.get("input", ""))))
        execution = str(detail.get("executionArn", ""))
        status = str(detail.get("status", ""))
        about = f"{status} {execution.rpartition(':')[2]}".strip()
        job_id = str(detail.get("jobId") or "") or self.deployed.job_of(key)
        return {"job": job_id, "about": about}

    def send(self, event: Undelivered) -> str:
        """Invoke the function as the rule would, and wait for its answer."""
        answer: Any = self.deployed.functions.invoke(
            FunctionName=self.function, Payload=event.body.encode()
        )
        said = json.loads(answer["Payload"].read())
        if "FunctionError" in answer:
            raise StillUndeliverable(f"{said.get('errorType')}: {said.get('errorMessage')}")
        return f"recorded: {said['outcome']}"


def _ended(event: Undelivered) -> JobStateChange | None:
    try:
        read = read_event(event.event)
    except EventInvalid:
        return None
    return read if isinstance(read, JobStateChange) else None


Target = Results | Outcomes
"""The target of a queue's events."""
