"""A running execution as its states see it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from embedded_aws.core import clock

if TYPE_CHECKING:
    from embedded_aws.stepfunctions.engine.running import Running
    from embedded_aws.stepfunctions.store import Execution

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
        return self.execution.arn

    @property
    def role(self) -> str:
        """The ARN of the state machine's role."""
        return self.execution.role

    def enter(self, name: str) -> State:
        """Move the context object to a state, and give its definition."""
        self.context["State"] = {"EnteredTime": clock.now(), "Name": name}
        return self.states[name]


def context_object(execution: Execution) -> dict[str, Any]:
    """The context object of an execution.

    AWS (Step Functions guide, "input-output-contextobject"): RedriveTime is there only after a
    redrive.
    """
    redriven = {"RedriveTime": execution.redriven} if execution.redriven else {}
    return {
        "Execution": {
            "Id": execution.arn,
            "Input": json.loads(execution.input),
            "Name": execution.name,
            "RoleArn": execution.role,
            "StartTime": execution.started,
            "RedriveCount": execution.redrive_count,
            **redriven,
        },
        "StateMachine": {"Id": execution.machine, "Name": execution.machine.rsplit(":", 1)[-1]},
    }
