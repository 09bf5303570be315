"""Finds stuck jobs by comparing bucket, ledger and the jobs' records.

A lost S3 event starts no execution, so nothing fails. A job whose manifest does not come waits for
its grace period. An execution can hang, or end without an event.
"""

import itertools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from functions.aws.runtime.telemetry import MetricUnit, Telemetry
from functions.aws.search_cursors import Cursor, SearchCursors
from functions.aws.settlement import JobSettler, SettlementContended
from functions.aws.status_events import StatusEventRefused
from functions.domain.claims import Claim, ClaimState, Content, Precedence, precedence
from functions.domain.errors import IngestError, JobNotFound
from functions.domain.events import Event, Metric
from functions.domain.jobs import JobKey, JobStatus
from functions.domain.ledger_rows import object_partition
from functions.domain.plain_text import argument
from functions.domain.timestamps import timestamp
from functions.find_stuck_jobs.listing import JobObjects, ObjectListing, ResultsObject
from functions.find_stuck_jobs.open_jobs import OpenJobs

MAX_NAMED: Final = 20
"""Objects examined for each job, so that one full folder does not use up the search."""
MAX_REMEMBERED: Final = 100
"""Stuck jobs that are looked at again in the next run, wherever it searches."""
SETTLING_IN: Final = timedelta(hours=3)
"""Younger objects may still have an execution that waits for its claim: ResolveJob and ClaimObject,
both throttled to the end, take less by the limits of the definition."""
LONGEST_SILENCE: Final = timedelta(hours=6)
"""Workers write into the ledger at every call. Two successive states that are throttled to the end
and need all their other retries are silent for four hours, by the limits of the definition."""


@dataclass(frozen=True)
class Problem:
    """A problem, and the command that solves it or shows more."""

    sentence: str
    cure: str


