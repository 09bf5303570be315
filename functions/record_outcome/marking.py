"""Says in the claim and in the job's record what became of an execution."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from functions.aws.settlement import JobSettler
from functions.aws.unclaimed import UnclaimedFailures, claims_that_count
from functions.domain.claims import Claim, ClaimState
from functions.domain.errors import JobAmbiguous, JobInvalid, JobNotFound
from functions.domain.jobs import JobKey
from functions.domain.object_keys import ManifestKey, ResultsKey
from functions.record_outcome.status_change import Execution


@dataclass(frozen=True)
class OutcomeMarker:
    """Marks what is there, and makes nothing that is not."""

    settler: JobSettler
    now: Callable[[], datetime]

    def failed(self, execution: Execution, *, state: str) -> None:
        """Mark claim and job failed; of an execution that has no claim, that it has none.

        The ledger is marked whether or not the job's record is there: a record that was removed
        may be why it failed.
        """
        if (key := self._key_of(execution)) is None:
            return
        if isinstance(key, ResultsKey):
            self._mark_object(execution, key, {"state": state, "error": execution.reason})
        self._mark(key.job_id)

    def _mark_object(
        self, execution: Execution, key: ResultsKey, failure: Mapping[str, object]
    ) -> None:
        now = self.now()
        if not self.settler.ledger.fail(
            execution.arn,
            key.job_id,
            key.key,
            failure=failure,
            now=now,
            redrivable_until=execution.redrivable_until(now=now),
        ):
            unclaimed = Claim(
                key=key.key,
                etag=execution.etag,
                owner=execution.arn,
                generation=0,
                state=ClaimState.FAILED,
                event_time=execution.event_time,
                sequencer=execution.sequencer,
            )
            self._unclaimed.fail(unclaimed, key.job_id, failure=failure, now=now)

    def redriven(self, execution: Execution) -> None:
        """Mark a failed claim, and its job, as being worked on again."""
        key = self._key_of(execution)
        if not isinstance(key, ResultsKey):
            return
        for rows in (self.settler.ledger, self._unclaimed):
            if rows.resume(execution.arn, key.job_id, key.key, now=self.now()):
                self._mark(key.job_id)
                return

    def recovered(self, execution: Execution) -> None:
        """Mark a claim done again that it had settled before somebody marked it otherwise."""
        key = self._key_of(execution)
        if not isinstance(key, ResultsKey):
            return
        if self.settler.ledger.restore(execution.arn, key.job_id, key.key):
            self._mark(key.job_id)

    def _key_of(self, execution: Execution) -> ResultsKey | ManifestKey | None:
        """What it worked on, if that is in the image bucket: its input may name any other."""
        return execution.parsed_key if execution.bucket == self.settler.bucket else None

    @property
    def _unclaimed(self) -> UnclaimedFailures:
        return UnclaimedFailures.from_ledger(self.settler.ledger)

    def _mark(self, job_id: str) -> None:
        """Bring the job's record up to its claims, if there is one, and only one."""
        jobs = self.settler.jobs
        try:
            job = jobs.find(job_id)
            if claims_that_count(self.settler.ledger, job_id):
                # Of a manifest's execution that failed, this does the work as well.
                self.settler.settle(job_id, job.key)
            else:
                # A manifest's, and nothing was ever claimed.
                jobs.mark_failed(job.key, revision=job.revision, now=self.now())
        except JobInvalid as invalid:
            # Nothing can be computed for a job without a user; it has failed, though.
            jobs.mark_failed(JobKey(*invalid.record_key), revision=invalid.revision, now=self.now())
        except (JobNotFound, JobAmbiguous):
            return
