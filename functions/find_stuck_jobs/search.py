"""Finds stuck jobs by comparing bucket, ledger and the jobs' records.

A lost S3 event starts no execution, so nothing fails. A job whose manifest does not come waits for
its grace period. An execution can hang, or end without an event.
"""

import itertools
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from functions.aws.runtime.deadline import Deadline
from functions.aws.runtime.telemetry import MetricUnit, Telemetry
from functions.aws.search_cursors import Cursor, SearchCursors
from functions.domain.events import Event, Metric
from functions.find_stuck_jobs.listing import ObjectListing
from functions.find_stuck_jobs.open_jobs import OpenJobs
from functions.find_stuck_jobs.problems import JobProblems, Problem

MAX_REMEMBERED: Final = 100
"""Stuck jobs that are looked at again in the next run, wherever it searches."""


@dataclass(frozen=True)
class StuckJobSearch:
    """One run over jobs whose objects are in the bucket, and over jobs whose records are open.

    Both are looked through in parts: a run begins where the last one stopped. Each may take half of
    the time that is left, and its listing half of that, so that there is time for what follows.
    Jobs that an earlier run found stuck are looked at in every run, so that their number falls only
    when one is cured.

    Attributes:
        deadline: When the run has to end.
    """

    objects: ObjectListing
    open_jobs: OpenJobs
    cursors: SearchCursors
    problems: JobProblems
    log: Telemetry
    now: datetime
    deadline: Deadline

    def run(self) -> int:
        """Report stuck jobs and settle waiting ones; return how many are stuck."""
        behind: list[float] = []
        stuck: dict[str, str] = {}
        for name, search in (("objects", self._objects), ("open-jobs", self._open_jobs)):
            cursor = self.cursors.read(name, now=self.now)
            after = search(cursor, stuck, self.deadline.half)
            self.cursors.write(name, after)
            behind.append(after.hours_behind(self.now))
        self._remembered(stuck)
        self.log.count(Metric.STUCK_JOBS, len(stuck))
        self.log.count(Metric.SEARCH_BEHIND_HOURS, max(behind), MetricUnit.NoUnit)
        return len(stuck)

    def _open_jobs(self, cursor: Cursor, stuck: dict[str, str], until: Deadline) -> Cursor:
        found, after = self.open_jobs.read(cursor, until=until.half)
        for job in found:
            if self.open_jobs.is_to_settle(job):
                self._report(job.job_id, self.problems.settle(job.job_id, job.key), stuck)
            if until.has_passed and job is not found[-1]:
                return replace(cursor, after=job.key.as_dict())
        return after

    def _objects(self, cursor: Cursor, stuck: dict[str, str], until: Deadline) -> Cursor:
        jobs, after = self.objects.read(cursor, until=until.half)
        for number, (job_id, objects) in enumerate(jobs.items()):
            if until.has_passed and number:
                return replace(cursor, after={"key": objects.after})
            self._report(job_id, self.problems.of_objects(job_id, objects), stuck, objects.folder)
        return after

    def _remembered(self, stuck: dict[str, str]) -> None:
        """Add the jobs that an earlier run found and that are stuck still; remember all."""
        earlier = self.cursors.stuck()
        for job_id, folder in earlier.items():
            if job_id in stuck:
                continue
            if self.deadline.has_passed:
                stuck[job_id] = folder
                continue
            objects = self.objects.of_job(job_id, folder) if folder else None
            if objects is not None:
                self._report(job_id, self.problems.of_objects(job_id, objects), stuck, folder)
            elif not folder:
                self._report(job_id, self.problems.settle_if_found(job_id), stuck)
        kept = dict(itertools.islice(stuck.items(), MAX_REMEMBERED))
        if kept != earlier:
            self.cursors.write_stuck(kept)

    def _report(
        self, job_id: str, problems: Iterable[Problem], stuck: dict[str, str], folder: str = ""
    ) -> None:
        for problem in problems:
            stuck.setdefault(job_id, folder)
            self.log.warn(
                Event.JOB_STUCK, jobId=job_id, problem=problem.sentence, cure=problem.cure
            )
