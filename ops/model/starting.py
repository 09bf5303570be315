"""What starts an execution by hand: its name, and the event that S3 would have sent."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from functions.domain.timestamps import timestamp

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from ops.model.deployment import Deployment

_UNSAFE = re.compile(r"[^A-Za-z0-9_-]")
_MAX_NAMED = 36
"""Characters of a job's id in the name of an execution, which has at most 80."""


def execution_name(kind: str, job_id: str, unique: str) -> str:
    """The name of an execution that is started by a command of this kind."""
    return f"{kind}-{_UNSAFE.sub('-', job_id)[:_MAX_NAMED]}-{unique}"


def start_execution(deployed: Deployment, name: str, event: str) -> str | None:
    """Start the execution of a name; its ARN, or None if it has ended before.

    StartExecution with the name and input of an execution that runs starts nothing and answers as
    if it had; after its end, it refuses with ExecutionAlreadyExists
    (https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html).
    """
    try:
        return deployed.step_functions.start_execution(
            stateMachineArn=deployed.state_machine, name=name, input=event
        )["executionArn"]
    except ClientError as error:
        if error.response["Error"]["Code"] != "ExecutionAlreadyExists":
            raise
        return None


def object_created(
    described: Mapping[str, Any], *, bucket: str, event_id: str, source: str, created: datetime
) -> dict[str, Any]:
    """S3's event for an object that is described as in such an event; empty texts are left out."""
    return {
        "version": "0",
        "id": event_id,
        "detail-type": "Object Created",
        "source": source,
        "time": timestamp(created),
        "detail": {
            "version": "0",
            "bucket": {"name": bucket},
            "object": {name: value for name, value in described.items() if value != ""},
        },
    }


def key_of(event: Mapping[str, Any]) -> str:
    """The object that S3's event is about; empty for an event that names none."""
    try:
        key = event["detail"]["object"]["key"]
    except (KeyError, TypeError):
        return ""
    return key if isinstance(key, str) else ""


def members(text: str) -> Mapping[str, Any]:
    """The members of a JSON object; none of a text that is not one."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}
