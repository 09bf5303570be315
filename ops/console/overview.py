"""The data of the list of jobs, and its reader."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from functions.domain.jobs import JobKey, JobStatus
from ops.model.failures import why
from ops.model.job_heads import JobHead, read_heads
from ops.model.job_list import ListedJob, read_records
from ops.model.job_report import JobReport, read_job
from ops.model.ringing import RingingAlarm, count_undelivered, read_ringing

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ops.model.deployment import Deployment
    from ops.model.failures import FailedExecution

LOOKED_AT: Final = 24
"""Jobs of each kind, failed and running, of which more is read than their records."""
_AT_ONCE: Final = 8
_ALARM_SECONDS: Final = 15.0


class Group(StrEnum):
    """Where a job is listed."""

    ATTENTION = "attention"
    RUNNING = "running"
    SETTLED = "settled"


def group_of(job: ListedJob) -> Group:
    """Return the group of a job by its status."""
    if job.is_open:
        return Group.RUNNING
    if job.status in {JobStatus.FAILED, JobStatus.PARTIALLY_COMPLETED}:
        return Group.ATTENTION
    return Group.SETTLED


@dataclass(frozen=True)
class Look:
    """More about a job than its record says.

    Attributes:
        failed: Of the execution that is shown, where it failed.
    """

    report: JobReport
    failed: FailedExecution | None

    @classmethod
    def at(cls, deployed: Deployment, job_id: str) -> Look:
        """Look at a job."""
        report = read_job(deployed, job_id)
        return cls(report, why(deployed, report))


@dataclass(frozen=True)
class Overview:
    """All jobs, and the alarms that ring.

    Attributes:
        groups: The jobs, each group newest first.
        looks: More about some of them, by their ids.
        is_whole: Whether all jobs were read: a large table is read up to a bound.
        undelivered: Events in the dead-letter queue.
    """

    groups: Mapping[Group, Sequence[ListedJob]]
    looks: Mapping[str, Look]
    is_whole: bool
    alarms: Sequence[RingingAlarm]
    undelivered: int


@dataclass
class OverviewReader:
    """Reads the overview; jobs that have not changed are not looked at again."""

    deployed: Deployment
    _records: dict[JobKey, tuple[JobHead, ListedJob]] = field(default_factory=dict)
    _looks: dict[str, tuple[ListedJob, Look]] = field(default_factory=dict)
    _rings: tuple[tuple[RingingAlarm, ...], int] = ((), 0)
    _rings_until: float = 0.0

    def read(self) -> Overview:
        """Read the present value."""
        heads, is_whole = read_heads(self.deployed)
        groups: dict[Group, list[ListedJob]] = {group: [] for group in Group}
        for job in self.listed(heads):
            groups[group_of(job)].append(job)
        alarms, undelivered = self._ringing()
        return Overview(
            groups=groups,
            looks=self._looked_at(groups),
            is_whole=is_whole,
            alarms=alarms,
            undelivered=undelivered,
        )

    def listed(self, heads: Sequence[JobHead]) -> list[ListedJob]:
        """The jobs; those whose heads are what they were are not read again."""
        known = {
            head.key: self._records[head.key][1]
            for head in heads
            if head.key in self._records and self._records[head.key][0] == head
        }
        changed = [head for head in heads if head.key not in known]
        known |= read_records(self.deployed, changed)
        self._records = {head.key: (head, known[head.key]) for head in heads if head.key in known}
        return [job for _, job in self._records.values()]

    def _looked_at(self, groups: Mapping[Group, Sequence[ListedJob]]) -> dict[str, Look]:
        running = [job for job in groups[Group.RUNNING] if job.state][:LOOKED_AT]
        chosen = [*groups[Group.ATTENTION][:LOOKED_AT], *running]
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            looks = list(pool.map(self._look, chosen))
        found = {job.job_id: (job, look) for job, look in zip(chosen, looks, strict=True)}
        self._looks = found
        return {job_id: look for job_id, (_, look) in found.items()}

    def _look(self, job: ListedJob) -> Look:
        known = self._looks.get(job.job_id)
        if known is not None and known[0] == job and not job.is_open:
            return known[1]
        return Look.at(self.deployed, job.job_id)

    def _ringing(self) -> tuple[tuple[RingingAlarm, ...], int]:
        if time.monotonic() >= self._rings_until:
            self._rings = read_ringing(self.deployed), count_undelivered(self.deployed)
            self._rings_until = time.monotonic() + _ALARM_SECONDS
        return self._rings
