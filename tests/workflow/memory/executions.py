"""Executions, as Step Functions starts, lists, describes and redrives them.

`MemoryExecutions` run and end; of `OneExecution` a test sets what is said of it.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

from botocore.exceptions import ClientError

MACHINE = "arn:aws:states:us-east-1:1:stateMachine:BatchIngest"
START = datetime(2026, 11, 23, tzinfo=UTC)
EXECUTION = f"{MACHINE.replace(':stateMachine:', ':execution:')}:one"

_ENDS = {
    "RUNNING": "ExecutionRedriven",
    "FAILED": "ExecutionFailed",
    "SUCCEEDED": "ExecutionSucceeded",
}


@dataclass
class MemoryExecutions:
    """As much of Step Functions as starting at a pace asks.

    Attributes:
        lag: Answers of lists and descriptions are as of the last `settle`, where this is not 0.
    """

    lag: int = 0
    now: dict[str, dict[str, Any]] = field(default_factory=dict)
    seen: dict[str, dict[str, Any]] = field(default_factory=dict)
    requests: list[dict[str, Any]] = field(default_factory=list)

    def start_execution(self, **request: Any) -> dict[str, Any]:
        """Idempotent while it runs; refused afterwards, or with another input."""
        self.requests.append(request)
        arn = f"{request['stateMachineArn'].replace(':stateMachine:', ':execution:')}"
        arn = f"{arn}:{request['name']}"
        known = self.now.get(arn)
        if known is None:
            self.now[arn] = {
                "executionArn": arn,
                "status": "RUNNING",
                "input": request["input"],
                "startDate": START,
                "redriveCount": 0,
            }
        elif known["status"] != "RUNNING" or known["input"] != request["input"]:
            raise _error("ExecutionAlreadyExists", "StartExecution")
        self._answered()
        return {"executionArn": arn, "startDate": START}

    def describe_state_machine(self, **_: Any) -> dict[str, Any]:
        """There are executions alone."""
        raise _error("StateMachineDoesNotExist", "DescribeStateMachine")

    def redrive_execution(self, *, executionArn: str, clientToken: str) -> None:  # noqa: N803
        assert clientToken
        known = self.now[executionArn]
        count = known["redriveCount"] + 1
        self.now[executionArn] = {**known, "status": "RUNNING", "redriveCount": count}
        self._answered()

    def end(self, arn: str, status: str = "SUCCEEDED") -> None:
        """An execution ends."""
        self.now[arn] = {**self.now[arn], "status": status}
        self._answered()

    def settle(self) -> None:
        """Lists and descriptions catch up."""
        self.seen = dict(self.now)

    def _answered(self) -> None:
        if not self.lag:
            self.settle()

    def listed(self) -> list[str]:
        return [arn for arn, each in self.seen.items() if each["status"] == "RUNNING"]

    def list_executions(self, **request: Any) -> dict[str, Any]:
        assert request["statusFilter"] == "RUNNING"
        return {"executions": [self.seen[arn] for arn in self.listed()]}

    def get_paginator(self, operation: str) -> Any:
        assert operation == "list_executions"
        return SimpleNamespace(paginate=self._pages)

    def _pages(self, *, statusFilter: str, **_: Any) -> list[dict[str, Any]]:  # noqa: N803
        return [{"executions": [e for e in self.seen.values() if e["status"] == statusFilter]}]

    def describe_execution(self, *, executionArn: str) -> dict[str, Any]:  # noqa: N803
        if executionArn not in self.seen:
            raise _error("ExecutionDoesNotExist", "DescribeExecution")
        return self.seen[executionArn]


class OneExecution:
    """Step Functions with one execution that failed in a task, or ended otherwise.

    Attributes:
        described: Of DescribeExecution.
        state: The last that it entered.
        tries: Events of its history since then.
        listed: Pages of ListExecutions with failed ones.
        redriven, started: What was asked for.
    """

    def __init__(self, *, state: str = "PlanRanges", **described: Any) -> None:
        self.described = {
            "executionArn": EXECUTION,
            "status": "FAILED",
            "startDate": START,
            "error": "ClientError",
            "redriveStatus": "REDRIVABLE",
            **described,
        }
        self.state = state
        self.tries: list[dict[str, Any]] = []
        self.listed: list[list[dict[str, Any]]] = [
            [{"executionArn": EXECUTION, "startDate": START}]
        ]
        self.redriven: list[str] = []
        self.started: list[dict[str, Any]] = []

    def describe_execution(self, *, executionArn: str) -> dict[str, Any]:  # noqa: N803
        return {**self.described, "executionArn": executionArn}

    def list_executions(self, **_: Any) -> dict[str, Any]:
        return {"executions": self.listed[0]}

    def redrive_execution(self, *, executionArn: str, clientToken: str) -> None:  # noqa: N803
        assert clientToken
        self.redriven.append(executionArn)
        self.described |= {"status": "SUCCEEDED", "redriveCount": 1}

    def start_execution(self, **request: Any) -> dict[str, Any]:
        self.started.append(request)
        return {"executionArn": EXECUTION}

    def history(self) -> list[dict[str, Any]]:
        """The events, in their order."""
        given = {"input": self.described.get("input", "{}")}
        failure = {"error": self.described["error"], "cause": self.described.get("cause", "")}
        events = [
            {"type": "ExecutionStarted", "executionStartedEventDetails": given},
            {"type": "TaskStateEntered", "stateEnteredEventDetails": {"name": self.state}},
            *self.tries,
            {"type": _ENDS[self.described["status"]], "executionFailedEventDetails": failure},
        ]
        return [{**each, "timestamp": START} for each in events]

    def get_paginator(self, operation: str) -> Any:
        return SimpleNamespace(paginate=lambda **request: self._pages(operation, **request))

    def _pages(self, operation: str, **request: Any) -> list[dict[str, Any]]:
        if operation == "get_execution_history":
            return [{"events": self.history()[:: -1 if request.get("reverseOrder") else 1]}]
        if operation == "list_map_runs":
            return [{"mapRuns": []}]
        pages = self.listed if request["statusFilter"] == "FAILED" else []
        return [{"executions": page} for page in pages]


def _error(code: str, operation: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": code}}, operation)
