"""The heads of all jobs: what says where a job belongs in a list, read without the rest.

To parse whole records takes most of the time of reading a table of 10,000 jobs.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from functions.domain.attribute_values import from_item
from functions.domain.jobs import ENDED_JOB_STATUSES, JobKey, JobStatus
from functions.domain.timestamps import parse_timestamp

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ops.model.deployment import Deployment

MAX_PAGES: Final = 20
"""Of 1 MB, 128 read units each, of the batch-jobs table: it has no index by status or time."""
_PATHS: Final = (
    *("jobId", "intentId", "submitTime", "status", "pendingImageCount", "modelId"),
    *("ingestState.updatedAt", "ingestState.revision"),
)


def map_in(values: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """A map of a record; an empty one where it is not one."""
    value = values.get(name)
    return value if isinstance(value, dict) else {}


@dataclass(frozen=True)
class Standing:
    """A job by its id, and all or a part of its record."""

    job_id: str
    record: Mapping[str, Any]

    @property
    def status(self) -> str:
        """Its status, `-` where the record has none."""
        status = self.record.get("status")
        return status if isinstance(status, str) and status else "-"

    @property
    def is_open(self) -> bool:
        """Whether work on it is still to come."""
        return self.status not in ENDED_JOB_STATUSES

    @property
    def state(self) -> Mapping[str, Any]:
        """`ingestState`."""
        return map_in(self.record, "ingestState")

    @property
    def changed(self) -> datetime | None:
        """When it was last written, else when it was submitted."""
        for text in (self.state.get("updatedAt"), self.record.get("submitTime")):
            try:
                return parse_timestamp(text)  # type: ignore[arg-type]  # a TypeError is caught
            except (TypeError, ValueError):
                continue
        return None

    def is_wanted(self, statuses: frozenset[str], since: datetime | None) -> bool:
        """Whether it has one of these statuses, if there are any, and changed since then."""
        if statuses and self.status not in statuses:
            return False
        return since is None or self.changed is None or self.changed >= since

    @property
    def order(self) -> tuple[int, float]:
        """Open jobs first, then those that failed, then the others; each newest first."""
        rank = 0 if self.is_open else 1 if self.status == JobStatus.FAILED else 2
        changed = self.changed or datetime.fromtimestamp(0, UTC)
        return rank, -changed.timestamp()


@dataclass(frozen=True)
class JobHead(Standing):
    """The head of a job's record; a job whose head is the same has not changed.

    Attributes:
        key: Of the record.
    """

    key: JobKey


def read_heads(
    deployed: Deployment, *, max_pages: int = MAX_PAGES
) -> tuple[Sequence[JobHead], bool]:
    """The heads of all jobs in the order of the list, and whether the whole table was read."""
    found, is_last = list[JobHead](), False
    for page, is_last in scan(deployed, _PATHS, max_pages=max_pages):  # noqa: B007 - of the last
        found += map(_head, page)
    return sorted(found, key=lambda head: head.order), is_last


def scan(
    deployed: Deployment, paths: Sequence[str], *, max_pages: int
) -> Iterator[tuple[Iterator[dict[str, Any]], bool]]:
    """Pages of the table of jobs, of those that have an id; and whether each is the last.

    `paths` are the attributes to read; a dot leads into a map.
    """
    after: Any = {}
    for _ in range(max_pages):
        page = deployed.dynamodb.scan(
            TableName=deployed.outputs["BatchJobsTableName"],
            ProjectionExpression=", ".join(f"#{path.replace('.', '.#')}" for path in paths),
            FilterExpression="attribute_type(#jobId, :string)",
            ExpressionAttributeNames={f"#{n}": n for path in paths for n in path.split(".")},
            ExpressionAttributeValues={":string": {"S": "S"}},
            **after,
        )
        after = (
            {"ExclusiveStartKey": page["LastEvaluatedKey"]} if "LastEvaluatedKey" in page else {}
        )
        yield map(from_item, page["Items"]), not after
        if not after:
            return


def _head(record: dict[str, Any]) -> JobHead:
    key = JobKey(str(record.pop("intentId", "")), str(record.get("submitTime", "")))
    return JobHead(record.pop("jobId"), record, key)
