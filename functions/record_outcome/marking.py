"""Write an execution's outcome to its claim and its job's record."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from functions.aws.job_folders import JobFolders
from functions.aws.settlement import JobSettler
from functions.aws.unclaimed import UnclaimedFailures, claims_that_count
from functions.domain.claims import Claim, ClaimState
from functions.domain.errors import JobAmbiguous, JobInvalid, JobNotFound
from functions.domain.executions import Execution
from functions.domain.jobs import JobKey
from functions.domain.ledger_rows import object_partition
from functions.domain.object_keys import ArrivedKey, results_of


@dataclass(frozen=True)
class OutcomeMarker:
    """Updates existing records only; never creates one."""

    settler: JobSettler
    now: Callable[[], datetime]

    def place(self, execution: Execution) -> Execution:
        """The execution with the job that it worked for, if there is one."""
        if execution.ended is not None:
            return execution.in_job(execution.ended.job_id)
        key = self._key_of(execution)
        job_id = self._folders.job_id(key) if key is not None else None
        return execution.in_job(job_id or "")

    def log_ids(self, execution: Execution) -> dict[str, str]:
        """The ids of the execution's job for the log, as far as its record tells them."""
        if not execution.job_id:
            return {}
        try:
            return self.settler.jobs.find(execution.job_id).log_ids
        except (JobNotFound, JobAmbiguous, JobInvalid):
            return {"jobId": execution.job_id}

    def failed(self, execution: Execution, *, state: str) -> None:
        """Mark claim and job failed; without a claim, record a failure before the claim.

        The ledger is marked whether or not the job's record is there: a record that was removed
        may be why it failed. Where none of several folders is a job's yet, each may become one.
        """
        key = self._key_of(execution)
        folders = key.folders if key is not None else ()
        for job_id in [execution.job_id] if execution.job_id else folders:
            if key is not None and results_of(key.key, job_id) is not None:
                failure = {"state": state, "error": execution.reason}
                self._mark_object(execution, job_id, failure)
        if execution.job_id:
            self._mark(execution.job_id)

    def _mark_object(
        self, execution: Execution, job_id: str, failure: Mapping[str, object]
    ) -> None:
        now = self.now()
        if self.settler.ledger.fail(
            execution.arn,
            job_id,
            execution.key,
            failure=failure,
            now=now,
            redrivable_until=execution.redrivable_until(now=now),
        ):
            self._note_written(execution, job_id)
            return
        unclaimed = Claim(
            key=execution.key,
            etag=execution.etag,
            owner=execution.arn,
            generation=0,
            state=ClaimState.FAILED,
            event_time=execution.event_time,
            sequencer=execution.sequencer,
        )
        self._unclaimed.fail(unclaimed, job_id, failure=failure, now=now)

    def _note_written(self, execution: Execution, job_id: str) -> None:
        """Note in the claim that its content has written transactions: attempt rows expire."""
        ledger = self.settler.ledger
        claim = ledger.owns(execution.arn, job_id, execution.key)
        if claim is None or claim.etag in claim.written:
            return
        partition = object_partition(job_id, claim.key, claim.generation)
        if ledger.attempts_end_by(partition) is not None:
            ledger.note_written(execution.arn, job_id, claim, etags=frozenset({claim.etag}))

    def redriven(self, execution: Execution) -> None:
        """Mark a failed claim and its job as being ingested again."""
        if not self._is_about_results(execution):
            return
        for rows in (self.settler.ledger, self._unclaimed):
            if rows.resume(execution.arn, execution.job_id, execution.key, now=self.now()):
                self._mark(execution.job_id)
                return

    def recovered(self, execution: Execution) -> None:
        """Mark a claim done again that the execution had settled before it was marked otherwise."""
        if self._is_about_results(execution) and self.settler.ledger.restore(
            execution.arn, execution.job_id, execution.key
        ):
            self._mark(execution.job_id)

    def _is_about_results(self, execution: Execution) -> bool:
        return self._key_of(execution) is not None and (
            results_of(execution.key, execution.job_id) is not None
        )

    def _key_of(self, execution: Execution) -> ArrivedKey | None:
        """The key that it worked on, if that is in the image bucket: the input may name another."""
        return execution.parsed_key if execution.bucket == self.settler.bucket else None

    @property
    def _folders(self) -> JobFolders:
        return JobFolders(self.settler.jobs, self.settler.ledger)

    @property
    def _unclaimed(self) -> UnclaimedFailures:
        return UnclaimedFailures(self.settler.ledger)

    def _mark(self, job_id: str) -> None:
        """Recompute the job's record from its claims, if the job has exactly one record."""
        jobs = self.settler.jobs
        try:
            job = jobs.find(job_id)
            if claims_that_count(self.settler.ledger, job_id):
                # For a failed execution of a manifest, this also does its work.
                self.settler.settle_with_related(job_id, job.key)
            else:
                # A manifest's execution, and nothing was ever claimed.
                self.settler.mark_failed(job_id, job.key, job.written)
        except JobInvalid as invalid:
            # A job without a user cannot be computed, but it has failed.
            self.settler.mark_failed(job_id, JobKey(*invalid.record_key), invalid.written)
        except (JobNotFound, JobAmbiguous):
            return
