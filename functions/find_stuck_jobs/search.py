"""Finds what left no trace anywhere else.

A lost S3 event starts no execution, so nothing fails; a job whose manifest never comes waits for
its grace period; an execution can hang, or end without anybody hearing of it. The bucket, the
ledger and the jobs' records are held against each other here.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from functions.aws.job_folders import JobFolders
from functions.aws.runtime.telemetry import Telemetry
from functions.aws.settlement import JobSettler, SettlementContended
from functions.domain.claims import Claim, ClaimState, Content, Precedence, precedence
from functions.domain.errors import IngestError
from functions.domain.events import Event, Metric
from functions.domain.jobs import JobStatus
from functions.domain.ledger_rows import object_partition
from functions.domain.object_keys import MANIFEST_NAME, RESULTS_PREFIX, parse_key
from functions.domain.plain_text import argument
from functions.domain.timestamps import timestamp

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

MAX_NAMED: Final = 20
"""Objects of a job: whoever floods one folder must not keep the search from all others."""
SETTLING_IN: Final = timedelta(hours=1)
"""Younger objects may still have an execution coming."""
LONGEST_SILENCE: Final = timedelta(hours=6)
"""Workers write into the ledger at every call. Two successive states that are throttled to the end
and need all their other retries are silent for four hours, by the limits of the definition."""


@dataclass(frozen=True)
class ResultsObject:
    """What the bucket says of a results object."""

    key: str
    etag: str
    created: datetime


@dataclass
class JobObjects:
    """A job's objects in the bucket.

    Attributes:
        latest: When the newest object of the job was created.
    """

    results: list[ResultsObject] = field(default_factory=list)
    latest: datetime | None = None


@dataclass(frozen=True)
class Problem:
    """What is wrong, and the command that mends it or shows more."""

    sentence: str
    cure: str


@dataclass(frozen=True)
class StuckJobSearch:
    """One round over the jobs whose objects are in the bucket.

    Attributes:
        lookback: Older objects are not looked at.
        written: When a row of the ledger was written, by its `ttl`.
    """

    s3: "S3Client"
    bucket: str
    settler: JobSettler
    lookback: timedelta
    written: Callable[[int], datetime]
    say: Telemetry
    now: datetime

    def run(self) -> int:
        """Report what is stuck, settle what only waited; returns how many jobs are stuck."""
        stuck = 0
        for job_id, objects in self._jobs().items():
            problems = list(self._problems(job_id, objects))
            for problem in problems:
                self.say.warn(
                    Event.JOB_STUCK, jobId=job_id, problem=problem.sentence, cure=problem.cure
                )
            stuck += bool(problems)
        self.say.count(Metric.STUCK_JOBS, stuck)
        return stuck

    def _jobs(self) -> dict[str, JobObjects]:
        jobs: dict[str, JobObjects] = defaultdict(JobObjects)
        folders = JobFolders(self.settler.jobs, self.settler.ledger)
        pages = self.s3.get_paginator("list_objects_v2").paginate(
            Bucket=self.bucket, Prefix=RESULTS_PREFIX
        )
        for page in pages:
            for entry in page.get("Contents", []):
                created = entry["LastModified"]
                parsed = parse_key(entry["Key"])
                if parsed is None or created < self.now - self.lookback:
                    continue
                job_id = folders.job_id(parsed) or "/".join(parsed.folders)
                job = jobs[job_id]
                job.latest = max(job.latest or created, created)
                if not parsed.key.endswith(f"/{MANIFEST_NAME}"):
                    etag = entry["ETag"].strip('"')
                    job.results.append(ResultsObject(entry["Key"], etag, created))
        return jobs

    def _problems(self, job_id: str, objects: JobObjects) -> Iterator[Problem]:
        claims = {claim.key: claim for claim in self.settler.ledger.claims(job_id)}
        unclaimed = [
            results
            for results in objects.results
            if self._is_unclaimed(results, claims.get(results.key))
        ]
        for results in unclaimed[:MAX_NAMED]:
            yield self._unclaimed(job_id, results)
        if (more := len(unclaimed) - MAX_NAMED) > 0:
            yield Problem(
                f"{more} more results objects that nobody claimed",
                f"ingest replay {argument(job_id)}",
            )
        for claim in claims.values():
            if heard := self._silent_since(job_id, claim):
                yield Problem(
                    f"nothing was heard of the work on {claim.key} since {timestamp(heard)}",
                    f"{_inspect(claim.owner)}; if it has ended, {_replay(job_id, claim.key)}",
                )
        if not objects.results and objects.latest and objects.latest < self.now - SETTLING_IN:
            yield Problem("a manifest, but no results object", _inspect(job_id))
        if claims and all(claim.state is ClaimState.DONE for claim in claims.values()):
            yield from self._past_grace(job_id)

    def _is_unclaimed(self, results: ResultsObject, claim: Claim | None) -> bool:
        """Whether nobody has this content, though its event should have come long ago."""
        if results.created >= self.now - SETTLING_IN:
            return False
        content = Content(results.etag, created=results.created)
        return precedence(claim, content) is Precedence.CONTENT

    def _unclaimed(self, job_id: str, results: ResultsObject) -> Problem:
        try:
            self.settler.jobs.find(job_id)
        except IngestError as error:
            return Problem(f"nobody can claim {results.key}: {error}", _replay(job_id, results.key))
        return Problem(
            f"no execution ever claimed {results.key} as it is", _replay(job_id, results.key)
        )

    def _silent_since(self, job_id: str, claim: Claim) -> datetime | None:
        """When work on a claim was last heard of, if that is too long ago."""
        silent = self.now - LONGEST_SILENCE
        if claim.state is not ClaimState.CLAIMED or claim.working_since >= silent:
            return None
        rows = object_partition(job_id, claim.key, claim.generation)
        expires = self.settler.ledger.last_expiry(rows)
        heard = claim.working_since
        if expires is not None:
            heard = max(heard, self.written(expires))
        return heard if heard < silent else None

    def _past_grace(self, job_id: str) -> Iterator[Problem]:
        """Settle a job that only waited for its manifest."""
        try:
            job = self.settler.jobs.find(job_id)
            if job.written.status != JobStatus.INGESTING:
                return
            settlement = self.settler.settle(job_id, job.key)
        except (IngestError, SettlementContended) as error:
            # One job's trouble must not hide that of the others.
            yield Problem(str(error), _inspect(job_id))
            return
        if settlement.status.is_settled:
            self.say.info(Event.GRACE_PERIOD_PASSED, jobId=job_id, status=settlement.status.value)


def _replay(job_id: str, key: str) -> str:
    return f"ingest replay {argument(job_id)} --object {argument(key)}"


def _inspect(what: str) -> str:
    return f"ingest inspect {argument(what)}"
