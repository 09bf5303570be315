"""The record of an execution: what is saved of it.

It is MiniStack's record with the project's fields: `roleArn`, `redriveCount`, `redriveDate`,
`cursor` (where a redrive starts), `definition` (a parent's, as it was started with), `mapRunArn`
(a child's). Plain JSON, so that MiniStack's persistence carries it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ministack.core.responses import now_iso

from embedded_aws.stepfunctions.engine import history

if TYPE_CHECKING:
    from embedded_aws.stepfunctions.engine.history import Execution


def new_record(*, arn: str, machine_arn: str, role: str, text: str, start_at: str) -> Execution:
    """A running execution, its start in its history."""
    execution: Execution = {
        "executionArn": arn,
        "stateMachineArn": machine_arn,
        "name": arn.rsplit(":", 1)[-1],
        "status": "RUNNING",
        "startDate": now_iso(),
        "stopDate": None,
        "input": text,
        "output": None,
        "error": None,
        "cause": None,
        "roleArn": role,
        "redriveCount": 0,
        "redriveDate": None,
        "cursor": {"state": start_at, "input": text, "entered": False},
        "events": [],
    }
    history.add(
        execution,
        "ExecutionStarted",
        values={"input": text, "inputDetails": {"truncated": False}, "roleArn": role},
    )
    return execution


def reopen(execution: Execution) -> None:
    """Put a closed execution back to RUNNING for its redrive, and say so in its history.

    AWS (API reference, ExecutionRedrivenEventDetails): the event carries the count of redrives.
    """
    execution["redriveCount"] += 1
    execution.update(
        status="RUNNING", redriveDate=now_iso(), stopDate=None, error=None, cause=None, output=None
    )
    history.add(execution, "ExecutionRedriven", values={"redriveCount": execution["redriveCount"]})
