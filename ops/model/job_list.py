"""All jobs: their status and progress, and why they are not done."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from functions.aws.unclaimed import claims_that_count
from functions.domain.attribute_values import from_item
from functions.domain.counts import is_count
from functions.domain.jobs import JobStatus
from functions.domain.plain_text import counted
from functions.domain.timestamps import parse_timestamp
from ops.model.job_records import SHOWN

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ops.model.deployment import Deployment

MAX_PAGES: Final = 20
"""Of 1 MB, 128 read units each, of the batch-jobs table: it has no index by status or time."""
_SETTLED: Final = {JobStatus.COMPLETED, JobStatus.PARTIALLY_COMPLETED}


@dataclass(frozen=True)
class ListedJob:
    """A job as its record has it.

    Attributes:
        record: What may be shown of it.
        failure: State and error of a claim that failed, where one was looked up.
    """

    job_id: str
    record: Mapping[str, Any]
    failure: str = ""

    @property
    def status(self) -> str:
        """Its status, `-` where the record has none."""
        status = self.record.get("status")
        return status if isinstance(status, str) and status else "-"

    @property
    def is_open(self) -> bool:
        """Whether work on it is still to come."""
        return self.status not in {status.value for status in _SETTLED | {JobStatus.FAILED}}

    @property
    def state(self) -> Mapping[str, Any]:
        """`ingestState`."""
        state = self.record.get("ingestState")
        return state if isinstance(state, dict) else {}

    @property
    def stats(self) -> Mapping[str, Any]:
        """`resultStats`."""
        stats = self.record.get("resultStats")
        return stats if isinstance(stats, dict) else {}

    @property
    def changed(self) -> datetime | None:
        """When it was last written, else when it was submitted."""
        for text in (self.state.get("updatedAt"), self.record.get("submitTime")):
            try:
                return parse_timestamp(text)  # type: ignore[arg-type]  # a TypeError is caught
            except (TypeError, ValueError):
                continue
        return None

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
        """For programs."""
        return {
            "jobId": self.job_id,
            "open": self.is_open,
            **self.record,
            "why": self.why,
        }


@dataclass(frozen=True)
class JobList:
    """What was found.

    Attributes:
        jobs: The open first, then those that failed, then the others; each newest first.
        is_whole: Whether the whole table was read.
    """

    jobs: list[ListedJob]
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
    """Read the jobs' records, a bounded part of a large table.

    Args:
        deployed: Where.
        statuses: Only these; empty for all.
        since: Only those that changed after this moment.
        limit: At most so many jobs; of those that failed, the failure is looked up.
        max_pages: Pages of the table.
    """
    found = read_records(deployed, statuses=statuses, since=since, max_pages=max_pages)
    return JobList([looked_up(deployed, job) for job in found.jobs[:limit]], found.is_whole)


def read_records(
    deployed: Deployment,
    *,
    statuses: frozenset[str] = frozenset(),
    since: datetime | None = None,
    max_pages: int = MAX_PAGES,
) -> JobList:
    """The same without a look at the failures: no request but those for the pages."""
    found, after = [], None
    for _ in range(max_pages):
        page, after = _page(deployed, after)
        found += [job for job in page if _is_wanted(job, statuses, since)]
        if after is None:
            break
    return JobList(sorted(found, key=_order), after is None)


def job_ids(deployed: Deployment, *, beginning: str) -> list[str]:
    """Ids that begin so, of the first page of the table: for a shell that completes one."""
    jobs, _ = _page(deployed, None)
    return sorted(job.job_id for job in jobs if job.job_id.startswith(beginning))


def _page(
    deployed: Deployment, after: dict[str, Any] | None
) -> tuple[list[ListedJob], dict[str, Any] | None]:
    request: dict[str, Any] = {"ExclusiveStartKey": after} if after else {}
    names = {f"#{name}": name for name in ("jobId", *SHOWN)}
    page = deployed.dynamodb.scan(
        TableName=deployed.outputs["BatchJobsTableName"],
        ProjectionExpression=", ".join(names),
        FilterExpression="attribute_type(#jobId, :string)",
        ExpressionAttributeNames=names,
        ExpressionAttributeValues={":string": {"S": "S"}},
        **request,
    )
    records = [from_item(item) for item in page["Items"]]
    jobs = [
        ListedJob(record["jobId"], {name: record[name] for name in SHOWN if name in record})
        for record in records
    ]
    return jobs, page.get("LastEvaluatedKey")


def _is_wanted(job: ListedJob, statuses: frozenset[str], since: datetime | None) -> bool:
    if statuses and job.status not in statuses:
        return False
    return since is None or job.changed is None or job.changed >= since


def _order(job: ListedJob) -> tuple[int, float]:
    rank = 0 if job.is_open else 1 if job.status == JobStatus.FAILED else 2
    changed = job.changed or datetime.fromtimestamp(0, UTC)
    return rank, -changed.timestamp()


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
