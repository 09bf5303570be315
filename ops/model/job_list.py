"""All jobs: their status and progress, and why they are not done."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from functions.aws.batch_jobs import item_key
from functions.aws.unclaimed import claims_that_count
from functions.domain.attribute_values import from_item
from functions.domain.counts import is_count
from functions.domain.jobs import JobKey, JobStatus
from functions.domain.plain_text import counted
from ops.model.job_heads import MAX_PAGES, JobHead, Standing, map_in, read_heads, scan
from ops.model.job_records import SHOWN

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from ops.model.deployment import Deployment

FETCHED: Final = 100
"""Records that are read one by one, after the heads; of more, the table is read once more."""
_AT_ONCE: Final = 8


@dataclass(frozen=True)
class ListedJob(Standing):
    """A job as its record has it: what may be shown of it.

    Attributes:
        failure: State and error of a claim that failed, where one was looked up.
    """

    failure: str = ""

    @property
    def stats(self) -> Mapping[str, Any]:
        """`resultStats`."""
        return map_in(self.record, "resultStats")

    @property
    def expected(self) -> int | None:
        """Expected number of records, None if not known."""
        stats = self.stats
        if "missingCount" in stats:
            return (
                count_in(stats, "totalCount")
                + count_in(stats, "missingCount")
                - count_in(stats, "unexpectedCount")
            )
        count = self.record.get("pendingImageCount")
        return count if is_count(count) else None

    @property
    def why(self) -> str:
        """Why it is not completed, in a few words; empty if it is."""
        return "; ".join(self._reasons())

    def _reasons(self) -> Iterator[str]:
        state, stats = self.state, self.stats
        if self.failure:
            yield self.failure
        if isinstance(ended := state.get("bedrock"), dict) and ended.get("status") != "Completed":
            message = f" ({ended['message']})" if ended.get("message") else ""
            yield f"{ended.get('status')} at Bedrock{message}"
        if count := count_in(state, "objectsUnclaimed"):
            yield f"{counted(count, 'results object')} not begun"
        if self.is_open and not state:
            yield "no results have arrived"
        if not self.is_open and (missing := count_in(stats, "missingCount")):
            yield f"{counted(missing, 'record')} missing"
        if not self.is_open and (more := count_in(stats, "unexpectedCount")):
            yield f"{counted(more, 'record')} more than expected"
        if left := count_in(stats, "imagesLeft"):
            yield f"{counted(left, 'image')} left"
        if self.status == JobStatus.FAILED and stats.get("failureCount") and not self.failure:
            yield "no record became a transaction" if not stats.get("successCount") else "rejects"
        if count := count_in(state, "leftBehind"):
            yield f"{counted(count, 'replaced object')} may have left transactions behind"

    def as_json(self) -> dict[str, Any]:
        """The output of `--json`."""
        return {
            "jobId": self.job_id,
            "open": self.is_open,
            **self.record,
            "why": self.why,
        }


@dataclass(frozen=True)
class JobList:
    """The open jobs, then those that failed, then the others.

    Attributes:
        is_cut: More were wanted than the limit allows.
        is_whole: Whether the whole table was read.
    """

    jobs: list[ListedJob]
    is_cut: bool
    is_whole: bool


def count_in(values: Mapping[str, Any], name: str) -> int:
    """A count of a record; 0 where it is not one."""
    value = values.get(name)
    return value if is_count(value) else 0


def read_jobs(
    deployed: Deployment,
    *,
    statuses: frozenset[str] = frozenset(),
    since: datetime | None = None,
    limit: int,
    max_pages: int = MAX_PAGES,
) -> JobList:
    """Read some jobs' records, and the failures of those that failed.

    Without `statuses`, jobs of every status; with `since`, those that have changed since then.
    """
    heads, is_whole = read_heads(deployed, max_pages=max_pages)
    all_wanted = [head for head in heads if head.is_wanted(statuses, since)]
    wanted = all_wanted[:limit]
    found = read_records(deployed, wanted, max_pages=max_pages)
    jobs = [found[head.key] for head in wanted if head.key in found]
    return JobList(
        [looked_up(deployed, job) for job in jobs],
        is_cut=len(wanted) < len(all_wanted),
        is_whole=is_whole,
    )


def read_records(
    deployed: Deployment, heads: Sequence[JobHead], *, max_pages: int = MAX_PAGES
) -> dict[JobKey, ListedJob]:
    """The records of some jobs; of those that are still there."""
    if len(heads) <= FETCHED:
        return _fetched(deployed, heads)
    return _scanned(deployed, heads, max_pages)


def _fetched(deployed: Deployment, heads: Sequence[JobHead]) -> dict[JobKey, ListedJob]:
    client, table = deployed.dynamodb, deployed.outputs["BatchJobsTableName"]

    def fetch(head: JobHead) -> ListedJob | None:
        item = client.get_item(TableName=table, Key=item_key(head.key)).get("Item")
        return _listed(head.job_id, from_item(item)) if item else None

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        found = zip(heads, pool.map(fetch, heads), strict=True)
        return {head.key: job for head, job in found if job is not None}


def _scanned(
    deployed: Deployment, heads: Sequence[JobHead], max_pages: int
) -> dict[JobKey, ListedJob]:
    wanted = {head.key: head.job_id for head in heads}
    found: dict[JobKey, ListedJob] = {}
    for page, _ in scan(deployed, ("jobId", "intentId", *SHOWN), max_pages=max_pages):
        for record in page:
            key = JobKey(str(record["intentId"]), str(record["submitTime"]))
            if key in wanted:
                found[key] = _listed(wanted[key], record)
    return found


def _listed(job_id: str, record: Mapping[str, Any]) -> ListedJob:
    return ListedJob(job_id, {name: record[name] for name in SHOWN if name in record})


def job_ids(deployed: Deployment, *, beginning: str) -> list[str]:
    """Ids that begin so, of the first page of the table: for a shell that completes one."""
    ((page, _),) = scan(deployed, ("jobId",), max_pages=1)
    return sorted(each["jobId"] for each in page if each["jobId"].startswith(beginning))


def looked_up(deployed: Deployment, job: ListedJob) -> ListedJob:
    """The job with its failure, where it is one that failed."""
    if job.status != JobStatus.FAILED or not job.state.get("objectsFailed"):
        return job
    for claim in claims_that_count(deployed.ledger, job.job_id):
        if claim.failure:
            failed = claim.failure
            text = f"{failed.get('state', '')} failed: {failed.get('error', '')}"
            return ListedJob(job.job_id, job.record, text)
    return job
