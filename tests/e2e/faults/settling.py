"""Events that settle a job without loading anything: the end at Bedrock, and the manifest."""

import json
import uuid
from dataclasses import dataclass
from typing import Any, Protocol, Self

from demo.batch import Batch
from demo.inference import job_role
from functions.domain.attribute_values import from_item, to_item
from functions.domain.ledger_rows import end_key
from functions.domain.object_keys import manifest_key, results_folder
from functions.domain.payloads.arrived import Arrival
from local import owner
from ops.model.uploads import Upload
from tests.e2e.faults.world import RECORDS, FaultyDeployment

SUBMITTED = "2026-11-28T00:00:00Z"
MESSAGE = "The embedded AWS failed this job: its rule says so."


class Event(Protocol):
    """What settles a job."""

    @property
    def job_id(self) -> str:
        """The job's."""

    def arrive(self, world: FaultyDeployment) -> None:
        """Let it happen."""

    def word(self) -> str:
        """What the input of its execution has, and no other's."""

    def differences(self, world: FaultyDeployment) -> list[str]:
        """What differs from what an undisturbed execution leaves behind."""


@dataclass
class EndAtBedrock:
    """A job that fails at Bedrock before its first record: there will never be an object."""

    name: str
    job_id: str

    @classmethod
    def of_new_job(cls, world: FaultyDeployment) -> Self:
        """Submit a job, held, and put it on record."""
        deployed, name = world.deployed, f"ends-{uuid.uuid4().hex[:12]}"
        rule = {"jobName": name, "end": "Failed", "processedShare": 0, "minimumRecords": 1}
        owner.ask(world.endpoint, "bedrock", "POST", {**rule, "text": "", "holdAt": "Submitted"})
        key = f"batch-input/{name}.jsonl"
        line = {"recordId": f"{name}-1", "modelInput": {"messages": [], "max_tokens": 9}}
        deployed.s3.put_object(Bucket=deployed.bucket, Key=key, Body=json.dumps(line).encode())
        arn = deployed.make_client("bedrock").create_model_invocation_job(
            jobName=name,
            roleArn=job_role(deployed),
            modelId="anthropic.claude-3-haiku-20240307-v1:0",
            inputDataConfig={"s3InputDataConfig": {"s3Uri": f"s3://{deployed.bucket}/{key}"}},
            outputDataConfig={
                "s3OutputDataConfig": {"s3Uri": f"s3://{deployed.bucket}/batch-output/"}
            },
        )["jobArn"]
        end = cls(name, arn.rpartition("/")[2])
        record: dict[str, object] = {"jobId": end.job_id, "userId": name, "status": "SUBMITTED"}
        deployed.dynamodb.put_item(
            TableName=deployed.outputs["BatchJobsTableName"],
            Item=to_item({"intentId": name, "submitTime": SUBMITTED, **record}),
        )
        return end

    def arrive(self, world: FaultyDeployment) -> None:
        owner.ask(world.endpoint, "bedrock", "DELETE", {"jobName": self.name})

    def word(self) -> str:
        return self.job_id

    def differences(self, world: FaultyDeployment) -> list[str]:
        record = self._read(
            world, "BatchJobsTableName", {"intentId": self.name, "submitTime": SUBMITTED}
        )
        row = self._read(world, "LedgerTableName", end_key(self.job_id).as_dict())
        state, stats = record.get("ingestState", {}), record.get("resultStats", {})
        wanted = {
            "status": ("FAILED", record.get("status")),
            "what Bedrock said": ("Failed", state.get("bedrock", {}).get("status")),
            "its message": (MESSAGE, state.get("bedrock", {}).get("message")),
            "records": (0, stats.get("totalCount")),
            "not announced": (None, state.get("unannounced")),
            "the ledger's row": ("Failed", row.get("status")),
        }
        return [f"{what}: {seen}, not {due}" for what, (due, seen) in wanted.items() if seen != due]

    def _read(self, world: FaultyDeployment, table: str, key: dict[str, str]) -> dict[str, Any]:
        answer = world.deployed.dynamodb.get_item(
            TableName=world.deployed.outputs[table], Key=to_item(key), ConsistentRead=True
        )
        return from_item(answer.get("Item", {}))


@dataclass
class ManifestComes:
    """The manifest of a job whose results are in."""

    batch: Batch
    upload: Upload

    @classmethod
    def of_new_job(cls, world: FaultyDeployment) -> Self:
        """Ingest a job's results."""
        batch = world.new_batch()
        upload = world.deliver(batch)
        assert world.until_ended(world.execution_of(batch)) == "SUCCEEDED"
        return cls(batch, upload)

    @property
    def job_id(self) -> str:
        return self.batch.job.job_id

    @property
    def _key(self) -> str:
        return manifest_key(results_folder(self.job_id))

    def arrive(self, world: FaultyDeployment) -> None:
        body = json.dumps({"totalRecordCount": RECORDS, "errorRecordCount": 1})
        world.deployed.s3.put_object(
            Bucket=world.deployed.bucket, Key=self._key, Body=body.encode()
        )

    def word(self) -> str:
        return self._key

    def differences(self, world: FaultyDeployment) -> list[str]:
        stats = world.observed(self.batch).job_record["resultStats"]
        said = dict(stats.get("bedrock", {}))
        return [] if said == {"totalRecordCount": RECORDS, "errorRecordCount": 1} else [str(said)]


EVENTS: dict[Arrival, type[EndAtBedrock | ManifestComes]] = {
    Arrival.JOB_ENDED: EndAtBedrock,
    Arrival.MANIFEST: ManifestComes,
}
