"""Which job a key of the bucket belongs to, also where the job has no record."""

from dataclasses import dataclass, field

from functions.aws.batch_jobs import BatchJobs
from functions.aws.ledger import Ledger
from functions.domain.object_keys import ArrivedKey


@dataclass(frozen=True)
class JobFolders:
    """Finds the job's folder in keys; each name is looked up once."""

    jobs: BatchJobs
    ledger: Ledger
    _on_record: dict[str, bool] = field(default_factory=dict, init=False)

    def job_id(self, arrived: ArrivedKey) -> str | None:
        """The id of the job that a key belongs to.

        The first folder that is on record. Where none is: the one under which the ledger has a
        claim of the key, since the record may have been removed; else the only folder there is.
        """
        for folder in arrived.folders:
            if self._is_on_record(folder):
                return folder
        if len(arrived.folders) == 1:
            return arrived.folders[0]
        for folder in arrived.folders:
            if self.ledger.claim(folder, arrived.key) is not None:
                return folder
        return None

    def _is_on_record(self, job_id: str) -> bool:
        if job_id not in self._on_record:
            self._on_record[job_id] = self.jobs.is_on_record(job_id)
        return self._on_record[job_id]
