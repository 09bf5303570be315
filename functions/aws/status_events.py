"""Sends the status events of jobs to the account's default event bus."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from functions.domain.jobs import JobKey
from functions.domain.status_events import DETAIL_TYPE, SOURCE, JobStatusChange

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient


class StatusEventRefused(Exception):  # noqa: N818  the name is what Step Functions retries on
    """EventBridge refused a status event; the job's record keeps it until it is sent."""


@dataclass(frozen=True)
class StatusEvents:
    """The default event bus.

    Attributes:
        client: Makes the client, when there is something to send.
    """

    client: Callable[[], "EventBridgeClient"]

    def send(self, job_id: str, key: JobKey, changes: Sequence[JobStatusChange]) -> None:
        """Send an event for each change, in their order, one a request.

        Raises:
            StatusEventRefused: if EventBridge refuses an entry.
        """
        for change in changes:
            detail = change.detail(job_id=job_id, intent_id=key.intent_id)
            answer = self.client().put_events(
                Entries=[
                    {"Source": SOURCE, "DetailType": DETAIL_TYPE, "Detail": json.dumps(detail)}
                ]
            )
            if answer["FailedEntryCount"]:
                code = answer["Entries"][0].get("ErrorCode", "")
                raise StatusEventRefused(f"Job {job_id!r}, revision {change.revision}: {code}")
