"""The children of an execution's Map Runs, named by what they work on instead of their ids."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from functions.domain.attempts import Attempt, attempts_of
from functions.domain.causes import plain_cause
from functions.domain.map_items import UNKNOWN, MapItem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from ops.model.deployment import Deployment

DESCRIBED_AT_ONCE: Final = 40
"""Children of which one reading learns what they work on; the next one goes on with the others."""
FOLLOWED: Final = 16
"""Children whose attempts are read: those that failed and those at work."""
_FAILED: Final = frozenset({"FAILED", "TIMED_OUT"})
_MAX_CHILDREN: Final = 1000
_MAX_CAUSE: Final = 600


@dataclass(frozen=True)
class Child:
    """A child of a Map Run.

    Attributes:
        state: The map.
        status: In Step Functions' words.
        work: What it works on, as far as it is known yet.
        error, cause: Of a child that failed.
        attempts: Of its function; none where they were not read.
    """

    arn: str
    state: str
    status: str
    started: datetime
    ended: datetime | None
    redrives: int
    work: MapItem = UNKNOWN
    error: str = ""
    cause: str = ""
    attempts: tuple[Attempt, ...] = ()

    @property
    def item(self) -> str:
        """What it works on: `bytes 0-100`, `chunk 3`; its name where that is not known."""
        return str(self.work) or self.arn.rpartition(":")[2]

    @property
    def has_failed(self) -> bool:
        """Whether it failed for good, in the last run."""
        return self.status in _FAILED


@dataclass
class ChildrenReader:
    """Reads the children of one execution; what cannot change any more is read once."""

    deployed: Deployment
    execution: str
    _items: dict[str, MapItem] = field(default_factory=dict)
    _described: dict[tuple[str, str, int], Mapping[str, Any]] = field(default_factory=dict)
    _attempts: dict[tuple[str, str, int], tuple[Attempt, ...]] = field(default_factory=dict)

    def read(self) -> tuple[Child, ...]:
        """The children, in the order of what they work on."""
        return self._children(self._ranked())

    def read_troubled(self, most: int) -> tuple[Child, ...]:
        """Some children that failed or were tried again; not all that succeeded are looked at."""
        tried = [
            each
            for each in self._ranked()[:FOLLOWED]
            if each["status"] in _FAILED or len(self._attempts_of(each)) > 1
        ]
        return self._children(tried[:most])

    def _ranked(self) -> list[dict[str, Any]]:
        """The children as they are listed: those that failed or run come first."""
        return sorted(self._listed(), key=lambda each: each["status"] not in {*_FAILED, "RUNNING"})

    def _children(self, listed: Sequence[Mapping[str, Any]]) -> tuple[Child, ...]:
        self._describe(listed)
        followed = {each["executionArn"] for each in listed[:FOLLOWED]}
        children = [self._child(each, followed=followed) for each in listed]
        return tuple(sorted(children, key=_place))

    def _listed(self) -> Iterator[dict[str, Any]]:
        client = self.deployed.step_functions
        for run in client.list_map_runs(executionArn=self.execution)["mapRuns"]:
            state = run["mapRunArn"].rpartition("/")[2].partition(":")[0]
            pages = client.get_paginator("list_executions").paginate(
                mapRunArn=run["mapRunArn"],
                PaginationConfig={"PageSize": 1000, "MaxItems": _MAX_CHILDREN},
            )
            yield from ({**each, "state": state} for page in pages for each in page["executions"])

    def _describe(self, listed: Sequence[Mapping[str, Any]]) -> None:
        """Learn what children work on, and why they failed: some of them, those first in line."""
        left = DESCRIBED_AT_ONCE
        for each in listed:
            arn, has_failed = each["executionArn"], each["status"] == "FAILED"
            if arn in self._items and (not has_failed or _version(each) in self._described):
                continue
            if not left:
                return
            left -= 1
            child = self.deployed.step_functions.describe_execution(executionArn=arn)
            self._items[arn] = MapItem.of(child.get("input", ""))
            self._described[_version(each)] = {
                "error": child.get("error", ""),
                "cause": plain_cause(child.get("cause", ""))[:_MAX_CAUSE],
            }

    def _child(self, listed: Mapping[str, Any], *, followed: set[str]) -> Child:
        arn = listed["executionArn"]
        said = self._described.get(_version(listed), {}) if listed["status"] == "FAILED" else {}
        return Child(
            arn=arn,
            state=listed["state"],
            status=listed["status"],
            started=listed["startDate"],
            ended=listed.get("stopDate"),
            redrives=listed.get("redriveCount", 0),
            work=self._items.get(arn, UNKNOWN),
            error=said.get("error", ""),
            cause=said.get("cause", ""),
            attempts=self._attempts_of(listed) if arn in followed else (),
        )

    def _attempts_of(self, listed: Mapping[str, Any]) -> tuple[Attempt, ...]:
        version = _version(listed)
        if version not in self._attempts or listed["status"] == "RUNNING":
            pages = self.deployed.step_functions.get_paginator("get_execution_history").paginate(
                executionArn=listed["executionArn"], includeExecutionData=False
            )
            events = (event for page in pages for event in page["events"])
            self._attempts[version] = attempts_of(events)
        return self._attempts[version]


def _version(listed: Mapping[str, Any]) -> tuple[str, str, int]:
    return listed["executionArn"], listed["status"], listed.get("redriveCount", 0)


def _place(child: Child) -> tuple[str, int, int, datetime]:
    start = child.work.span.start if child.work.span else 2**63
    return child.state, start, child.work.chunk or 0, child.started
