"""The event "Batch Inference Job State Change", sent to the default bus at every change of status.

https://docs.aws.amazon.com/bedrock/latest/userguide/monitoring-eventbridge-how-it-works.html
(its sample: `creationTime` "Aug 28, 2024, 10:47:53 PM", `failureMessage` empty where there is none)
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from embedded_aws.core import service_events


def send(job: dict[str, Any]) -> None:
    """Publish the present status of a job."""
    detail = {
        "version": "0.0",
        "accountId": job["jobArn"].split(":")[4],
        "batchJobName": job["jobName"],
        "batchJobArn": job["jobArn"],
        "batchModelId": job["modelId"],
        "status": job["status"],
        "failureMessage": job.get("message", ""),
        "creationTime": _long_form(datetime.fromisoformat(job["submitTime"])),
    }
    kind = "Batch Inference Job State Change"
    service_events.send("aws.bedrock", kind, detail, job["jobArn"])


def _long_form(moment: datetime) -> str:
    hour = moment.hour % 12 or 12
    return f"{moment:%b} {moment.day}, {moment.year}, {hour}:{moment:%M:%S %p}"
