"""A deployment whose job, executions and queue are named by somebody who wants to be obeyed."""

import io
import json
from typing import Any

from functions.domain.attribute_values import to_item
from functions.domain.ledger_rows import object_partition, segment_sk
from functions.domain.ranges import Range
from ops.model.deployment import Deployment
from tests.hostile.others import Aws
from tests.workflow.aws_tables import BUCKET, deployment_on
from tests.workflow.memory.executions import EXECUTION, OneExecution
from tests.workflow.memory.queues import MemoryQueues
from tests.workflow.rows import put_claim, put_job

DIRT = (
    "\x1b]0;owned\x07\x1b[2J\x1b[31m\x9b31m\x90q\x9c\r\x08\x7f\u202eevil\u2066\u200b\u2028\x85"
    "[red]bold[/red][link=http://evil]:boom:\n$(reboot)`id`;'\"&\ufeff\U000e0041"
)
"""Escapes of both kinds, colours, titles, hidden and reversed text, markup, and a shell's words."""


def failed(given: str, *, redrive_status: str = "NOT_REDRIVABLE") -> OneExecution:
    """An execution of this input that failed, in hostile words."""
    return OneExecution(
        state=f"State{DIRT}",
        input=given,
        error=f"Error{DIRT}",
        cause=DIRT,
        redriveStatus=redrive_status,
        redriveStatusReason=f"because {DIRT}",
    )


def queues(*bodies: str) -> MemoryQueues:
    """Dead-letter queues with these events, each with hostile reasons."""
    reason = {"StringValue": DIRT}
    return MemoryQueues([*bodies], {"ERROR_CODE": reason, "ERROR_MESSAGE": reason})


class OutcomeRule:
    """The rule that hears of outcomes, and the function that it calls."""

    def list_targets_by_rule(self, **_: Any) -> dict[str, Any]:
        queue = {"Arn": "arn:aws:sqs:us-east-1:000000000000:outcomes"}
        return {"Targets": [{"Arn": "arn:function", "DeadLetterConfig": queue}]}

    def invoke(self, **_: Any) -> dict[str, Any]:
        failure = {"errorType": f"Error{DIRT}", "errorMessage": DIRT}
        return {"FunctionError": "Unhandled", "Payload": io.BytesIO(json.dumps(failure).encode())}


def deployment(aws: Aws, states: OneExecution, queue: MemoryQueues | None = None) -> Deployment:
    """Of these parts."""
    rule = OutcomeRule()
    clients = {"stepfunctions": states, "sqs": queue, "events": rule, "lambda": rule}
    return deployment_on(aws, **clients)


def plant(aws: Aws, *, job: str, key: str, letter: dict[str, Any] | None = None) -> None:
    """A job with a failed claim, and a segment with dead letters."""
    s3, dynamodb = aws
    put_job(
        dynamodb,
        job,
        intentId=f"intent {DIRT}",
        submitTime=f"then {DIRT}",
        userId="the user",
        status=f"FAILED {DIRT}",
        modelId=DIRT,
        resultStats={"missingCount": DIRT, "unexpectedCount": DIRT},
    )
    etag = s3.put_object(Bucket=BUCKET, Key=key, Body=b"{}\n")["ETag"].strip('"')
    put_claim(dynamodb, job, key, etag=etag, owner=EXECUTION, state="failed")
    letters = f"dead-letters/{job}/{key.rpartition('/')[2]}/0-3.jsonl"
    said = {
        "key": key,
        "etag": etag,
        "offset": 0,
        "length": 3,
        "recordId": f"record {DIRT}",
        "reason": f"Reason{DIRT}",
        "details": [DIRT, DIRT],
        "excerpt": f"excerpt {DIRT}",
    }
    s3.put_object(
        Bucket=BUCKET, Key=letters, Body=json.dumps(said | (letter or {})).encode() + b"\n"
    )
    row = {
        "pk": object_partition(job, key, 1),
        "sk": segment_sk(Range(0, 3)),
        "successCount": 0,
        "rejectsByReason": {f"Reason{DIRT}": 1},
        "deadLetters": letters,
    }
    dynamodb.put_item(TableName="ledger", Item=to_item(row))
