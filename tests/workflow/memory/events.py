"""The default event bus, and Bedrock's record of its jobs."""

# ruff: noqa: N803 - the arguments are named by AWS
import json
from typing import Any

from tests.workflow.memory.errors import refusal


class MemoryEvents:
    """EventBridge's PutEvents."""

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []
        #: Whether the next requests are answered with an error in the entry.
        self.refuses = False

    def put_events(self, *, Entries: list[dict[str, str]]) -> dict[str, Any]:
        if self.refuses:
            return {"FailedEntryCount": 1, "Entries": [{"ErrorCode": "ThrottlingException"}]}
        self.sent.extend(Entries)
        return {"FailedEntryCount": 0, "Entries": [{"EventId": "e"} for _ in Entries]}

    @property
    def details(self) -> list[dict[str, Any]]:
        return [json.loads(entry["Detail"]) for entry in self.sent]


class MemoryBedrock:
    """Bedrock's GetModelInvocationJob."""

    def __init__(self) -> None:
        self.jobs: dict[str, dict[str, Any]] = {}
        self.asked: list[str] = []

    def get_model_invocation_job(self, *, jobIdentifier: str) -> dict[str, Any]:
        self.asked.append(jobIdentifier)
        if jobIdentifier not in self.jobs:
            raise refusal("ResourceNotFoundException", "GetModelInvocationJob")
        return self.jobs[jobIdentifier]