@dataclass(frozen=True)
class StuckJobSearch:
    """One run over jobs whose objects are in the bucket, and over jobs whose records are open.

    Both are looked through in parts: a run begins where the last one stopped. Jobs that an earlier
    run found stuck are looked at in every run, so that their number falls only when one is cured.

    Attributes:
        written: When a row of the ledger was written, by its `ttl`.
    """

    objects: ObjectListing
    open_jobs: OpenJobs
    cursors: SearchCursors
    settler: JobSettler
    written: Callable[[int], datetime]
    log: Telemetry
    now: datetime

    def run(self) -> int:
        """Report stuck jobs and settle waiting ones; return how many are stuck."""
        behind: list[float] = []
        stuck: dict[str, str] = {}
        for name, search in (("objects", self._objects), ("open-jobs", self._open_jobs)):
            cursor = self.cursors.read(name, now=self.now)
            after = search(cursor, stuck)
            self.cursors.write(name, after)
            behind.append(after.hours_behind(self.now))
        self._remembered(stuck)
        self.log.count(Metric.STUCK_JOBS, len(stuck))
        self.log.count(Metric.SEARCH_BEHIND_HOURS, max(behind), MetricUnit.NoUnit)
        return len(stuck)

    def _open_jobs(self, cursor: Cursor, stuck: dict[str, str]) -> Cursor:
        found, after = self.open_jobs.read(cursor)
        for job in self.open_jobs.to_settle(found):
            self._report(job.job_id, self._settle(job.job_id, job.key), stuck)
        return after

    def _objects(self, cursor: Cursor, stuck: dict[str, str]) -> Cursor:
        jobs, after = self.objects.read(cursor)
        for job_id, objects in jobs.items():
            self._report(job_id, self._problems(job_id, objects), stuck, objects.folder)
        return after

    def _remembered(self, stuck: dict[str, str]) -> None:
        """Add the jobs that an earlier run found and that are stuck still; remember all."""
        earlier = self.cursors.stuck()
        for job_id, folder in earlier.items():
            if job_id in stuck:
                continue
            objects = self.objects.of_job(job_id, folder) if folder else None
            if objects is not None:
                self._report(job_id, self._problems(job_id, objects), stuck, folder)
            elif not folder:
                self._report(job_id, self._settle_again(job_id), stuck)
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

    def _problems(self, job_id: str, objects: JobObjects) -> Iterator[Problem]:
        claims = {claim.key: claim for claim in self.settler.ledger.claims(job_id)}
        unclaimed = [
            results
            for results in objects.results
            if self._is_unclaimed(results, claims.get(results.key))
        ]
        for results in unclaimed[:MAX_NAMED]:
            yield self._unclaimed(job_id, results)
        if (more := len(unclaimed) - MAX_NAMED) > 0:
            yield Problem(
                f"{more} more results objects without a claim",
                f"ingest replay {argument(job_id)}",
            )
        for claim in claims.values():
            if heard := self._silent_since(job_id, claim):
                yield Problem(
                    f"nothing was heard of the work on {claim.key} since {timestamp(heard)}",
                    f"{_inspect(claim.owner)}; if it has ended, {_replay(job_id, claim.key)}",
                )
        if self._has_no_results(objects):
            yield Problem("a manifest, but no results object", _inspect(job_id))
        if claims and all(claim.state is ClaimState.DONE for claim in claims.values()):
            yield from self._past_grace(job_id)

    def _is_unclaimed(self, results: ResultsObject, claim: Claim | None) -> bool:
        """Whether this content has no claim, though its event should have come long ago."""
        if results.created >= self.now - SETTLING_IN:
            return False
        content = Content(results.etag, created=results.created)
        return precedence(claim, content) is Precedence.CONTENT

    def _unclaimed(self, job_id: str, results: ResultsObject) -> Problem:
        try:
            self.settler.jobs.find(job_id)
        except IngestError as error:
            return Problem(
                f"{results.key} cannot be claimed: {error}", _replay(job_id, results.key)
            )
        return Problem(
            f"no execution ever claimed {results.key} as it is", _replay(job_id, results.key)
        )

    def _silent_since(self, job_id: str, claim: Claim) -> datetime | None:
        """When a claim's last row was written, if that is too long ago."""
        silent = self.now - LONGEST_SILENCE
        if claim.state is not ClaimState.CLAIMED or claim.working_since >= silent:
            return None
        rows = object_partition(job_id, claim.key, claim.generation)
        expires = self.settler.ledger.last_expiry(rows)
        heard = claim.working_since
        if expires is not None:
            heard = max(heard, self.written(expires))
        return heard if heard < silent else None

    def _has_no_results(self, objects: JobObjects) -> bool:
        """Whether a manifest lies there alone; not only where the listing was cut."""
        if objects.results or not objects.latest or objects.latest >= self.now - SETTLING_IN:
            return False
        return not self.objects.has_results(objects.folder)

    def _past_grace(self, job_id: str) -> Iterator[Problem]:
        """Settle a job that only waited for its manifest."""
        try:
            job = self.settler.jobs.find(job_id)
        except IngestError as error:
            yield Problem(str(error), _inspect(job_id))
            return
        if job.written.status == JobStatus.INGESTING:
            yield from self._settle(job_id, job.key)

    def _settle_again(self, job_id: str) -> Iterator[Problem]:
        try:
            job = self.settler.jobs.find(job_id)
        except JobNotFound:
            return
        except IngestError as error:
            yield Problem(str(error), _inspect(job_id))
            return
        yield from self._settle(job_id, job.key)

    def _settle(self, job_id: str, key: JobKey) -> Iterator[Problem]:
        try:
            settlement = self.settler.settle_with_related(job_id, key)
        except (IngestError, SettlementContended, StatusEventRefused) as error:
            # A failure in one job must not hide the others.
            yield Problem(str(error), _inspect(job_id))
            return
        if settlement.status is not JobStatus.INGESTING:
            status = settlement.status.value
            self.log.info(
                Event.JOB_FOUND_ENDED, jobId=job_id, intentId=key.intent_id, status=status
            )


def _replay(job_id: str, key: str) -> str:
    return f"ingest replay {argument(job_id)} --object {argument(key)}"


def _inspect(what: str) -> str:
    return f"ingest inspect {argument(what)}"
