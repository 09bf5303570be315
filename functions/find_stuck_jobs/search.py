"""Finds what left no trace anywhere else.

A lost S3 event starts no execution, so nothing fails; a job whose manifest never comes waits
for its grace period; an execution can hang. The bucket, the claims and the jobs' records are
held against each other here.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from functions.aws.settlement import JobSettler
from functions.aws.telemetry import Telemetry
from functions.domain.claims import Claim, ClaimState
from functions.domain.errors import IngestError
from functions.domain.events import Event, Metric
from functions.domain.jobs import JobStatus
from functions.domain.object_keys import RESULTS_PREFIX, ResultsKey, parse_key

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

SETTLING_IN: Final = timedelta(hours=1)
"""Younger objects may still have an execution coming."""
LONGEST_EXECUTION: Final = timedelta(hours=25)
"""The state machine stops an execution after 24 hours."""


@dataclass
class JobObjects:
    """A job's objects in the bucket.

    Attributes:
        results: When each results object was created, by key.
        latest: When the newest object of the job was created.
    """

    results: dict[str, datetime] = field(default_factory=dict)
    latest: datetime | None = None


@dataclass(frozen=True)
class StuckJobSearch:
    """One round over the jobs whose objects are in the bucket."""

    s3: "S3Client"
    bucket: str
    settler: JobSettler
    lookback: timedelta
    say: Telemetry
    now: datetime

    def run(self) -> int:
        """Report what is stuck, settle what only waited; returns how many jobs are stuck."""
        stuck = 0
        for job_id, objects in self._jobs().items():
            problems = list(self._problems(job_id, objects))
            for problem, cure in problems:
                self.say.warn(Event.JOB_STUCK, job=job_id, problem=problem, cure=cure)
            stuck += bool(problems)
        self.say.count(Metric.STUCK_JOBS, stuck)
        return stuck

    def _jobs(self) -> dict[str, JobObjects]:
        jobs: dict[str, JobObjects] = defaultdict(JobObjects)
        pages = self.s3.get_paginator("list_objects_v2").paginate(
            Bucket=self.bucket, Prefix=RESULTS_PREFIX
        )
        for page in pages:
            for entry in page.get("Contents", []):
                created = entry["LastModified"]
                parsed = parse_key(entry["Key"])
                if parsed is None or created < self.now - self.lookback:
                    continue
                job = jobs[parsed.job_id]
                job.latest = max(job.latest or created, created)
                if isinstance(parsed, ResultsKey):
                    job.results[entry["Key"]] = created
        return jobs

    def _problems(self, job_id: str, objects: JobObjects) -> Iterator[tuple[str, str]]:
        claims = {claim.key: claim for claim in self.settler.ledger.claims(job_id)}
        for key, created in objects.results.items():
            if key not in claims and created < self.now - SETTLING_IN:
                yield f"no execution ever claimed {key}", f"ingest replay {job_id}"
        for claim in claims.values():
            if self._hangs(claim):
                yield f"no end of {claim.key}", f"ingest inspect {claim.owner}"
        if not objects.results and objects.latest and objects.latest < self.now - SETTLING_IN:
            yield "a manifest, but no results object", f"ingest inspect {job_id}"
        if claims and all(claim.state is ClaimState.DONE for claim in claims.values()):
            yield from self._past_grace(job_id)

    def _hangs(self, claim: Claim) -> bool:
        begun = claim.claimed_at or claim.event_time
        return claim.state is ClaimState.CLAIMED and begun < self.now - LONGEST_EXECUTION

    def _past_grace(self, job_id: str) -> Iterator[tuple[str, str]]:
        """Settle a job that only waited for its manifest."""
        try:
            job = self.settler.jobs.find(job_id)
            if job.status != JobStatus.INGESTING:
                return
            settlement = self.settler.settle(job_id, job.key)
        except IngestError as error:
            yield str(error), f"ingest inspect {job_id}"
            return
        if settlement.status.is_settled:
            self.say.info(Event.GRACE_PERIOD_PASSED, job=job_id, status=settlement.status.value)
