"""The records of Step Functions: state machines, executions and Map Runs, by ARN.

The records are plain data. `to_json` and `from_json` give and take what is saved of all of them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, TypeVar

from ministack.core.responses import get_account_id, get_region

from embedded_aws.core import clock
from embedded_aws.core.api import ApiError

OPEN = ("RUNNING", "PENDING_REDRIVE")
"""The statuses of what has not ended."""


@dataclass
class StateMachine:
    """A state machine."""

    arn: str
    definition: str
    role: str
    logging: dict[str, Any]
    tracing: dict[str, Any]
    encryption: dict[str, Any]
    tags: dict[str, str]
    revision: str
    created: str = field(default_factory=clock.now)

    @property
    def name(self) -> str:
        """Its name."""
        return self.arn.rsplit(":", 1)[-1]


@dataclass
class Cursor:
    """The state that an execution is in or goes to next: where a redrive starts."""

    state: str | None
    input: str
    kind: str = ""
    entered: bool = False
    map_run: str | None = None
    """The Map Run of the state's visit, when it has opened one."""


@dataclass
class Execution:
    """An execution; it keeps the definition, role and input that it was started with."""

    arn: str
    machine: str
    role: str
    input: str
    cursor: Cursor
    definition: str = ""
    """A parent's; a map's child runs a part of its parent's."""
    map_run: str | None = None
    """A child's."""
    status: str = "RUNNING"
    started: str = field(default_factory=clock.now)
    stopped: str | None = None
    output: str | None = None
    error: str | None = None
    cause: str | None = None
    redrive_count: int = 0
    redriven: str | None = None
    redrive_tokens: list[dict[str, Any]] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)

    @property
    def name(self) -> str:
        """Its name."""
        return self.arn.rsplit(":", 1)[-1]


@dataclass
class MapRun:
    """A Map Run; one child has one item."""

    arn: str
    execution: str
    machine: str
    """The ARN of its children's state machine, which carries the map's label."""
    max_concurrency: int
    inputs: list[str] = field(default_factory=list)
    children: list[str | None] = field(default_factory=list)
    """The children's ARNs by their items' order; None for an item that was not started."""
    status: str = "RUNNING"
    started: str = field(default_factory=clock.now)
    stopped: str | None = None
    redrive_count: int = 0
    redriven: str | None = None
    results_written: int = 0
    error: str | None = None


machines: dict[str, StateMachine] = {}
executions: dict[str, Execution] = {}
map_runs: dict[str, MapRun] = {}

RecordT = TypeVar("RecordT")
_ARN = re.compile(r"arn:aws[\w-]*:states:[\w-]+:\d{12}:(\w+):.+")


def scope() -> str:
    """What ARNs of the caller's account and Region begin with."""
    return f"arn:aws:states:{get_region()}:{get_account_id()}"


def machine(arn: str) -> StateMachine:
    """A state machine of the caller's.

    Raises:
        ApiError: InvalidArn or StateMachineDoesNotExist.
    """
    missing = ApiError("StateMachineDoesNotExist", f"State Machine Does Not Exist: '{arn}'")
    return _of_caller(machines, arn, "stateMachine", missing)


def execution(arn: str) -> Execution:
    """An execution of the caller's.

    Raises:
        ApiError: InvalidArn or ExecutionDoesNotExist.
    """
    missing = ApiError("ExecutionDoesNotExist", f"Execution Does Not Exist: '{arn}'")
    return _of_caller(executions, arn, "execution", missing)


def map_run(arn: str) -> MapRun:
    """A Map Run of the caller's.

    Raises:
        ApiError: InvalidArn or ResourceNotFound.
    """
    missing = ApiError("ResourceNotFound", f"Map Run Does Not Exist: '{arn}'")
    return _of_caller(map_runs, arn, "mapRun", missing)


def _of_caller(records: dict[str, RecordT], arn: str, kind: str, missing: ApiError) -> RecordT:
    match = _ARN.fullmatch(arn)
    if match is None:
        raise ApiError("InvalidArn", f"Invalid Arn: 'Invalid ARN prefix: {arn}'")
    if match[1] != kind:
        why = f"Resource type not valid in this context: {match[1]}"
        raise ApiError("InvalidArn", f"Invalid Arn: '{why}'")
    if arn not in records or not arn.startswith(f"{scope()}:"):
        raise missing
    return records[arn]


def forget_ended(*, keep: int) -> None:
    """Forget all ended executions but the last, with their Map Runs and children."""
    ended = [
        each
        for each in list(executions.values())
        if each.map_run is None and each.status not in OPEN
    ]
    ended.sort(key=lambda each: each.stopped or each.started)
    forgotten = {each.arn for each in ended[: max(0, len(ended) - keep)]}
    if not forgotten:
        return
    for run in [each for each in list(map_runs.values()) if each.execution in forgotten]:
        forgotten |= {arn for arn in run.children if arn is not None}
        map_runs.pop(run.arn, None)
    for arn in forgotten:
        executions.pop(arn, None)


def children(run: MapRun) -> list[Execution]:
    """The children that were started, by their items' order."""
    return [executions[arn] for arn in run.children if arn is not None]


def to_json() -> dict[str, Any]:
    """All records as JSON, taken while executions may be running."""
    return {
        "machines": [vars(each) for each in list(machines.values())],
        "executions": [
            {**vars(each), "cursor": vars(each.cursor), "events": list(each.events)}
            for each in list(executions.values())
        ],
        "mapRuns": [
            {**vars(each), "inputs": list(each.inputs), "children": list(each.children)}
            for each in list(map_runs.values())
        ],
    }


def from_json(saved: dict[str, Any]) -> None:
    """Add saved records."""
    machines.update({each["arn"]: StateMachine(**each) for each in saved["machines"]})
    executions.update(
        {
            each["arn"]: Execution(**{**each, "cursor": Cursor(**each["cursor"])})
            for each in saved["executions"]
        }
    )
    map_runs.update({each["arn"]: MapRun(**each) for each in saved["mapRuns"]})
