"""`ingest dead-events`: what the trigger could not deliver, and its delivery by hand.

EventBridge's dead-letter queues cannot be redriven by SQS: the messages are events, to be given
to the target again. https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer
from botocore.exceptions import ClientError
from rich.table import Table

from functions.domain.object_keys import parse_key
from ops import options
from ops.errors import ExitCode
from ops.terminal import err, out, outside, print_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ops.deployment import Deployment

VISIBILITY_SECONDS = 120
"""How long a message is out of others' sight: as long as looking at all of them may take."""
_BATCH = 10


@dataclass(frozen=True)
class DeadEvent:
    """An event that no execution was started for.

    Attributes:
        body: The event, as S3 sent it.
        reason: Why EventBridge gave up, in its words.
    """

    receipt: str
    body: str
    reason: str

    @property
    def event(self) -> Mapping[str, Any]:
        """The event's members; none where it is no event."""
        try:
            event = json.loads(self.body)
        except (ValueError, RecursionError):
            return {}
        return event if isinstance(event, dict) else {}

    @property
    def key(self) -> str:
        """The object that arrived; empty where the event names none."""
        try:
            key = self.event["detail"]["object"]["key"]
        except (KeyError, TypeError):
            return ""
        return key if isinstance(key, str) else ""

    @property
    def job_id(self) -> str:
        """Whose object it is."""
        key = parse_key(self.key)
        return key.job_id if key else ""

    @property
    def execution_name(self) -> str:
        """The same for the same event, so that resending it twice starts one execution."""
        return f"resent-{hashlib.sha256(self.body.encode()).hexdigest()[:40]}"


@dataclass(frozen=True)
class Resent:
    """An event that was given to the state machine."""

    event: DeadEvent
    execution: str


def dead_events(
    resend: Annotated[
        bool, typer.Option("--resend", help="Start their executions, and remove them.")
    ] = False,
    local: options.Local = False,
    data: options.Data = None,
    stack: options.Stack = None,
    as_json: options.AsJson = False,
) -> None:
    """List events of the trigger's dead-letter queue; with --resend, start their executions.

    Mend first what the reason names, most often a permission. Exits with 4 while events are left.
    """
    deployed = options.chosen(local=local, data=data, stack=stack)
    waiting = list(read(deployed))
    resent = resend_all(deployed, waiting) if resend else []
    if not resend:
        put_back(deployed, waiting)
    left = len(waiting) - len(resent)
    if as_json:
        print_json(
            {"events": [_as_json(each, resent) for each in waiting], "left": left},
        )
    else:
        _show(waiting, resent)
    if left:
        raise typer.Exit(ExitCode.JOB_FAILED)


def read(deployed: Deployment) -> Iterator[DeadEvent]:
    """Take every message out of others' sight for a while; none is removed."""
    while messages := _receive(deployed):
        for message in messages:
            attributes = message.get("MessageAttributes", {})
            words = (
                attributes.get(name, {}).get("StringValue", "")
                for name in ("ERROR_CODE", "ERROR_MESSAGE")
            )
            yield DeadEvent(
                message["ReceiptHandle"], message["Body"], ": ".join(filter(None, words))
            )


def put_back(deployed: Deployment, events: Sequence[DeadEvent]) -> None:
    """Let everybody see them again at once."""
    for each in events:
        deployed.sqs.change_message_visibility(
            QueueUrl=_queue(deployed), ReceiptHandle=each.receipt, VisibilityTimeout=0
        )


def resend_all(deployed: Deployment, events: Sequence[DeadEvent]) -> list[Resent]:
    """Start an execution for each, as the trigger would have, then remove it."""
    resent = []
    for each in events:
        name = each.execution_name
        try:
            deployed.step_functions.start_execution(
                stateMachineArn=deployed.state_machine, name=name, input=each.body
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "ExecutionAlreadyExists":
                err.print(outside(f"{each.key or 'an event'}: {error}", "red"))
                put_back(deployed, [each])
                continue
        deployed.sqs.delete_message(QueueUrl=_queue(deployed), ReceiptHandle=each.receipt)
        resent.append(Resent(each, deployed.execution_arn(name)))
    return resent


def _receive(deployed: Deployment) -> list[Any]:
    answer = deployed.sqs.receive_message(
        QueueUrl=_queue(deployed),
        MaxNumberOfMessages=_BATCH,
        MessageAttributeNames=["All"],
        VisibilityTimeout=VISIBILITY_SECONDS,
        WaitTimeSeconds=1,  # asks all of the queue's servers, not some
    )
    return list(answer.get("Messages", []))


def _queue(deployed: Deployment) -> str:
    return deployed.outputs["TriggerDeadLetterQueueUrl"]


def _as_json(each: DeadEvent, resent: Sequence[Resent]) -> dict[str, Any]:
    execution = next((done.execution for done in resent if done.event is each), None)
    return {
        "time": each.event.get("time"),
        "job": each.job_id,
        "object": each.key,
        "reason": each.reason,
        "execution": execution,
    }


def _show(waiting: Sequence[DeadEvent], resent: Sequence[Resent]) -> None:
    if not waiting:
        out.print("Every event was delivered: the dead-letter queue is empty.")
        return
    table = Table(box=None, header_style="dim", pad_edge=False)
    for column in ("Arrived", "Job", "Object", "Not delivered because"):
        table.add_column(column, overflow="fold")
    for each in waiting:
        cells = (each.event.get("time") or "-", each.job_id or "-", each.key or "-", each.reason)
        table.add_row(*map(outside, cells))
    out.print(table)
    for done in resent:
        out.print(outside(f"Started {done.execution}", "green"))
    if not resent:
        out.print("Remove the cause, then: ingest dead-events --resend")
