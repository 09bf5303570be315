"""A running execution as its states see it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ministack.core.responses import now_iso

if TYPE_CHECKING:
    from embedded_aws.stepfunctions.engine.history import Execution
    from embedded_aws.stepfunctions.engine.running import Running

Json = Any
"""A value of JSON."""
State = dict[str, Any]
"""The definition of a state."""


@dataclass
class Frame:
    """An execution, the states it runs and what they may ask of it."""

    execution: Execution
    states: dict[str, State]
    running: Running
    context: dict[str, Any] = field(default_factory=dict)
    """The context object, `$$`."""

    @property
    def arn(self) -> str:
        """The execution's ARN."""
        return str(self.execution["executionArn"])

    @property
    def role(self) -> str:
        """The ARN of the state machine's role."""
        return str(self.execution["roleArn"])

    def enter(self, name: str) -> State:
        """Move the context object to a state, and give its definition."""
        self.context["State"] = {"EnteredTime": now_iso(), "Name": name, "RetryCount": 0}
        return self.states[name]


def context_object(execution: Execution, machine_name: str) -> dict[str, Any]:
    """The context object of an execution.

    AWS (Step Functions guide, "input-output-contextobject"): RedriveTime is there only after a
    redrive.
    """
    redriven = {"RedriveTime": execution["redriveDate"]} if execution.get("redriveDate") else {}
    return {
        "Execution": {
            "Id": execution["executionArn"],
            "Input": json.loads(execution["input"]),
            "Name": execution["name"],
            "RoleArn": execution["roleArn"],
            "StartTime": execution["startDate"],
            "RedriveCount": execution["redriveCount"],
            **redriven,
        },
        "StateMachine": {"Id": execution["stateMachineArn"], "Name": machine_name},
    }
