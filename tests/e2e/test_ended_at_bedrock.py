"""Jobs that the embedded Bedrock ends in every way: each is settled, truly, once, and announced."""

import itertools
import json
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from ops.model.deployment import Deployment
from tests.e2e import bedrock_jobs
from tests.e2e.held import JobRecord
from tests.e2e.queues import make_queue, taken
from tests.e2e.waiting import eventually
from tests.lines import ANSWER

SCHEMA = json.loads(
    (Path(__file__).parents[2] / "docs" / "status-event.schema.json").read_text("utf-8")
)
RECORDS = 4
TERMINAL = ("COMPLETED", "PARTIALLY_COMPLETED", "FAILED")
PROCESSED = {
    "Completed": 4,
    "PartiallyCompleted": 2,
    "Stopped": 2,
    "Failed": 2,
    "Failed at once": 0,
    "Expired": 0,
}


@dataclass
class Case:
    """How a job ends, what its records are answered with, and who says how many there are."""

    end: str
    manifest: str
    good: bool
    expected_said: bool
    files: int = 1
    name: str = field(default_factory=lambda: f"ends-{uuid.uuid4().hex[:12]}")
    job: JobRecord = field(default_factory=JobRecord)

    @property
    def status(self) -> str:
        """By the contract."""
        processed = PROCESSED[self.end] * self.files
        successes = processed if self.good else 0
        has_manifest = processed > 0 and self.manifest == "last"
        gave_up = self.end in ("Stopped", "Failed", "Failed at once", "Expired")
        if (gave_up and not successes) or (processed and not successes):
            return "FAILED"
        if has_manifest or self.expected_said:
            done = processed >= RECORDS * self.files
            return "COMPLETED" if done else "PARTIALLY_COMPLETED"
        whole = self.end in ("Completed", "Failed")
        return "COMPLETED" if whole else "PARTIALLY_COMPLETED"

    @property
    def rule(self) -> dict[str, Any]:
        return {
            "jobName": self.name,
            "text": ANSWER,
            "errorShare": 0 if self.good else 1,
            "end": self.end.removesuffix(" at once"),
            "processedShare": PROCESSED[self.end] / RECORDS,
            "manifest": self.manifest,
            "minimumRecords": 1,
            "holdAt": "Submitted",
        }

    def __str__(self) -> str:
        said = "said" if self.expected_said else "unsaid"
        answers = "good" if self.good else "bad"
        return f"{self.end}-{answers}-manifest-{self.manifest}-{said}-{self.files}".replace(
            " ", "-"
        )


CASES = [
    *(
        Case(*each)
        for each in itertools.product(PROCESSED, ("last", "none"), (True, False), (True, False))
    ),
    Case("Completed", "last", good=True, expected_said=False, files=3),
    Case("Completed", "none", good=True, expected_said=True, files=3),
]


@pytest.fixture(scope="module")
def announced(deployed: Deployment) -> Iterator[str]:
    """A queue that hears every status event, as an application's would."""
    sqs, events = deployed.sqs, deployed.make_client("events")
    name = f"hears-{uuid.uuid4().hex[:8]}"
    url, arn = make_queue(sqs, name, service="events.amazonaws.com")
    pattern = {"source": ["batch-ingest"], "detail-type": ["Batch Ingest Job Status Change"]}
    events.put_rule(Name=name, EventPattern=json.dumps(pattern))
    events.put_targets(Rule=name, Targets=[{"Id": "queue", "Arn": arn}])
    yield url
    events.remove_targets(Rule=name, Ids=["queue"])
    events.delete_rule(Name=name)


@pytest.fixture(scope="module")
def settled(deployed: Deployment, announced: str) -> dict[str, dict[str, Any]]:
    """The records of all jobs once none is open any more, by the jobs' names."""
    for case in CASES:
        _submit(deployed, case)
    for case in CASES:
        bedrock_jobs.rule(deployed, "DELETE", jobName=case.name)

    def all_ended() -> dict[str, dict[str, Any]] | None:
        time.sleep(1)
        found = {case.name: case.job.read(deployed) for case in CASES}
        said = {name: each.get("ingestState", {}) for name, each in found.items()}
        ended = all(
            each.get("status") in TERMINAL and "bedrock" in said[name]
            for name, each in found.items()
        )
        return found if ended else None

    found: dict[str, dict[str, Any]] = eventually(all_ended, "all jobs have ended", seconds=400)
    return found


def _submit(deployed: Deployment, case: Case) -> None:
    bedrock_jobs.rule(deployed, "POST", **case.rule)
    files = [[f"{case.name}-{number}-r{n}" for n in range(RECORDS)] for number in range(case.files)]
    job_id = bedrock_jobs.submit(deployed, case.name, *files, output="batch-output/some/where/")
    case.job = JobRecord(job_id=job_id)
    expected = {"pendingImageCount": RECORDS * case.files} if case.expected_said else {}
    case.job.write(deployed, status="SUBMITTED", **expected)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_job_has_the_status_that_is_true(settled: dict[str, Any], case: Case) -> None:
    record = settled[case.name]
    assert record["status"] == case.status
    processed = PROCESSED[case.end] * case.files
    assert record["resultStats"]["totalCount"] == processed
    assert record["resultStats"]["successCount"] == (processed if case.good else 0)
    assert record["ingestState"]["bedrock"]["status"] == case.end.removesuffix(" at once")
    assert ("completedAt" in record) is (case.status != "FAILED")
    if case.manifest == "last" and processed:
        errors = 0 if case.good else processed
        assert record["resultStats"]["bedrock"]["errorRecordCount"] == errors


def test_the_status_of_each_job_is_announced_and_a_job_of_three_files_once(
    deployed: Deployment, settled: dict[str, Any], announced: str
) -> None:
    heard: dict[str, list[dict[str, Any]]] = {}

    def all_heard() -> bool:
        for event in taken(deployed.sqs, announced, wait_seconds=1):
            detail = event["detail"]
            jsonschema.validate(detail, SCHEMA)
            heard.setdefault(detail["jobId"], []).append(detail)
        return {case.job.job_id for case in CASES} <= heard.keys()

    eventually(all_heard, "every job is announced")
    for case in CASES:
        last = max(heard[case.job.job_id], key=lambda each: each["revision"])
        assert last["status"] == settled[case.name]["status"], case
        assert last["intentId"] == case.job.intent_id
    for case in CASES:
        if case.files == 3 and case.expected_said:
            assert [each["status"] for each in heard[case.job.job_id]] == ["COMPLETED"]
