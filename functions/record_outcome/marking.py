"""Says in the claim and in the job's record what became of an execution."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from functions.aws.settlement import JobSettler
from functions.domain.errors import JobAmbiguous, JobInvalid, JobNotFound
from functions.domain.jobs import JobKey
from functions.domain.object_keys import ResultsKey
from functions.record_outcome.status_change import Execution


@dataclass(frozen=True)
class OutcomeMarker:
    """Marks what is there, and makes nothing that is not."""

    settler: JobSettler
    now: Callable[[], datetime]

    def failed(self, execution: Execution, *, state: str) -> None:
        """Mark claim and job failed.

        The claim is marked whether or not the job's record is there: a record that was removed
        may be why it failed.
        """
        if (key := execution.parsed_key) is None:
            return
        if isinstance(key, ResultsKey):
            self.settler.ledger.fail(
                execution.arn,
                key.job_id,
                key.key,
                failure={"state": state, "error": execution.error or execution.status},
                now=self.now(),
                redrivable_until=execution.redrivable_until(now=self.now()),
            )
        self._mark(key.job_id)

    def redriven(self, execution: Execution) -> None:
        """Mark a failed claim, and its job, as being worked on again."""
        key = execution.parsed_key
        if not isinstance(key, ResultsKey):
            return
        if self.settler.ledger.resume(execution.arn, key.job_id, key.key, now=self.now()):
            self._mark(key.job_id)

    def _mark(self, job_id: str) -> None:
        """Bring the job's record up to its claims, if there is one, and only one."""
        jobs = self.settler.jobs
        try:
            job = jobs.find(job_id)
            if self.settler.ledger.claims(job_id):
                self.settler.settle(job_id, job.key)
            else:
                # It failed before it could claim anything, and nothing else was ever claimed.
                jobs.mark_failed(job.key, revision=job.revision, now=self.now())
        except JobInvalid as invalid:
            # Nothing can be computed for a job without a user; it has failed, though.
            jobs.mark_failed(JobKey(*invalid.record_key), revision=invalid.revision, now=self.now())
        except (JobNotFound, JobAmbiguous):
            return
