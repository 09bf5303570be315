"""The problems of one job: of its objects in the bucket, its rows in the ledger, its record."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from functions.aws.runtime.telemetry import Telemetry
from functions.aws.settlement import JobSettler, SettlementContended
from functions.aws.status_events import StatusEventRefused
from functions.domain.claims import Claim, ClaimState, Content, Precedence, precedence
from functions.domain.errors import IngestError, JobNotFound
from functions.domain.events import Event
from functions.domain.hints import job_command
from functions.domain.jobs import JobKey, JobStatus
from functions.domain.ledger_rows import object_partition
from functions.domain.timestamps import timestamp
from functions.find_stuck_jobs.listing import JobObjects, ObjectListing, ResultsObject

MAX_NAMED: Final = 20
"""Objects examined for each job, so that one full folder does not use up the search."""
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
class JobProblems:
    """Finds the problems of a job; settles a job that only waited.

    Attributes:
        written: When a row of the ledger was written, by its `ttl`.
        options: What a command needs to find the stack.
    """

    objects: ObjectListing
    settler: JobSettler
    written: Callable[[int], datetime]
    log: Telemetry
    now: datetime
    options: str

    def of_objects(self, job_id: str, objects: JobObjects) -> Iterator[Problem]:
        """Those of its objects; settles a job that only waited for its manifest."""
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
                job_command("replay", job_id=job_id, options=self.options),
            )
        for claim in claims.values():
            if heard := self._silent_since(job_id, claim):
                yield Problem(
                    f"nothing was heard of the work on {claim.key} since {timestamp(heard)}",
                    f"{self._inspect(claim.owner)}; if it has ended, "
                    f"{self._replay(job_id, claim.key)}",
                )
        if self._has_no_results(objects):
            yield Problem("a manifest, but no results object", self._inspect(job_id))
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
                f"{results.key} cannot be claimed: {error}", self._replay(job_id, results.key)
            )
        return Problem(
            f"no execution ever claimed {results.key} as it is", self._replay(job_id, results.key)
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
            yield Problem(str(error), self._inspect(job_id))
            return
        if job.written.status == JobStatus.INGESTING:
            yield from self.settle(job_id, job.key)

    def settle_if_found(self, job_id: str) -> Iterator[Problem]:
        """Settle a job, if its record is still there; why it cannot be settled."""
        try:
            job = self.settler.jobs.find(job_id)
        except JobNotFound:
            return
        except IngestError as error:
            yield Problem(str(error), self._inspect(job_id))
            return
        yield from self.settle(job_id, job.key)

    def settle(self, job_id: str, key: JobKey) -> Iterator[Problem]:
        """Settle a job; why it cannot be settled."""
        try:
            settlement = self.settler.settle_with_related(job_id, key)
        except (IngestError, SettlementContended, StatusEventRefused) as error:
            # A failure in one job must not hide the others.
            yield Problem(str(error), self._inspect(job_id))
            return
        if settlement.status is not JobStatus.INGESTING:
            status = settlement.status.value
            self.log.info(
                Event.JOB_FOUND_ENDED, jobId=job_id, intentId=key.intent_id, status=status
            )

    def _replay(self, job_id: str, key: str) -> str:
        return job_command("replay", job_id=job_id, key=key, options=self.options)

    def _inspect(self, what: str) -> str:
        return job_command("inspect", job_id=what, options=self.options)
