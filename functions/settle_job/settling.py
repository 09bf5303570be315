"""Closes a claim, and recomputes the job."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from functions.aws.job_notes import JobNotes
from functions.aws.ledger import Ledger
from functions.aws.settlement import JobSettler
from functions.domain.counts import ImageCounts, LoadCounts
from functions.domain.object_keys import ManifestKey
from functions.domain.payloads.payload import ObjectRef
from functions.domain.payloads.settle_work import Settled, SettleWork


@dataclass(frozen=True)
class Settling:
    """The end of an execution's work."""

    ledger: Ledger
    settler: JobSettler
    now: Callable[[], datetime]

    def settle(self, work: SettleWork) -> Settled:
        """Mark the claim done with its counts, if the execution has it still; then the job."""
        settled = Settled(execution=work.execution, job=work.job, object=work.object)
        if work.object is not None and not self._close(work, work.object):
            return settled.but(superseded=True)
        if work.manifest is not None:
            self._note_folder(work.job.job_id, work.manifest)
        result = self.settler.settle(work.job.job_id, work.job.key)
        return settled.but(status=result.status, counts=result.stats)

    def _note_folder(self, job_id: str, manifest: str) -> None:
        """Remember where the job's manifest is, for each settlement that follows."""
        folder = ManifestKey(manifest, job_id).folder
        JobNotes(self.ledger).note_folder(job_id, folder)

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
