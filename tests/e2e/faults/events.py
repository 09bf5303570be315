"""What starts an execution: results, the end of a job at Bedrock, and a manifest."""

import uuid
from dataclasses import dataclass
from typing import Any, Protocol, Self

from demo.batch import Batch
from functions.aws.job_notes import JobNotes
from functions.domain.object_keys import manifest_key, results_folder
from functions.domain.payloads.arrived import Arrival
from ops.model.uploads import Upload
from tests.e2e import bedrock_jobs
from tests.e2e.faults.world import RECORDS, FaultyDeployment
from tests.e2e.held import JobRecord

MANIFEST = {"totalRecordCount": RECORDS, "errorRecordCount": 1}
MESSAGE = "The embedded AWS failed this job: its rule says so."


class Event(Protocol):
    """What starts an execution."""

    @classmethod
    def of_new_job(cls, world: FaultyDeployment) -> Self:
        """Prepare all that comes before it."""

    @property
    def job_id(self) -> str:
        """The job's."""

    def arrive(self, world: FaultyDeployment) -> None:
        """Let it happen."""

    @property
    def word(self) -> str:
        """What the input of its execution has, and no other's."""

    def differences(self, world: FaultyDeployment) -> list[str]:
        """What differs from what an undisturbed execution leaves behind."""


@dataclass
class ResultsArrive:
    """The results object of a job."""

    batch: Batch
    upload: Upload | None = None

    @classmethod
    def of_new_job(cls, world: FaultyDeployment) -> Self:
        return cls(world.new_batch())

    @property
    def job_id(self) -> str:
        return self.batch.job.job_id

    @property
    def word(self) -> str:
        return self.batch.key

    def arrive(self, world: FaultyDeployment) -> None:
        self.upload = world.deliver(self.batch)

    def differences(self, world: FaultyDeployment) -> list[str]:
        assert self.upload is not None
        return world.differences(self.batch, self.upload)


@dataclass
class EndAtBedrock:
    """A job that fails at Bedrock before its first record: there will never be an object."""

    name: str
    job: JobRecord

    @classmethod
    def of_new_job(cls, world: FaultyDeployment) -> Self:
        """Submit a job, held, and put it on record."""
        name = f"ends-{uuid.uuid4().hex[:12]}"
        rule: dict[str, Any] = {
            "end": "Failed",
            "processedShare": 0,
            "minimumRecords": 1,
            "text": "",
        }
        bedrock_jobs.rule(world.deployed, "POST", jobName=name, holdAt="Submitted", **rule)
        job = JobRecord(job_id=bedrock_jobs.submit(world.deployed, name, [f"{name}-1"]))
        job.write(world.deployed, status="SUBMITTED")
        return cls(name, job)

    @property
    def job_id(self) -> str:
        return self.job.job_id

    @property
    def word(self) -> str:
        return self.job_id

    def arrive(self, world: FaultyDeployment) -> None:
        bedrock_jobs.rule(world.deployed, "DELETE", jobName=self.name)

    def differences(self, world: FaultyDeployment) -> list[str]:
        deployed = world.deployed
        record, end = self.job.read(deployed), JobNotes(deployed.ledger).end(self.job_id)
        state, stats = record.get("ingestState", {}), record.get("resultStats", {})
        wanted = {
            "status": ("FAILED", record.get("status")),
            "what Bedrock said": ("Failed", state.get("bedrock", {}).get("status")),
            "its message": (MESSAGE, state.get("bedrock", {}).get("message")),
            "records": (0, stats.get("totalCount")),
            "not announced": (None, state.get("unannounced")),
            "the ledger's row": ("Failed", end and end.status),
        }
        return [f"{what}: {seen}, not {due}" for what, (due, seen) in wanted.items() if seen != due]


@dataclass
class ManifestComes:
    """The manifest of a job whose results are in."""

    batch: Batch

    @classmethod
    def of_new_job(cls, world: FaultyDeployment) -> Self:
        """Ingest a job's results."""
        batch = world.new_batch()
        world.ingest(batch, ends="SUCCEEDED")
        return cls(batch)

    @property
    def job_id(self) -> str:
        return self.batch.job.job_id

    @property
    def word(self) -> str:
        return manifest_key(results_folder(self.job_id))

    def arrive(self, world: FaultyDeployment) -> None:
        world.put_manifest(self.job_id, MANIFEST)

    def differences(self, world: FaultyDeployment) -> list[str]:
        stats = world.observed(self.batch).job_record["resultStats"]
        said = dict(stats.get("bedrock", {}))
        return [] if said == MANIFEST else [str(said)]


EVENTS: dict[Arrival, type[Event]] = {
    Arrival.RESULTS: ResultsArrive,
    Arrival.JOB_ENDED: EndAtBedrock,
    Arrival.MANIFEST: ManifestComes,
}
