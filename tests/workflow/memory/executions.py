"""Executions by their names, as Step Functions starts, lists, describes and redrives them."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError

MACHINE = "arn:aws:states:us-east-1:1:stateMachine:BatchIngest"
START = datetime(2026, 11, 23, tzinfo=UTC)


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

    def describe_execution(self, *, executionArn: str) -> dict[str, Any]:  # noqa: N803
        if executionArn not in self.seen:
            raise _error("ExecutionDoesNotExist", "DescribeExecution")
        return self.seen[executionArn]


def _error(code: str, operation: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": code}}, operation)
