"""Decides whether the rejects of a settled job are submitted again, and submits them."""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass

from functions.aws.resubmission.bedrock_retries import BedrockRetries
from functions.aws.resubmission.refusals import CannotSubmit, NothingToSubmit
from functions.aws.resubmission.services import Services
from functions.aws.resubmission.submission import BY_CHANCE, Request, prepare, submit
from functions.aws.runtime.telemetry import Telemetry
from functions.domain.errors import JobAmbiguous, JobInvalid, JobNotFound
from functions.domain.events import Event


@dataclass(frozen=True)
class AutomaticResubmission:
    """Submits the rejects of a job that was never retried. Doing it twice submits them once."""

    services: Services
    request: Request
    log: Telemetry

    def run(self, job_id: str, *, rejects: Mapping[str, int]) -> str | None:
        """Submit the retry of a job; its id, None where there is nothing to submit.

        `rejects` are the job's by reason, as its status event says.
        """
        try:
            retry = self._submit(job_id, rejects)
        except (CannotSubmit, JobNotFound, JobAmbiguous, JobInvalid) as problem:
            self.log.info(Event.RESUBMISSION_SKIPPED, reason=str(problem))
            return None
        self.log.info(Event.REJECTS_RESUBMITTED, retry=retry)
        return retry

    def _submit(self, job_id: str, rejects: Mapping[str, int]) -> str:
        if BY_CHANCE.isdisjoint(rejects):
            raise NothingToSubmit("the same model would answer the rejects in the same way")
        job = self.services.jobs.find(job_id)
        if job.retry_of is not None:
            raise NothingToSubmit("the job is a retry itself")
        retries = BedrockRetries(self.services, job)
        if retries.on_record():
            raise NothingToSubmit("the job was retried before")
        if found := retries.write_missing_records():
            return found[-1]
        with tempfile.TemporaryFile() as file:
            prepared = prepare(self.services, job, self.request, file)
            if prepared is None:
                raise NothingToSubmit("no open reject can be exported")
            return submit(self.services, prepared)
