"""Closes a claim, and recomputes the job."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from functions.aws.bedrock_jobs import BedrockJobs
from functions.aws.job_notes import JobNotes
from functions.aws.ledger import Ledger
from functions.aws.settlement import JobSettler
from functions.domain.bedrock_jobs import JobEnd
from functions.domain.counts import ImageCounts, LoadCounts
from functions.domain.object_keys import ManifestKey
from functions.domain.payloads.payload import EndRef, ObjectRef
from functions.domain.payloads.settle_work import Settled, SettleWork


@dataclass(frozen=True)
class Settling:
    """The end of an execution's work."""

    ledger: Ledger
    settler: JobSettler
    bedrock: BedrockJobs
    now: Callable[[], datetime]

    def settle(self, work: SettleWork) -> Settled:
        """Mark the claim done, if the execution still has it; then recompute the job."""
        settled = Settled(execution=work.execution, job=work.job, object=work.object)
        if work.object is not None and not self._close(work, work.object):
            return settled.but(superseded=True)
        job_id = work.job.job_id
        if work.manifest is not None:
            self.notes.note_folder(job_id, ManifestKey(work.manifest, job_id).folder)
        if work.end is not None:
            self._note_end(job_id, work.end)
        result = self.settler.settle_with_related(job_id, work.job.key)
        return settled.but(status=result.status, counts=result.stats)

    def _note_end(self, job_id: str, end: EndRef) -> None:
        """Keep how the job ended, and where Bedrock says that its results are.

        The event does not name the folder. Without it, results whose events are still to come could
        not be seen.
        """
        known = self.bedrock.get(job_id, now=self.now())
        if known is not None and known.folder is not None:
            self.notes.note_folder(job_id, known.folder)
        message = end.message or (known.end.message if known and known.end else "")
        self.notes.note_end(job_id, JobEnd(end.status, end.at, message))

    @property
    def notes(self) -> JobNotes:
        """The ledger's rows of whole jobs."""
        return JobNotes(self.ledger)

    def _close(self, work: SettleWork, results: ObjectRef) -> bool:
        loads = LoadCounts.from_dict(work.load.counts if work.load else {})
        images = ImageCounts.from_dict(work.migration.counts if work.migration else {})
        return self.ledger.settle(
            work.execution,
            work.job.job_id,
            results.key,
            stats={**loads.as_dict(), **images.as_dict()},
            now=self.now(),
        )
